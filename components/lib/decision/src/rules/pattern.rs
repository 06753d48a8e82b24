//! Patterns of `regex`: searched anywhere, without regard to case.
//!
//! They are made ready when a policy is compiled: a fresh instance, and there may be
//! one for each request, must not pay for it. Patterns that are only a few plain texts,
//! such as `/export|/bulk`, are searched as texts, all others by an [`Automaton`].

mod automaton;
mod build;
mod work;

use std::borrow::Cow;

pub(super) use automaton::Automaton;
pub(super) use build::literal_start;
pub(super) use work::Work;

/// A pattern ready to search with.
#[derive(Debug, Clone)]
pub(super) enum Pattern<'a> {
    /// Any of these ASCII texts, folded.
    Texts(Vec<Cow<'a, str>>),
    /// A finite automaton.
    Automaton(Automaton<'a>),
}

impl Pattern<'_> {
    /// Makes a pattern ready, or says what is wrong with it.
    pub(super) fn new(source: &str, work: &Work) -> Result<Self, String> {
        match plain(source) {
            Some(texts) => Ok(Self::Texts(texts)),
            None => build::automaton(source, work).map(Self::Automaton),
        }
    }

    /// Whether it is found in a text; none if what was kept of it is damaged.
    pub(super) fn finds(&self, text: &str) -> Option<bool> {
        match self {
            Self::Texts(texts) => {
                let text = fold(text);
                Some(texts.iter().any(|part| text.contains(part.as_ref())))
            }
            Self::Automaton(automaton) => automaton.finds(text.as_bytes()),
        }
    }
}

/// The alternatives of a pattern that has no other operator; ASCII only, since the
/// folding of other letters is the regular expression's affair.
fn plain<'a>(source: &str) -> Option<Vec<Cow<'a, str>>> {
    let is_plain =
        |byte: u8| byte.is_ascii_graphic() && !b"\\.+*?()[]{}^$".contains(&byte) || byte == b' ';
    if !source.bytes().all(is_plain) {
        return None;
    }
    let texts: Vec<Cow<'a, str>> = source.split('|').map(|text| fold(text).into()).collect();
    // An empty alternative matches everything; leave that to the engine.
    (!texts.iter().any(|text| text.is_empty())).then_some(texts)
}

/// A text in which case makes no difference, one character for one.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(fold_one).collect()
}

fn fold_one(character: char) -> char {
    // Lower case of the long s is itself, yet its upper case is S.
    if character == 'ſ' {
        return 's';
    }
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

#[cfg(test)]
mod tests;
