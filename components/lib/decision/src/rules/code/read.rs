//! Reading the compiled form, as much of it as is needed.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::bytes::{Malformed, Read, Reader, entry};
use super::index::{self, Dimension};
use super::{MAGIC, pattern, value};
use crate::DecisionType;
use crate::json::Value;
use crate::rules::field::Field;
use crate::rules::limits;
use crate::rules::operator;
use crate::rules::pattern::{Automaton, Pattern};
use crate::rules::source::Condition;
use crate::rules::view::View;

/// A compiled policy.
pub(in crate::rules) struct Code<'a> {
    /// What it says when no rule matches.
    pub(in crate::rules) default: DecisionType,
    /// It is only tried out.
    pub(in crate::rules) shadow: bool,
    count: usize,
    index: [Dimension<'a>; 3],
    places: &'a [u8],
    rules: &'a [u8],
}

/// One rule; its conditions are still to be read.
pub(in crate::rules) struct RuleCode<'a> {
    pub(in crate::rules) effect: DecisionType,
    pub(in crate::rules) index: usize,
    pub(in crate::rules) name: &'a str,
    pub(in crate::rules) reason: Option<&'a str>,
    left: u16,
    conditions: Reader<'a>,
}

impl<'a> Code<'a> {
    /// Reads where everything is.
    pub(in crate::rules) fn open(bytes: &'a [u8]) -> Read<Self> {
        let mut reader = Reader(bytes);
        if reader.bytes(MAGIC.len())? != MAGIC {
            return Err(Malformed);
        }
        let default = effect(&mut reader)?;
        let shadow = flag(&mut reader)?;
        let count = reader.size()?;
        if count > limits::RULES {
            return Err(Malformed);
        }
        let [method, host, path] = index::ALL;
        let mut dimension = |by| Dimension::open(by, reader.sized()?, count);
        let index = [dimension(method)?, dimension(host)?, dimension(path)?];
        Ok(Self {
            default,
            shadow,
            count,
            index,
            places: reader.bytes(count * 4)?,
            rules: reader.0,
        })
    }

    /// Steps that looking the rules up takes.
    pub(in crate::rules) fn lookup(&self) -> usize {
        self.count.div_ceil(64) * self.index.len()
    }

    /// The places of the rules that could match, in the order in which they are asked.
    pub(in crate::rules) fn candidates(&self, view: &View<'_, '_>) -> Read<Vec<usize>> {
        let mut words = vec![u64::MAX; self.count.div_ceil(64)];
        for dimension in &self.index {
            dimension.narrow(view, &mut words)?;
        }
        let mut places = Vec::new();
        for (at, mut word) in words.into_iter().enumerate() {
            while word != 0 {
                let bit = usize::try_from(word.trailing_zeros()).map_err(|_| Malformed)?;
                places.push(at * 64 + bit);
                word &= word - 1;
            }
        }
        places.retain(|place| *place < self.count);
        Ok(places)
    }

    /// A rule by its place.
    pub(in crate::rules) fn rule(&self, place: usize) -> Read<RuleCode<'a>> {
        let at = entry(self.places, place)?;
        let mut reader = Reader(self.rules.get(at..).ok_or(Malformed)?);
        Ok(RuleCode {
            effect: effect(&mut reader)?,
            index: reader.size()?,
            name: reader.text()?,
            reason: if flag(&mut reader)? {
                Some(reader.text()?)
            } else {
                None
            },
            left: reader.u16()?,
            conditions: reader,
        })
    }
}

impl<'a> RuleCode<'a> {
    /// The next condition, if there is one more.
    pub(in crate::rules) fn next_condition(&mut self) -> Read<Option<Condition<'a>>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let reader = &mut self.conditions;
        let name = reader.text()?;
        let number = usize::from(reader.u8()?);
        let (_, operator) = operator::ALL.get(number).ok_or(Malformed)?;
        Ok(Some(Condition {
            index: 0,
            name: Cow::Borrowed(name),
            field: Field::parse(name).map_err(|_| Malformed)?,
            operator: *operator,
            value: read_value(reader, Depth::Whole)?,
            pattern: read_pattern(reader, *operator)?,
        }))
    }
}

fn effect(reader: &mut Reader<'_>) -> Read<DecisionType> {
    match reader.u8()? {
        0 => Ok(DecisionType::Allow),
        1 => Ok(DecisionType::Deny),
        2 => Ok(DecisionType::Hitl),
        _ => Err(Malformed),
    }
}

fn flag(reader: &mut Reader<'_>) -> Read<bool> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed),
    }
}

/// Lists hold no lists.
#[derive(PartialEq, Eq)]
enum Depth {
    Whole,
    Item,
}

fn read_value<'a>(reader: &mut Reader<'a>, depth: Depth) -> Read<Value<'a>> {
    Ok(match reader.u8()? {
        value::NULL => Value::Null,
        value::FALSE => Value::Bool(false),
        value::TRUE => Value::Bool(true),
        value::NUMBER => Value::Number(reader.text()?),
        value::TEXT => Value::Text(Cow::Borrowed(reader.text()?)),
        value::LIST if depth == Depth::Whole => {
            let count = reader.u16()?;
            let items = (0..count).map(|_| read_value(reader, Depth::Item));
            Value::Array(items.collect::<Read<_>>()?)
        }
        _ => return Err(Malformed),
    })
}

type Made<'a> = OnceCell<Result<Pattern<'a>, String>>;

fn read_pattern<'a>(reader: &mut Reader<'a>, operator: operator::Operator) -> Read<Made<'a>> {
    let needed = operator == operator::Operator::Regex;
    let made = match reader.u8()? {
        pattern::NONE if !needed => return Ok(OnceCell::new()),
        pattern::TEXTS if needed => {
            let count = reader.u16()?;
            let texts = (0..count).map(|_| reader.text().map(Cow::Borrowed));
            Pattern::Texts(texts.collect::<Read<_>>()?)
        }
        pattern::AUTOMATON if needed => {
            Pattern::Automaton(Automaton(Cow::Borrowed(reader.sized()?)))
        }
        _ => return Err(Malformed),
    };
    Ok(OnceCell::from(Ok(made)))
}
