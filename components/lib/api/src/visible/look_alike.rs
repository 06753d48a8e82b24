//! Characters that look like ASCII ones (UTS #39 §4).

use unicode_security::confusable_detection::skeleton;

/// What a character looks like, if it is not ASCII and looks like ASCII.
pub(super) fn ascii(char: char) -> Option<String> {
    if char.is_ascii() {
        return None;
    }
    let like = prototype(char);
    (!like.is_empty() && like.is_ascii()).then_some(like)
}

/// Whether nothing is drawn for a character by default (`Default_Ignorable_Code_Point`).
pub(super) fn is_ignorable(char: char) -> bool {
    prototype(char).is_empty()
}

/// What is left of a character when all that look alike are made one.
fn prototype(char: char) -> String {
    let mut bytes = [0; 4];
    skeleton(char.encode_utf8(&mut bytes)).collect()
}

/// Whether the look-alikes in a word are there to be taken for ASCII: it mixes them with
/// ASCII, or there is nothing else in it. A word in another script is none.
pub(super) fn suspected(word: &str) -> bool {
    if word.is_ascii() {
        return false;
    }
    let ascii_itself = |char: char| char.is_ascii_alphanumeric();
    if word.chars().any(ascii_itself) {
        return true;
    }
    let mut others = word.chars().filter(|char| !char.is_ascii());
    let foreign = |char: char| ascii(char).is_none() && char.is_alphanumeric();
    !others.any(foreign)
}
