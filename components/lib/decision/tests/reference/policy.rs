//! Policies of all kinds, as documents. Most of them compile.

use serde_json::{Value, json};

use super::dice::Dice;
use super::request::{
    AGENTS, FACTORS, HEADER_VALUES, HEADERS, HOSTS, LABELS, POLICIES, PORTS, SCORES, TAGS,
};
use super::tree::{NAMES, TEXTS};

/// Numbers to compare a body with.
const NUMBERS: [&str; 11] = [
    "0",
    "1",
    "2",
    "10",
    "100",
    "2.5",
    "-3",
    "0.1",
    "9007199254740993",
    "9223372036854775807",
    "1e308",
];
/// Parts of paths.
const PATHS: [&str; 10] = [
    "/admin",
    "/ADMIN/",
    "/api/v1",
    "/",
    "/users/7",
    "/%61dmin",
    "/caf%C3%A9",
    "/admin?role=admin&id=1",
    "/export/",
    "/a%20b/",
];
/// What may be searched for in any text.
const PARTS: [&str; 12] = [
    "admin",
    "ADMIN",
    "role=admin",
    ".csv",
    "delete",
    "größe",
    "Kelvin",
    "%",
    "a",
    "/",
    "\"op\"",
    "😀",
];
/// Expressions: anchored, alternatives, classes, of several lines.
const EXPRESSIONS: [&str; 14] = [
    "/admin(/|$)",
    "^/api/v[0-9]+",
    "export|bulk|\\.csv$",
    "^[a-z]+$",
    "dr.p$",
    "^(GET|HEAD)$",
    "[[:digit:]]{1,3}",
    "(?-u:\\b)delete(?-u:\\b)",
    "k",
    "größe",
    "^$",
    "first.drop",
    "(?-i)Delete",
    "[^\\x00-\\x7f]",
];

/// A policy.
pub fn roll(dice: &mut Dice) -> Value {
    let length = 1 + dice.below(8);
    let mut rules: Vec<Value> = (0..length).map(|at| rule(dice, at)).collect();
    // More than a few, so that an index has something to leave out.
    if dice.once_in(8) {
        rules.extend((length..40).map(|at| rule(dice, at)));
    }
    let mut policy = json!({ "name": dice.pick(&POLICIES), "rules": rules });
    put(&mut policy, "default", dice.maybe(2, effect));
    put(
        &mut policy,
        "mode",
        dice.maybe(3, |dice| dice.pick(&["Shadow", "Shadow", "Enforce"]).into()),
    );
    policy
}

fn put(object: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        object[name] = value;
    }
}

fn effect(dice: &mut Dice) -> Value {
    dice.pick(&["Allow", "Deny", "Hitl"]).into()
}

fn rule(dice: &mut Dice, at: usize) -> Value {
    let length = if dice.once_in(60) {
        0
    } else {
        1 + dice.below(3)
    };
    let conditions: Vec<Value> = (0..length).map(|_| condition(dice)).collect();
    let mut rule = json!({ "conditions": conditions });
    put(&mut rule, "effect", dice.maybe(2, effect));
    put(
        &mut rule,
        "name",
        dice.maybe(2, |_| format!("rule {at}").into()),
    );
    put(&mut rule, "reason", dice.maybe(4, |_| "so it is".into()));
    put(
        &mut rule,
        "priority",
        dice.maybe(3, |dice| {
            dice.pick(&[-1, 0, 1, 1, 2, i32::MIN, i32::MAX]).into()
        }),
    );
    rule
}

/// A condition: a field, and what may be asked about it.
pub fn condition(dice: &mut Dice) -> Value {
    let (field, operator, value) = match dice.below(18) {
        0 => method(dice),
        1..4 => text(dice, "path", &PATHS),
        4 => target_url(dice),
        5 => target_host(dice),
        6 => exact(dice, "target.scheme", &["http", "https"]),
        7 => number(dice, "target.port", &PORTS.map(Value::from)),
        8 => header(dice),
        9 => text(dice, "body", &TEXTS),
        10..14 => body(dice),
        14 => agent(dice),
        15 => risk(dice),
        _ => intent(dice),
    };
    let field = if dice.once_in(4) {
        format!("input.{field}")
    } else {
        field
    };
    let operator = if dice.once_in(6) {
        operator.to_uppercase()
    } else {
        operator.to_owned()
    };
    json!({ "field": field, "operator": operator, "value": value })
}

type Condition = (String, &'static str, Value);

/// Any operator of texts; whole values from `wholes`.
fn text(dice: &mut Dice, field: &str, wholes: &[&str]) -> Condition {
    let operator = dice.pick(&[
        "eq",
        "ne",
        "in",
        "gt",
        "lt",
        "ge",
        "le",
        "contains",
        "startswith",
        "endswith",
        "regex",
        "contains",
        "startswith",
        "regex",
    ]);
    let value = match operator {
        "in" => list(dice, wholes),
        "contains" | "endswith" => dice.pick(&PARTS).into(),
        "startswith" if !wholes.contains(&"/admin") => dice.pick(&PARTS).into(),
        "regex" => dice.pick(&EXPRESSIONS).into(),
        _ => dice.pick(wholes).into(),
    };
    (field.to_owned(), operator, value)
}

fn list(dice: &mut Dice, from: &[&str]) -> Value {
    let length = 1 + dice.below(3);
    (0..length).map(|_| Value::from(dice.pick(from))).collect()
}

/// Equality only, of what has few values.
fn exact(dice: &mut Dice, field: &str, wholes: &[&str]) -> Condition {
    let operator = dice.pick(&["eq", "ne", "in"]);
    let value = match operator {
        "in" => list(dice, wholes),
        _ => dice.pick(wholes).into(),
    };
    (field.to_owned(), operator, value)
}

fn method(dice: &mut Dice) -> Condition {
    exact(dice, "method", &["GET", "POST", "PUT", "DELETE", "X-ODD"])
}

fn target_url(dice: &mut Dice) -> Condition {
    let wholes = [
        "https://api.example.com/admin",
        "http://upstream.example/",
        "https://evil.example:8443/",
        "http://[::1]/",
    ];
    match dice.below(3) {
        0 => (
            "targetUrl".to_owned(),
            "startswith",
            dice.pick(&wholes).into(),
        ),
        1 => exact(dice, "targetUrl", &wholes),
        _ => {
            let operator = dice.pick(&["contains", "endswith"]);
            ("targetUrl".to_owned(), operator, dice.pick(&PARTS).into())
        }
    }
}

fn target_host(dice: &mut Dice) -> Condition {
    if dice.once_in(3) {
        let value = dice.pick(&[".example.com", "example", ".1"]);
        ("target.host".to_owned(), "endswith", value.into())
    } else {
        exact(dice, "target.host", &HOSTS)
    }
}

fn number(dice: &mut Dice, field: &str, wholes: &[Value]) -> Condition {
    let operator = dice.pick(&["eq", "ne", "gt", "lt", "ge", "le", "in"]);
    let value = match operator {
        "in" => [dice.pick(wholes), dice.pick(wholes)].into_iter().collect(),
        _ => dice.pick(wholes),
    };
    (field.to_owned(), operator, value)
}

fn header(dice: &mut Dice) -> Condition {
    let name = dice.pick(&HEADERS);
    let name = match dice.below(3) {
        0 => name.to_uppercase(),
        _ => name.to_owned(),
    };
    let (field, operator, value) = text(dice, &format!("headers.{name}"), &HEADER_VALUES);
    nullable(dice, field, operator, value)
}

/// The same, at times about whether there is one at all.
fn nullable(dice: &mut Dice, field: String, operator: &'static str, value: Value) -> Condition {
    if dice.once_in(6) {
        (field, dice.pick(&["eq", "ne"]), Value::Null)
    } else {
        (field, operator, value)
    }
}

fn body(dice: &mut Dice) -> Condition {
    let length = 1 + dice.below(3);
    let path: Vec<&str> = (0..length).map(|_| dice.pick(&NAMES)).collect();
    let field = format!("body.{}", path.join("."));
    let numbers = NUMBERS.map(|spelt| serde_json::from_str::<Value>(spelt).unwrap());
    let (field, operator, value) = match dice.below(8) {
        0..3 => text(dice, &field, &TEXTS),
        3 | 4 => number(dice, &field, &numbers),
        5 => {
            let value = dice.once_in(2).into();
            (field, dice.pick(&["eq", "ne", "contains"]), value)
        }
        6 => {
            let number = dice.pick(&numbers);
            (field, "contains", number)
        }
        _ => {
            let mixed = [
                dice.pick(&numbers),
                dice.pick(&TEXTS).into(),
                dice.once_in(2).into(),
            ];
            let length = 1 + dice.below(3);
            (field, "in", mixed.into_iter().take(length).collect())
        }
    };
    nullable(dice, field, operator, value)
}

fn agent(dice: &mut Dice) -> Condition {
    match dice.below(3) {
        0 => {
            let field = dice.pick(&["agent.id", "agentId"]);
            exact(dice, field, &AGENTS)
        }
        1 => {
            let (field, operator, value) = text(dice, "policyName", &POLICIES);
            nullable(dice, field, operator, value)
        }
        _ => {
            let field = dice.pick(&["trustScore", "agent.trust_score", "agent.trustScore"]);
            number(dice, field, &SCORES.map(Value::from))
        }
    }
}

fn risk(dice: &mut Dice) -> Condition {
    let field = if dice.once_in(2) {
        "risk.score".to_owned()
    } else {
        format!("risk.{}", dice.pick(&FACTORS))
    };
    number(dice, &field, &SCORES.map(Value::from))
}

fn intent(dice: &mut Dice) -> Condition {
    match dice.below(4) {
        0 => exact(dice, "intent.label", &LABELS),
        1 => number(dice, "intent.confidence", &SCORES.map(Value::from)),
        2 => exact(dice, "intent.status", &["classified", "failed"]),
        _ => (
            dice.pick(&["intent.risk_tags", "intent.riskTags"])
                .to_owned(),
            "contains",
            dice.pick(&TAGS).into(),
        ),
    }
}
