//! Makes visible what a text hides: a reviewer is shown what somebody else wrote, who may
//! have written it to be taken for something else.

mod look_alike;

use serde_json::{Value, json};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Combining characters upon a letter up to which they are part of a script's writing; more of them are
/// stacked to cover what stands beside them.
const MAX_STACKED: usize = 2;

/// Why a character is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    /// It does something to a terminal, or breaks the line unseen.
    Control,
    /// It changes the order in which others are shown (UAX #9).
    Bidi,
    /// Nothing is seen of it, or a space that is not one.
    Invisible,
    /// It is drawn upon what stands before it, which is nothing of its own.
    Combining,
    /// It looks like these ASCII characters.
    LookAlike(String),
    /// It means nothing: unassigned or for private use.
    Unassigned,
}

impl Mark {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Bidi => "bidi",
            Self::Invisible => "invisible",
            Self::Combining => "combining",
            Self::LookAlike(_) => "look-alike",
            Self::Unassigned => "unassigned",
        }
    }
}

/// A text in pieces: strings that are what they look like, and an object for each
/// character that is not: `char`, its `code` as in `U+202E`, why it is marked (`kind`) and
/// what it is `like`, if anything. One after the other they are the text.
pub(crate) fn segments(text: &str) -> Value {
    segments_within(text, usize::MAX).unwrap_or_default()
}

/// The same, if no more than so many characters are marked: a mark takes much more room
/// than its character.
pub(crate) fn segments_within(text: &str, most: usize) -> Option<Value> {
    let mut pieces = Pieces::default();
    for word in words(text) {
        let suspected = look_alike::suspected(word);
        for char in word.chars() {
            let mark = pieces.mark(char).or_else(|| {
                let like = suspected.then(|| look_alike::ascii(char)).flatten();
                like.map(Mark::LookAlike)
            });
            pieces.push(char, mark.as_ref());
            if pieces.marks > most {
                return None;
            }
        }
    }
    Some(pieces.finish())
}

/// The text cut so that what separates words is apart from them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|char: char| char.is_whitespace() || char.is_ascii_punctuation())
}

/// What has been cut so far.
#[derive(Default)]
struct Pieces {
    done: Vec<Value>,
    /// Characters that are what they look like, since the last mark.
    plain: String,
    /// Whether a letter or digit stands before, for marks to be drawn upon.
    carried: bool,
    /// Combining characters upon it already.
    stacked: usize,
    /// Characters that were marked.
    marks: usize,
}

impl Pieces {
    /// Why a character is marked wherever it stands in a word.
    fn mark(&self, char: char) -> Option<Mark> {
        match char {
            '\n' | '\t' | ' '..='~' => return None,
            '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                return Some(Mark::Bidi);
            }
            // Blank, and neither spaces nor ignorable to Unicode.
            '\u{2800}' | '\u{fffc}' | '\u{16fe4}' | '\u{1d159}' => return Some(Mark::Invisible),
            _ => {}
        }
        match char.general_category() {
            GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator => Some(Mark::Control),
            GeneralCategory::Format | GeneralCategory::SpaceSeparator => Some(Mark::Invisible),
            GeneralCategory::PrivateUse => Some(Mark::Unassigned),
            _ if look_alike::is_ignorable(char) => Some(Mark::Invisible),
            GeneralCategory::Unassigned | GeneralCategory::Surrogate => Some(Mark::Unassigned),
            _ if is_combining(char) && (!self.carried || self.stacked >= MAX_STACKED) => {
                Some(Mark::Combining)
            }
            _ => None,
        }
    }

    fn push(&mut self, char: char, mark: Option<&Mark>) {
        if mark.is_none() && is_combining(char) {
            self.stacked += 1;
        } else {
            self.carried = mark.is_none() && char.is_alphanumeric();
            self.stacked = 0;
        }
        let Some(mark) = mark else {
            self.plain.push(char);
            return;
        };
        self.cut();
        self.marks += 1;
        let code = format!("U+{:04X}", u32::from(char));
        let mut piece = json!({ "char": char, "code": code, "kind": mark.kind() });
        if let (Mark::LookAlike(like), Some(piece)) = (mark, piece.as_object_mut()) {
            piece.insert("like".to_owned(), like.as_str().into());
        }
        self.done.push(piece);
    }

    fn cut(&mut self) {
        if !self.plain.is_empty() {
            self.done.push(std::mem::take(&mut self.plain).into());
        }
    }

    fn finish(mut self) -> Value {
        self.cut();
        Value::Array(self.done)
    }
}

fn is_combining(char: char) -> bool {
    char.general_category_group() == GeneralCategoryGroup::Mark
}

#[cfg(test)]
mod tests;
