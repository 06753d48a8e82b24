//! What was kept of headers and body: the values that a policy looked at.

use std::collections::BTreeMap;

use super::{Actual, Digest, Of};
use crate::json::{Comments, Value, parse};
use crate::rules::seen;
use crate::{LookedAt, Shown};

/// What was kept, by field.
pub(super) struct Memory<'q> {
    fields: BTreeMap<&'q str, Vec<Kept<'q>>>,
    more: bool,
    stopped: bool,
}

enum Kept<'q> {
    Absent,
    Value(Value<'q>),
    Digest(Digest<'q>),
    Unreadable(&'q str),
    /// Not as it is written here.
    Damaged,
}

impl<'q> Memory<'q> {
    /// Reads what was kept.
    pub(super) fn new(looked_at: &'q [LookedAt]) -> Self {
        let mut memory = Self {
            fields: BTreeMap::new(),
            more: false,
            stopped: false,
        };
        for LookedAt { field, value } in looked_at {
            if field == seen::MARK {
                match value {
                    Shown::Unreadable(why) if why == seen::MORE => memory.more = true,
                    _ => memory.stopped = true,
                }
                continue;
            }
            memory.fields.entry(field).or_default().push(kept(value));
        }
        memory
    }

    /// Why nothing can be made of it, if so.
    pub(super) fn useless(&self) -> Option<&'static str> {
        // The headers that name a method come first; all after them may be missing.
        let all = self.fields.values().map(Vec::len).sum::<usize>();
        let named = super::OVERRIDES.iter();
        let named: usize = named
            .filter_map(|name| self.fields.get(format!("headers.{name}").as_str()))
            .map(Vec::len)
            .sum();
        if self.stopped {
            Some("policy: its evaluation was stopped")
        } else if self.more && all == named {
            Some("method: not all headers that name one were kept")
        } else {
            None
        }
    }

    /// The values of a field, at least one.
    pub(super) fn values(&self, field: &str) -> Vec<Actual<'_>> {
        let mut values = self.given(field);
        if self.more {
            values.push(Actual::Unknown("not all of its values were kept"));
        } else if values.is_empty() {
            values.push(Actual::Unknown("it was not looked at"));
        }
        values
    }

    /// The values of a field that were kept.
    pub(super) fn given(&self, field: &str) -> Vec<Actual<'_>> {
        let kept = self.fields.get(field).map_or(&[][..], Vec::as_slice);
        kept.iter()
            .map(|kept| match kept {
                Kept::Absent | Kept::Value(Value::Null) => Actual::Missing,
                Kept::Value(value) => Actual::Json(value),
                Kept::Digest(digest) => Actual::Digest(*digest),
                Kept::Unreadable(why) => Actual::Unreadable(why),
                Kept::Damaged => Actual::Unknown("what was kept of it is damaged"),
            })
            .collect()
    }
}

fn kept(value: &Shown) -> Kept<'_> {
    match value {
        Shown::Absent => Kept::Absent,
        Shown::Plain(json) => parse(json, Comments::Refused).map_or(Kept::Damaged, Kept::Value),
        Shown::Digest(digest) => {
            let (hex, of) = match digest.split_once(' ') {
                None => (digest.as_str(), Some(Of::Text)),
                Some((hex, "number")) => (hex, Some(Of::Number)),
                Some((hex, "list")) => (hex, Some(Of::List)),
                Some((hex, "object")) => (hex, Some(Of::Object)),
                Some((hex, _)) => (hex, None),
            };
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            match of {
                Some(of) if hex.len() == 64 && hex.bytes().all(is_hex) => {
                    Kept::Digest(Digest { hex, of })
                }
                _ => Kept::Damaged,
            }
        }
        Shown::Unreadable(why) => Kept::Unreadable(why),
    }
}
