//! A policy's source, and the code that is kept of it: the same as canonical JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Language;
use crate::bindings::exports::vectra::decision::policy::{Compiled, Problem};
use crate::bindings::vectra::decision::types::DecisionType;

/// Largest source, as for the rules.
const SOURCE: usize = 256 * 1024;
/// Longest name and owner in characters, as for the rules.
const NAME: usize = 100;

#[derive(Clone, Copy, Deserialize, Serialize)]
pub(crate) enum Effect {
    Allow,
    Deny,
    Hitl,
}

impl From<Effect> for DecisionType {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Allow => Self::Allow,
            Effect::Deny => Self::Deny,
            Effect::Hitl => Self::Hitl,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub(crate) enum Mode {
    #[default]
    Enforce,
    Shadow,
}

/// A policy.
#[derive(Deserialize, Serialize)]
pub(crate) struct Source {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) owner: String,
    pub(crate) default: Effect,
    #[serde(default)]
    pub(crate) mode: Mode,
    /// The text, under the language's key, and nothing else.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Source {
    /// Reads a source or a code.
    pub(crate) fn read<L: Language>(json: &str) -> Result<(Self, String), Vec<Problem>> {
        if json.len() > SOURCE {
            return Err(vec![problem(
                "",
                format!("it has more than {SOURCE} bytes"),
            )]);
        }
        let mut source: Self = serde_json::from_str(json).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            vec![problem(&place, error.to_string())]
        })?;
        let mut problems = Vec::new();
        let text = match source.rest.get(L::KEY) {
            Some(Value::String(text)) => text.clone(),
            _ => {
                problems.push(problem(L::KEY, "it must be a text".to_owned()));
                String::new()
            }
        };
        for unknown in source.rest.keys().filter(|key| *key != L::KEY) {
            problems.push(problem(unknown, "this key is not known".to_owned()));
        }
        source.rest.retain(|key, _| key == L::KEY);
        for (key, value) in [("name", &source.name), ("owner", &source.owner)] {
            if value.chars().count() > NAME || (key == "name" && value.trim().is_empty()) {
                problems.push(problem(key, format!("it must have 1 to {NAME} characters")));
            }
        }
        if problems.is_empty() {
            Ok((source, text))
        } else {
            Err(problems)
        }
    }

    /// What the gateway keeps.
    pub(crate) fn compiled(self, rules: u32) -> Result<Compiled, Vec<Problem>> {
        let document =
            serde_json::to_string(&self).map_err(|error| vec![problem("", error.to_string())])?;
        Ok(Compiled {
            default_effect: self.default.into(),
            rule_count: rules,
            shadow: self.mode == Mode::Shadow,
            warnings: Vec::new(),
            code: document.clone().into_bytes(),
            document,
            name: self.name,
            description: self.description,
            owner: self.owner,
        })
    }
}

pub(crate) fn problem(place: &str, message: String) -> Problem {
    Problem {
        place: place.to_owned(),
        message,
    }
}
