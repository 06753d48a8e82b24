//! The values that a policy looked at, as they may be kept.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

use super::facts::{Actual, Of};
use super::field::Field;
use super::scalar::{Number, Scalar};
use crate::json::{Quoted, Value};
use crate::{LookedAt, Shown};

/// Most values that are listed, the mark for more of them included.
const LISTED: usize = 256;
/// Longest JSON of a value that is listed as it is, in bytes.
const PLAIN: usize = 256;

/// Most values of one field that are looked through for different ones.
const COMPARED: usize = 4_096;

/// The field of an entry that says something of the list itself; no policy can name it.
pub(super) const MARK: &str = "*";
/// More values were looked at than are listed.
pub(super) const MORE: &str = "more was looked at than is listed";
/// The policy was not asked to the end.
pub(super) const STOPPED: &str = "the evaluation was stopped";

/// The list, in the order in which the values were looked at.
#[derive(Default)]
pub(super) struct Seen {
    fields: BTreeSet<String>,
    list: Vec<LookedAt>,
    is_full: bool,
}

impl Seen {
    /// Lists the values of a field, unless they are known without: once each, as far as
    /// there is room. Says how many bytes were gone through for that.
    pub(super) fn note(&mut self, field: &Field, values: &[Actual<'_>]) -> usize {
        if !field.is_content() || self.is_full {
            return 0;
        }
        let name = field.canonical().into_owned();
        // A field has the same values for each condition.
        if !self.fields.insert(name.clone()) {
            return 0;
        }
        let from = self.list.len();
        let mut bytes = 0;
        for (index, value) in values.iter().enumerate() {
            let Some((value, length)) = shown(field, value) else {
                continue;
            };
            bytes += length;
            let listed = self.list.get(from..).unwrap_or_default();
            let is_listed = listed.iter().any(|known| known.value == value);
            if is_listed && index < COMPARED {
                continue;
            }
            if self.list.len() + 1 >= LISTED || index >= COMPARED {
                self.is_full = true;
                self.mark(MORE);
                return bytes;
            }
            self.list.push(LookedAt {
                field: name.clone(),
                value,
            });
        }
        bytes
    }

    /// Says that the policy was not asked to the end.
    pub(super) fn stopped(&mut self) {
        self.list.truncate(LISTED - 1);
        self.mark(STOPPED);
    }

    fn mark(&mut self, what: &str) {
        self.list.push(LookedAt {
            field: MARK.to_owned(),
            value: Shown::Unreadable(what.to_owned()),
        });
    }

    /// The list.
    pub(super) fn list(self) -> Vec<LookedAt> {
        self.list
    }
}

/// A value as it may be kept, and how many bytes its JSON has; none if it is not known.
fn shown(field: &Field, value: &Actual<'_>) -> Option<(Shown, usize)> {
    let hidden = field.is_secret() || *field == Field::Body;
    Some(match value {
        Actual::Missing => (Shown::Absent, 0),
        Actual::Unreadable(why) => (Shown::Unreadable((*why).to_owned()), 0),
        Actual::Digest(digest) => {
            let kept = digest.hex.to_owned() + suffix(digest.of);
            (Shown::Digest(kept), 0)
        }
        Actual::Scalar(Scalar::Text(text)) => Sink::of(&Quoted(text)).shown(hidden, Of::Text),
        Actual::Scalar(Scalar::Bool(value)) => Sink::of(value).shown(hidden, Of::Text),
        Actual::Scalar(Scalar::Number(Number::Integer(value))) => {
            Sink::of(value).shown(hidden, Of::Number)
        }
        Actual::Scalar(Scalar::Number(Number::Float(value))) => {
            Sink::of(value).shown(hidden, Of::Number)
        }
        Actual::Json(value) => json(field, hidden, value),
        Actual::List(_) | Actual::Start(_) | Actual::Unknown(_) => return None,
    })
}

fn json(field: &Field, hidden: bool, value: &Value<'_>) -> (Shown, usize) {
    let sink = Sink::of(value);
    match value {
        Value::Null => (Shown::Absent, 0),
        Value::Bool(_) => sink.shown(hidden, Of::Text),
        Value::Number(_) => sink.shown(hidden, Of::Number),
        // Texts of headers may be told, those of bodies not.
        Value::Text(_) => {
            let in_body = matches!(field, Field::BodyPath(_));
            sink.shown(hidden || in_body, Of::Text)
        }
        Value::Array(_) => sink.shown(true, Of::List),
        Value::Object(_) => sink.shown(true, Of::Object),
    }
}

/// The digest of a text's JSON, hexadecimal.
pub(super) fn digest(text: &str) -> String {
    Sink::of(&Quoted(text)).hex()
}

const fn suffix(of: Of) -> &'static str {
    match of {
        Of::Text => "",
        Of::Number => " number",
        Of::List => " list",
        Of::Object => " object",
    }
}

/// Takes a value's JSON, and keeps of a long one only its digest.
struct Sink {
    start: String,
    is_long: bool,
    length: usize,
    hash: Sha256,
}

impl Sink {
    fn of(json: &impl fmt::Display) -> Self {
        let mut sink = Self {
            start: String::new(),
            is_long: false,
            length: 0,
            hash: Sha256::new(),
        };
        // It takes everything.
        let _ = write!(sink, "{json}");
        sink.flush();
        sink
    }

    fn flush(&mut self) {
        self.hash.update(&self.start);
    }

    fn shown(self, hidden: bool, of: Of) -> (Shown, usize) {
        let length = self.length;
        let shown = if hidden || self.is_long {
            Shown::Digest(self.hex() + suffix(of))
        } else {
            Shown::Plain(self.start)
        };
        (shown, length)
    }

    fn hex(self) -> String {
        let mut hex = String::with_capacity(64);
        for byte in self.hash.finalize() {
            // Writing to a String does not fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.length += text.len();
        if self.start.len() + text.len() > PLAIN {
            self.is_long |= true;
            self.flush();
            self.start.clear();
        }
        self.start.push_str(text);
        Ok(())
    }
}
