//! A policy engine in place of the rules: Rego, by regorus, exported as
//! `vectra:decision/policy`. The text of a policy stands under `rego` in its source.
//!
//! * It is `package vectra` and has a rule `decision`: `{"effect": "Deny", "rule": …,
//!   "reason": …}`, or only the effect. Where it is undefined the policy's own `default`
//!   holds.
//! * `input` has `method`, `path`, `targetUrl`, `headers` (lists of values by name), `body`,
//!   `json`, `bodyUnread`, `agent`, `risk` and `intent`.
//! * Two different decisions, and a builtin that fails, are errors: those deny.

use std::collections::BTreeSet;

use regorus::{Engine, Value};
use vectra_example_policy::bindings::vectra::decision::types::DecisionType;
use vectra_example_policy::{Checked, Facts, Language, Said, Shell, Words};

/// The one rule that is asked.
const RULE: &str = "data.vectra.decision";
/// What a policy's text must begin with.
const PACKAGE: &str = "data.vectra";

/// The language.
enum Rego {}

impl Language for Rego {
    const KEY: &'static str = "rego";

    type Parsed = Engine;

    fn check(text: &str) -> Result<Checked<Engine>, Vec<String>> {
        let parsed = engine(text).map_err(|why| vec![why])?;
        // Whatever else goes wrong without an input may go well with one.
        if let Err(error) = parsed.clone().eval_rule(RULE.to_owned()) {
            let error = error.to_string();
            if error.contains("not a valid rule path") {
                return Err(vec!["it has no rule `decision`".to_owned()]);
            }
        }
        let rules = text
            .lines()
            .filter(|line| line.starts_with("decision"))
            .count();
        Ok(Checked {
            parsed,
            rules: u32::try_from(rules).unwrap_or(u32::MAX),
            words: words(text),
        })
    }

    fn ask(checked: &Checked<Engine>, facts: &Facts<'_>) -> Result<Said, String> {
        // A fresh one each time: nothing is left of the time before.
        let mut engine = checked.parsed.clone();
        engine.set_input(Value::from(facts.json()));
        let decision = engine
            .eval_rule(RULE.to_owned())
            .map_err(|error| last_line(&error.to_string()))?;
        said(&decision)
    }
}

fn engine(text: &str) -> Result<Engine, String> {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(true);
    let package = engine
        .add_policy("policy.rego".to_owned(), text.to_owned())
        .map_err(|error| error.to_string())?;
    if package != PACKAGE {
        return Err("it is not `package vectra`".to_owned());
    }
    Ok(engine)
}

/// regorus shows the place in the text first.
fn last_line(error: &str) -> String {
    let mut lines = error.lines().map(str::trim);
    let line = lines.rfind(|line| !line.is_empty()).unwrap_or_default();
    line.to_owned()
}

fn said(decision: &Value) -> Result<Said, String> {
    if matches!(decision, Value::Undefined) {
        return Ok(Said::Nothing);
    }
    let text = |name: &str| -> Result<Option<String>, String> {
        let Value::Object(fields) = decision else {
            return Ok(None);
        };
        match fields.get(&Value::from(name)) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.to_string())),
            Some(_) => Err(format!("`{name}` of its decision is no text")),
        }
    };
    let effect = match decision {
        Value::String(effect) => Some(effect.to_string()),
        _ => text("effect")?,
    };
    let effect = match effect.as_deref() {
        Some("Allow") => DecisionType::Allow,
        Some("Deny") => DecisionType::Deny,
        Some("Hitl") => DecisionType::Hitl,
        _ => return Err("its decision has no effect `Allow`, `Deny` or `Hitl`".to_owned()),
    };
    Ok(Said::Rule {
        effect,
        name: text("rule")?.unwrap_or_else(|| "decision".to_owned()),
        reason: text("reason")?,
    })
}

/// The words behind `input.`; any may be meant where `input` stands without a word behind.
fn words(text: &str) -> Words {
    let is_other = |letter: char| !(letter.is_alphanumeric() || letter == '_');
    let mut words = BTreeSet::new();
    let mut parts = text.split("input");
    parts.next();
    for part in parts {
        let behind = part.strip_prefix('.').unwrap_or_default();
        match behind.split(is_other).next() {
            Some(word) if !word.is_empty() => words.insert(word.to_owned()),
            _ => {
                let all = text.split(is_other).filter(|word| !word.is_empty());
                return Words::Any(all.map(str::to_owned).collect());
            }
        };
    }
    Words::Some(words.into_iter().collect())
}

type Component = Shell<Rego>;

vectra_example_policy::export!(Component);
