//! What is said about an import.

/// Longest value that a note shows, in characters.
const MAX_VALUE: usize = 64;

/// Something that is not as it was in the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where: table, row, and id if there is one.
    pub place: String,
    /// What was done instead, and why; the same text for all places it holds for.
    pub reason: String,
    /// What stood there, cut and escaped, if that helps and is no secret.
    pub value: Option<String>,
}

/// How many there were of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Of what.
    pub what: &'static str,
    /// How many.
    pub number: u64,
}

/// Collects the notes of one row.
pub(crate) struct Notes<'a> {
    list: &'a mut Vec<Note>,
    place: String,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(list: &'a mut Vec<Note>, place: String) -> Self {
        Self { list, place }
    }

    /// Names the row more closely from here on.
    pub(crate) fn at(&mut self, id: impl std::fmt::Display) {
        self.place = format!("{}, {id}", self.place);
    }

    pub(crate) fn add(&mut self, reason: impl Into<String>) {
        self.push(reason.into(), None);
    }

    /// A note that shows a value, which must be no secret.
    pub(crate) fn show(&mut self, reason: impl Into<String>, value: &str) {
        self.push(reason.into(), Some(shown(value)));
    }

    fn push(&mut self, reason: String, value: Option<String>) {
        self.list.push(Note {
            place: self.place.clone(),
            reason,
            value,
        });
    }
}

/// Safe to print: one line, no control characters, not long.
pub(crate) fn shown(value: &str) -> String {
    let mut shown: String = value
        .chars()
        .take(MAX_VALUE)
        .flat_map(char::escape_debug)
        .collect();
    if value.chars().nth(MAX_VALUE).is_some() {
        shown.push('…');
    }
    shown
}
