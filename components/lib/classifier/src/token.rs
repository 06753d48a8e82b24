//! Text cut into tokens, by ASCII rules on the bytes of UTF-8: the same on every platform.

use std::borrow::Cow;

/// Longer words are cut into pieces of so many bytes, so that letters without a space are
/// read all the same.
const MAX_WORD: usize = 24;

/// So many single letters in a row are also read as the word they spell.
const SPELLED: usize = 4;

/// One of these alone between words says nothing.
const QUIET: &[u8] = b"_-.,/:\"={}[]()@&?#+";

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A word, in lower case.
    Word(Cow<'a, [u8]>),
    /// What stands for a class of words: `#1` to `#4` for numbers by their length, `#id`,
    /// `#date`.
    Class(&'static [u8]),
    /// A piece of a word that is longer than any.
    Piece(Cow<'a, [u8]>),
    /// Punctuation, at most three bytes of a run.
    Punctuation(Cow<'a, [u8]>),
}

impl Token<'_> {
    /// What it counts as when it is taken as a whole; punctuation is no word.
    pub(crate) fn unigram(&self) -> &[u8] {
        match self {
            Self::Word(text) | Self::Punctuation(text) => text,
            Self::Class(text) => text,
            Self::Piece(_) => b"#long",
        }
    }

    /// The letters that fragments are taken of.
    pub(crate) fn letters(&self) -> Option<&[u8]> {
        match self {
            Self::Word(text) | Self::Piece(text) => Some(text),
            Self::Class(_) | Self::Punctuation(_) => None,
        }
    }

    /// The same, on its own.
    pub(crate) fn owned(&self) -> Token<'static> {
        let own = |text: &[u8]| Cow::Owned(text.to_vec());
        match self {
            Self::Word(text) => Token::Word(own(text)),
            Self::Class(text) => Token::Class(text),
            Self::Piece(text) => Token::Piece(own(text)),
            Self::Punctuation(text) => Token::Punctuation(own(text)),
        }
    }
}

/// Takes off one level of `%41`, `\x41` and `\u0041`.
pub(crate) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match escaped(rest) {
            Some((byte, behind)) => {
                out.push(byte);
                rest = behind;
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let digits = [b"%".as_slice(), b"\\x", b"\\u00"]
        .into_iter()
        .find_map(|lead| text.strip_prefix(lead))?;
    let (digits, behind) = digits.split_at_checked(2)?;
    let mut value = 0;
    for digit in digits {
        value = value * 16 + char::from(*digit).to_digit(16)?;
    }
    Some((u8::try_from(value).ok()?, behind))
}

fn is_word(byte: u8) -> bool {
    byte >= 0x80 || byte.is_ascii_alphanumeric()
}

fn is_space(byte: u8) -> bool {
    byte <= 0x20 || byte == 0x7F
}

/// Calls `take` with each token of a text, in order.
pub(crate) fn each(text: &[u8], mut take: impl FnMut(&Token<'_>)) {
    let mut spelled = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.first().copied() {
        if is_word(first) {
            let (word, behind) = rest.split_at(word_length(rest));
            rest = behind;
            if word.len() == 1 && !first.is_ascii_digit() {
                spelled.push(first.to_ascii_lowercase());
            } else {
                finish(&mut spelled, &mut take);
            }
            word_tokens(word, &mut take);
        } else if is_space(first) {
            rest = rest.split_first().map_or(&[], |(_, behind)| behind);
        } else {
            let length = rest
                .iter()
                .take_while(|byte| !is_word(**byte) && !is_space(**byte));
            let (run, behind) = rest.split_at(length.count());
            rest = behind;
            if run.len() > 1 || !QUIET.contains(&first) {
                take(&Token::Punctuation(Cow::Borrowed(
                    run.get(..3).unwrap_or(run),
                )));
            }
        }
    }
    finish(&mut spelled, &mut take);
}

/// How far the word at the start goes; `camelCase` is two.
fn word_length(text: &[u8]) -> usize {
    let inside = text
        .iter()
        .zip(text.iter().skip(1))
        .take_while(|(before, byte)| {
            is_word(**byte) && !(before.is_ascii_lowercase() && byte.is_ascii_uppercase())
        });
    inside.count() + 1
}

/// The word that was spelled letter by letter.
fn finish(spelled: &mut Vec<u8>, take: &mut impl FnMut(&Token<'_>)) {
    if spelled.len() >= SPELLED {
        spelled.truncate(MAX_WORD);
        take(&Token::Word(Cow::Borrowed(spelled)));
    }
    spelled.clear();
}

fn word_tokens(word: &[u8], take: &mut impl FnMut(&Token<'_>)) {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    if word.len() > MAX_WORD {
        for piece in word.chunks(MAX_WORD) {
            take(&Token::Piece(lower(piece)));
        }
    } else if digits == word.len() {
        take(&Token::Class(match digits {
            0..=2 => b"#1",
            3..=4 => b"#2",
            5..=9 => b"#3",
            _ => b"#4",
        }));
    } else if digits >= 2 && word.len() >= 8 {
        take(&Token::Class(b"#id"));
    } else {
        take(&Token::Word(lower(word)));
    }
}

fn lower(text: &[u8]) -> Cow<'_, [u8]> {
    if text.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
