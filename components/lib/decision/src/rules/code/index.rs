//! Which rules could match a request at all.
//!
//! A rule is left out only if one of its conditions fails: on the method or the host
//! (`eq`, `in`), or on how the path begins (`eq`, `in`, `startswith`, and expressions
//! such as `^/api/`). One condition that fails decides, whatever is unclear about the
//! others; so no verdict changes. In each dimension a rule stands under its keys, or it
//! is open, and what could match is what stands there in all dimensions.
//!
//! A dimension: how many keys (u32), the open rules (a bit for each rule), for each key
//! in their order where its text begins and how long it is, where its rules begin and
//! how many they are (u32 each), then the texts, then the rules (u16 each).

use std::collections::BTreeMap;

use super::bytes::{Malformed, Read, Reader, Writer, entry, part};
use crate::json::Value;
use crate::rules::field::Field;
use crate::rules::operator::Operator;
use crate::rules::pattern::{fold, literal_start};
use crate::rules::source::{Condition, Rule};
use crate::rules::view::View;

/// Numbers of one key.
const ENTRY: usize = 4;

/// What rules are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Method,
    Host,
    /// Folded.
    Path,
}

/// All of it, in the order in which it is written.
pub(super) const ALL: [By; 3] = [By::Method, By::Host, By::Path];

/// Writes one dimension.
pub(super) fn write(by: By, rules: &[&Rule<'_>]) -> Vec<u8> {
    let mut open = vec![0_u8; rules.len().div_ceil(8)];
    let mut keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (position, rule) in rules.iter().enumerate() {
        match rule_keys(by, rule) {
            Some(texts) => {
                for text in texts {
                    keys.entry(text).or_default().push(position);
                }
            }
            None => {
                if let Some(byte) = open.get_mut(position / 8) {
                    *byte |= 1 << (position % 8);
                }
            }
        }
    }
    let (mut entries, mut texts, mut places) =
        (Writer::default(), Writer::default(), Writer::default());
    for (text, positions) in &mut keys {
        positions.dedup();
        entries.size(texts.0.len());
        entries.size(text.len());
        entries.size(places.0.len() / 2);
        entries.size(positions.len());
        texts.0.extend(text.as_bytes());
        for position in positions {
            places.u16(*position);
        }
    }
    let mut whole = Writer::default();
    whole.size(keys.len());
    whole.0.extend(open);
    whole.0.extend(entries.0);
    whole.sized(&texts.0);
    whole.0.extend(places.0);
    whole.0
}

/// The keys of a rule; none if it may match whatever the key.
fn rule_keys(by: By, rule: &Rule<'_>) -> Option<Vec<String>> {
    let found = rule.conditions.iter().filter_map(|c| condition_keys(by, c));
    // The keys that fit least; each condition alone rules out all others.
    found.max_by_key(|keys| keys.iter().map(String::len).min())
}

fn condition_keys(by: By, condition: &Condition<'_>) -> Option<Vec<String>> {
    let field = match condition.field {
        Field::Method => By::Method,
        Field::TargetHost => By::Host,
        Field::Path => By::Path,
        _ => return None,
    };
    if field != by {
        return None;
    }
    let key = |text: &str| match by {
        By::Path => fold(text),
        By::Method | By::Host => text.to_owned(),
    };
    match (condition.operator, &condition.value) {
        (Operator::Eq, Value::Text(text)) => Some(vec![key(text)]),
        (Operator::In, Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::Text(text) => Some(key(text)),
                _ => None,
            })
            .collect(),
        (Operator::StartsWith, Value::Text(text)) if by == By::Path => Some(vec![key(text)]),
        (Operator::Regex, Value::Text(text)) if by == By::Path => {
            literal_start(text).map(|start| vec![key(&start)])
        }
        _ => None,
    }
}

/// One dimension.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dimension<'a> {
    by: By,
    count: usize,
    open: &'a [u8],
    entries: &'a [u8],
    texts: &'a [u8],
    places: &'a [u8],
}

impl<'a> Dimension<'a> {
    /// Reads where everything is.
    pub(super) fn open(by: By, bytes: &'a [u8], rules: usize) -> Read<Self> {
        let mut reader = Reader(bytes);
        let count = reader.size()?;
        let open = reader.bytes(rules.div_ceil(8))?;
        let length = count.checked_mul(ENTRY * 4).ok_or(Malformed)?;
        Ok(Self {
            by,
            count,
            open,
            entries: reader.bytes(length)?,
            texts: reader.sized()?,
            places: reader.0,
        })
    }

    /// Keeps of the candidates those that could match.
    pub(super) fn narrow(&self, view: &View<'_, '_>, candidates: &mut [u64]) -> Read<()> {
        if self.count == 0 {
            return Ok(());
        }
        let mut here = words(self.open);
        here.resize(candidates.len(), 0);
        match self.by {
            By::Method => self.add(view.method(), &mut here)?,
            By::Host => match view.hosts() {
                Some(hosts) => {
                    for host in hosts {
                        self.add(host, &mut here)?;
                    }
                }
                None => return Ok(()),
            },
            By::Path => match view.path() {
                Some(path) => self.add_starts(&fold(path), &mut here)?,
                None => return Ok(()),
            },
        }
        for (candidates, here) in candidates.iter_mut().zip(here) {
            *candidates &= here;
        }
        Ok(())
    }

    fn key(&self, index: usize) -> Read<&'a [u8]> {
        let at = entry(self.entries, index * ENTRY)?;
        let length = entry(self.entries, index * ENTRY + 1)?;
        part(self.texts, at, length)
    }

    /// Adds the rules under one key.
    fn add_key(&self, index: usize, here: &mut [u64]) -> Read<()> {
        let from = entry(self.entries, index * ENTRY + 2)?;
        let count = entry(self.entries, index * ENTRY + 3)?;
        let bytes = |places: usize| places.checked_mul(2).ok_or(Malformed);
        let mut places = Reader(part(self.places, bytes(from)?, bytes(count)?)?);
        while !places.0.is_empty() {
            let place = usize::from(places.u16()?);
            *here.get_mut(place / 64).ok_or(Malformed)? |= 1 << (place % 64);
        }
        Ok(())
    }

    /// Adds the rules under exactly this key.
    fn add(&self, key: &str, here: &mut [u64]) -> Read<()> {
        let at = self.first(0, self.count, |known| known < key.as_bytes())?;
        if at < self.count && self.key(at)? == key.as_bytes() {
            self.add_key(at, here)?;
        }
        Ok(())
    }

    /// Adds the rules under all keys with which the text begins: the keys that share its
    /// first bytes, fewer with each byte.
    fn add_starts(&self, text: &str, here: &mut [u64]) -> Read<()> {
        let (mut from, mut to) = (0, self.count);
        for (length, byte) in text.bytes().enumerate() {
            if from < to && self.key(from)?.len() == length {
                self.add_key(from, here)?;
                from += 1;
            }
            let next = |known: &[u8]| known.get(length).copied();
            from = self.first(from, to, |known| next(known) < Some(byte))?;
            to = self.first(from, to, |known| next(known) <= Some(byte))?;
            if from >= to {
                return Ok(());
            }
        }
        if self.key(from)?.len() == text.len() {
            self.add_key(from, here)?;
        }
        Ok(())
    }

    /// The first key from one place to another that is not before.
    fn first(&self, from: usize, to: usize, before: impl Fn(&[u8]) -> bool) -> Read<usize> {
        let (mut from, mut to) = (from, to);
        while from < to {
            let middle = from.midpoint(to);
            if before(self.key(middle)?) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        Ok(from)
    }
}

fn words(bits: &[u8]) -> Vec<u64> {
    bits.chunks(8)
        .map(|chunk| {
            let each = chunk.iter().enumerate();
            each.fold(0, |word, (at, byte)| word | u64::from(*byte) << (8 * at))
        })
        .collect()
}
