//! What the model weighs: hashes of words, of pairs of words and of fragments.
//!
//! `components/semantic-local/training/features.py` is the twin that the model was trained
//! with; `tests/golden.jsonl` holds both together.

use crate::target::Target;
use crate::token::{self, Token, unescape};

/// Tokens in a block.
const BLOCK: usize = 6;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const MEDIA: [(&str, &[u8]); 11] = [
    ("application/json", b"json"),
    ("application/x-www-form-urlencoded", b"form"),
    ("multipart/form-data", b"multipart"),
    ("application/xml", b"xml"),
    ("text/xml", b"xml"),
    ("text/plain", b"text"),
    ("text/csv", b"csv"),
    ("application/sql", b"sql"),
    ("application/graphql", b"graphql"),
    ("application/x-ndjson", b"lines"),
    ("application/octet-stream", b"binary"),
];

/// The hash of a feature: FNV-1a, its kind first, then mixed so that its low bits (the place
/// in the model) and its high ones (known words) depend on all of it.
pub(crate) fn hash(kind: u8, parts: &[&[u8]]) -> u32 {
    let step = |value: u32, byte: &u8| (value ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let value = parts
        .iter()
        .copied()
        .flatten()
        .fold(step(0x811C_9DC5, &kind), step);
    let value = (value ^ (value >> 15)).wrapping_mul(0x2C1B_3C6D);
    value ^ (value >> 12)
}

/// The hash of a word.
pub(crate) fn word(text: &[u8]) -> u32 {
    hash(b'w', &[text])
}

/// Fragments of four letters, the ends of the word marked.
fn grams(token: &Token<'_>, take: &mut impl FnMut(u32)) {
    let Some(letters) = token.letters().filter(|letters| letters.len() >= 3) else {
        return;
    };
    let mut framed = Vec::with_capacity(letters.len() + 2);
    framed.push(b'^');
    framed.extend_from_slice(letters);
    framed.push(b'$');
    for gram in framed.windows(4) {
        take(hash(b'c', &[gram]));
    }
}

/// The features of method, content type, path and query.
pub(crate) fn head(
    method: &str,
    content_type: Option<&str>,
    target: &Target,
    has_text: bool,
    take: &mut impl FnMut(u32),
) {
    let known = METHODS
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(method));
    let method = known.unwrap_or("OTHER").as_bytes();
    take(hash(b'm', &[method]));
    take(hash(b'm', &[method, if has_text { b"+" } else { b"-" }]));
    if let Some(content_type) = content_type.filter(|text| !text.is_empty()) {
        take(hash(b't', &[media(content_type)]));
    }
    let (mut previous, mut last): (&[u8], &[u8]) = (b"", b"");
    for token in &target.path {
        let text = token.unigram();
        if let Token::Punctuation(_) = token {
            take(hash(b'p', &[text]));
            continue;
        }
        take(word(text));
        take(hash(b'/', &[text]));
        grams(token, take);
        if !last.is_empty() {
            take(hash(b'q', &[last, b"/", text]));
        }
        (previous, last) = (last, text);
    }
    take(hash(b'l', &[method, b" ", last]));
    take(hash(b'l', &[method, b" ", previous, b"/", last]));
    for (name, class) in &target.parameters {
        take(hash(b'k', &[name]));
        take(hash(b'v', &[name, b"=", class]));
    }
}

fn media(content_type: &str) -> &'static [u8] {
    let name = content_type.split(';').next().unwrap_or_default();
    let name = name.trim_ascii().to_ascii_lowercase();
    match MEDIA.into_iter().find(|(known, _)| *known == name) {
        Some((_, short)) => short,
        None if name.ends_with("+json") => b"json",
        None if name.ends_with("+xml") => b"xml",
        None => b"other",
    }
}

/// Where the features of a text go.
pub(crate) trait Reader {
    /// A block begins.
    fn block(&mut self);
    /// A word, by its hash; it is a feature too.
    fn word(&mut self, word: u32, token: &Token<'_>);
    /// Any other feature.
    fn feature(&mut self, feature: u32);
}

/// Reads a text, block by block.
pub(crate) fn text(text: &[u8], reader: &mut impl Reader) {
    let mut count = 0;
    let mut previous: Vec<u8> = Vec::new();
    token::each(text, |token| {
        if count % BLOCK == 0 {
            reader.block();
        }
        count += 1;
        let unigram = token.unigram();
        if let Token::Punctuation(_) = token {
            reader.feature(hash(b'p', &[unigram]));
            return;
        }
        reader.word(word(unigram), token);
        if !previous.is_empty() {
            reader.feature(hash(b'b', &[&previous, b" ", unigram]));
        }
        grams(token, &mut |gram| reader.feature(gram));
        previous.clear();
        previous.extend_from_slice(unigram);
    });
}

/// The target and the text to be read: free query values, what goes beyond the target's
/// limits, and the body. Also whether there is a body.
pub(crate) fn parts(path: &str, body: &str) -> (Target, Vec<u8>, bool) {
    let mut target = Target::new(path.as_bytes());
    let body = unescape(body.as_bytes());
    let has_text = body.iter().any(|byte| *byte > 0x20);
    let mut text = std::mem::take(&mut target.text);
    text.extend_from_slice(&body);
    (target, text, has_text)
}

#[cfg(test)]
mod tests;
