//! The policy file (OB §9.1): what it says, and everything wrong with its form.
//!
//! Property names and names of effects are read without regard to case, comments and
//! trailing commas are accepted, unknown properties are ignored, with a warning. A
//! property given twice is refused: which of the two was meant?

mod date;
mod reader;

use std::borrow::Cow;
use std::cell::OnceCell;

use super::field::Field;
use super::limits;
use super::operator::Operator;
use super::pattern::{Pattern, Work};
use crate::json::{Comments, JsonError, Value, parse};
use crate::{DecisionType, Problem};
pub(super) use reader::unfit;
use reader::{Properties, Reader};

/// A policy as its file says it.
pub(super) struct Policy<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) description: Option<Cow<'a, str>>,
    pub(super) owner: Cow<'a, str>,
    pub(super) created_on: Option<Cow<'a, str>>,
    pub(super) default: DecisionType,
    /// It is only tried out.
    pub(super) shadow: bool,
    /// In the file's order.
    pub(super) rules: Vec<Rule<'a>>,
}

/// One rule.
pub(super) struct Rule<'a> {
    /// Its place in the file, from 0.
    pub(super) index: usize,
    pub(super) name: Cow<'a, str>,
    pub(super) reason: Option<Cow<'a, str>>,
    /// Higher is asked first.
    pub(super) priority: i32,
    pub(super) effect: DecisionType,
    /// All must hold; none always hold.
    pub(super) conditions: Vec<Condition<'a>>,
}

/// One condition.
pub(super) struct Condition<'a> {
    /// Its place in the rule, from 0.
    pub(super) index: usize,
    /// The field as it is written.
    pub(super) name: Cow<'a, str>,
    pub(super) field: Field,
    pub(super) operator: Operator,
    pub(super) value: Value<'a>,
    /// The pattern of `regex`, once it was needed.
    pub(super) pattern: OnceCell<Result<Pattern<'a>, String>>,
}

impl<'a> Condition<'a> {
    /// The pattern of `regex`; a policy that was compiled brings it along.
    pub(super) fn pattern(&self) -> &Result<Pattern<'a>, String> {
        self.pattern_within(&Work::default())
    }

    /// The pattern of `regex`, as far as there is work left to make it.
    pub(super) fn pattern_within(&self, work: &Work) -> &Result<Pattern<'a>, String> {
        self.pattern.get_or_init(|| match &self.value {
            Value::Text(source) => Pattern::new(source, work),
            other => Err(format!("{} is no pattern", other.kind())),
        })
    }
}

impl<'a> Policy<'a> {
    /// The rules in the order in which they are asked.
    pub(super) fn ordered(&self) -> Vec<&Rule<'a>> {
        let mut rules: Vec<&Rule<'a>> = self.rules.iter().collect();
        // Stable: equal priorities stay in the file's order.
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
        rules
    }
}

/// What a source says, as far as it can be read.
pub(super) struct Examined<'a> {
    pub(super) policy: Option<Policy<'a>>,
    /// What is wrong with its form.
    pub(super) problems: Vec<Problem>,
    /// What is allowed and yet looks wrong.
    pub(super) warnings: Vec<Problem>,
}

/// Reads as much of a policy as can be read. What its conditions can mean is not
/// looked at.
pub(super) fn examine(source: &str) -> Examined<'_> {
    let mut reader = Reader::default();
    let policy = match parse(source, Comments::Accepted) {
        Ok(value) => policy(&mut reader, value),
        Err(error) => {
            reader.problems.push(malformed(&error));
            None
        }
    };
    Examined {
        policy,
        problems: reader.problems,
        warnings: reader.warnings,
    }
}

fn malformed(error: &JsonError) -> Problem {
    Problem {
        place: format!("line {}, column {}", error.line, error.column),
        message: error.message.to_owned(),
    }
}

fn policy<'a>(reader: &mut Reader, value: Value<'a>) -> Option<Policy<'a>> {
    let mut properties = Properties::of(reader, "", value)?;
    let name = properties.text(reader, "name", limits::NAME);
    if name.as_deref().is_none_or(|name| name.trim().is_empty()) {
        reader.problem("name", "a policy needs a name");
    }
    let policy = Policy {
        name: name.unwrap_or_default(),
        description: properties.text(reader, "description", limits::TEXT),
        owner: properties
            .text(reader, "owner", limits::NAME)
            .unwrap_or_default(),
        created_on: properties.date(reader, "createdOn"),
        default: properties
            .effect(reader, "default")
            .unwrap_or(DecisionType::Deny),
        shadow: properties.mode(reader, "mode"),
        rules: rules(reader, &mut properties),
    };
    properties.end(reader);
    Some(policy)
}

fn rules<'a>(reader: &mut Reader, properties: &mut Properties<'a>) -> Vec<Rule<'a>> {
    let items = properties.list(reader, "rules");
    if items.len() > limits::RULES {
        let count = items.len();
        reader.problem(
            "rules",
            format!("{count} rules are more than {}", limits::RULES),
        );
        return Vec::new();
    }
    let mut conditions = 0;
    let mut rules = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        if let Some(rule) = rule(reader, index, item) {
            conditions += rule.conditions.len();
            rules.push(rule);
        }
    }
    if conditions > limits::CONDITIONS {
        reader.problem(
            "rules",
            format!(
                "{conditions} conditions are more than {}",
                limits::CONDITIONS
            ),
        );
    }
    rules
}

fn rule<'a>(reader: &mut Reader, index: usize, value: Value<'a>) -> Option<Rule<'a>> {
    let mut properties = Properties::of(reader, &format!("rules[{index}]"), value)?;
    let mut rule = Rule {
        index,
        name: properties
            .text(reader, "name", limits::NAME)
            .unwrap_or_default(),
        reason: properties.text(reader, "reason", limits::TEXT),
        priority: properties.integer(reader, "priority").unwrap_or(0),
        effect: properties
            .effect(reader, "effect")
            .unwrap_or(DecisionType::Allow),
        conditions: Vec::new(),
    };
    let items = properties.list(reader, "conditions");
    if items.len() > limits::RULE {
        let count = items.len();
        reader.problem(
            &format!("rules[{index}].conditions"),
            format!("{count} conditions are more than {}", limits::RULE),
        );
        return None;
    }
    for (index, item) in items.into_iter().enumerate() {
        rule.conditions
            .extend(condition(reader, (rule.index, index), item));
    }
    properties.end(reader);
    Some(rule)
}

fn condition<'a>(
    reader: &mut Reader,
    (rule, index): (usize, usize),
    value: Value<'a>,
) -> Option<Condition<'a>> {
    let place = format!("rules[{rule}].conditions[{index}]");
    let mut properties = Properties::of(reader, &place, value)?;
    let name = properties
        .text(reader, "field", limits::VALUE)
        .unwrap_or_default();
    let operator = properties
        .text(reader, "operator", limits::VALUE)
        .unwrap_or_default();
    let value = properties.any(reader, "value");
    properties.end(reader);
    let field = reader.accept(&format!("{place}.field"), Field::parse(&name));
    let operator = reader.accept(&format!("{place}.operator"), Operator::parse(&operator));
    Some(Condition {
        index,
        name,
        field: field?,
        operator: operator?,
        value: value?,
        pattern: OnceCell::new(),
    })
}
