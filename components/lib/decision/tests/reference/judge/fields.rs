//! What a field of a request is.

use vectra_decision::{IntentStatus, Meaning};

use super::View;
use super::compare::Number;
use crate::request::{Asked, Content};
use crate::tree::Tree;

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// There is none, or a JSON `null`.
    Absent,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Seen>),
    Object,
    /// A number larger than numbers are.
    Huge,
    /// It cannot be read.
    Unreadable,
    /// Nobody has been asked yet.
    Unasked,
}

/// The values of a field; at least one.
pub fn values(field: &str, asked: &Asked, view: &View) -> Vec<Seen> {
    let question = &asked.question;
    let field = field.strip_prefix("input.").unwrap_or(field);
    let parts: Vec<&str> = field.split('.').collect();
    match parts.as_slice() {
        ["method"] => vec![text(&view.method)],
        ["path"] => vec![text(&view.path)],
        ["targetUrl"] => vec![text(&view.target_url)],
        ["target", part] => vec![match asked.target {
            None => Seen::Unreadable,
            Some((scheme, host, port)) => match *part {
                "scheme" => text(scheme),
                "host" => text(host),
                "port" => float(port.into()),
                other => panic!("no field `target.{other}`"),
            },
        }],
        ["headers", name] => headers(&question.request.headers, name),
        ["body", ..] if asked.content == Content::Unread => vec![Seen::Unreadable],
        ["body"] => vec![optional(question.request.body.as_deref())],
        ["body", path @ ..] => match &asked.content {
            Content::Missing | Content::Blank => vec![Seen::Absent],
            Content::Other | Content::Unread => vec![Seen::Unreadable],
            Content::Json(tree) => {
                let values = reached(tree, path);
                if values.is_empty() {
                    vec![Seen::Absent]
                } else {
                    values
                }
            }
        },
        ["agentId"] | ["agent", "id"] => vec![text(&question.agent.id)],
        ["trustScore"] | ["agent", "trustScore" | "trust_score"] => {
            vec![float(question.agent.trust_score)]
        }
        ["policyName"] => vec![optional(question.agent.policy_name.as_deref())],
        ["risk", "score"] => vec![float(question.risk.score)],
        ["risk", name] => {
            let mut factors = question.risk.factors.iter();
            let factor = factors.find(|factor| factor.name == *name);
            vec![float(factor.expect("a factor").score)]
        }
        ["intent", part] => vec![intent(&question.intent, part)],
        other => panic!("no field {other:?}"),
    }
}

fn text(value: &str) -> Seen {
    Seen::Text(value.to_owned())
}

fn optional(value: Option<&str>) -> Seen {
    value.map_or(Seen::Absent, text)
}

fn float(value: f64) -> Seen {
    Seen::Number(Number::Float(value))
}

fn headers(headers: &[(String, String)], name: &str) -> Vec<Seen> {
    let values: Vec<Seen> = headers
        .iter()
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| text(value))
        .collect();
    if values.is_empty() {
        vec![Seen::Absent]
    } else {
        values
    }
}

fn intent(meaning: &Meaning, part: &str) -> Seen {
    match meaning {
        Meaning::Unasked => Seen::Unasked,
        Meaning::Unknown => Seen::Unreadable,
        Meaning::Known(intent) if intent.status == IntentStatus::Failed => Seen::Unreadable,
        Meaning::Known(intent) => match part {
            "label" => text(&intent.label),
            "confidence" => float(intent.confidence),
            "status" => text("classified"),
            "risk_tags" | "riskTags" => {
                Seen::List(intent.risk_tags.iter().map(|tag| text(tag)).collect())
            }
            other => panic!("no field `intent.{other}`"),
        },
    }
}

/// What is at the end of a path: a number picks from a list, a name goes through all of
/// it, and takes every member of its name. A list without elements has no values.
fn reached(tree: &Tree, path: &[&str]) -> Vec<Seen> {
    let Some((step, rest)) = path.split_first() else {
        return vec![seen(tree)];
    };
    match (tree, step.parse::<usize>()) {
        (Tree::List(items), Ok(at)) => match items.get(at) {
            Some(item) => reached(item, rest),
            None => vec![Seen::Absent],
        },
        (Tree::List(items), Err(_)) => items.iter().flat_map(|item| reached(item, path)).collect(),
        (Tree::Object(members), _) => {
            let mut named = members.iter().filter(|(name, _)| name == step).peekable();
            if named.peek().is_none() {
                return vec![Seen::Absent];
            }
            named.flat_map(|(_, value)| reached(value, rest)).collect()
        }
        _ => vec![Seen::Absent],
    }
}

fn seen(tree: &Tree) -> Seen {
    match tree {
        Tree::Null => Seen::Absent,
        Tree::Bool(value) => Seen::Bool(*value),
        Tree::Number(spelt) => Number::read(spelt).map_or(Seen::Huge, Seen::Number),
        Tree::Text(value) => text(value),
        Tree::List(items) => Seen::List(items.iter().map(seen).collect()),
        Tree::Object(_) => Seen::Object,
    }
}
