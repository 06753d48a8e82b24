//! Policies as they are documented, told as plainly as can be: no index, nothing made
//! ready, and nothing shared with the code under test.

mod compare;
mod fields;

use regex::Regex;
use serde_json::Value;
use std::collections::HashMap;
use vectra_decision::DecisionType;

use crate::request::{Asked, OVERRIDES};
use fields::Seen;

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Its verdict.
    Verdict {
        /// The outcome.
        effect: DecisionType,
        /// The rule that decided.
        rule: Option<String>,
        /// It decided because it cannot be evaluated.
        unclear: bool,
        /// The policy is only tried out.
        shadow: bool,
    },
    /// It depends on what the request means.
    NeedsIntent,
}

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    True,
    False,
    /// It cannot be said.
    Unclear,
    /// It depends on what the request means, and nobody has been asked.
    Unasked,
}

/// The request as it was sent, or in a form that means the same.
pub struct View {
    method: String,
    path: String,
    target_url: String,
}

/// A policy to be asked.
pub struct Reference {
    policy: Value,
    /// The expressions in it, since making one takes long.
    expressions: HashMap<String, Regex>,
}

impl Reference {
    /// A policy, by its document.
    pub fn new(policy: &Value) -> Self {
        let mut expressions = HashMap::new();
        for condition in list(&policy["rules"])
            .iter()
            .flat_map(|rule| list(&rule["conditions"]))
        {
            if text(&condition["operator"]).eq_ignore_ascii_case("regex") {
                let source = text(&condition["value"]);
                let expression = Regex::new(&format!("(?i:{source})")).unwrap();
                expressions.insert(source.to_owned(), expression);
            }
        }
        Self {
            policy: policy.clone(),
            expressions,
        }
    }

    /// Asks about a request: about each of its views; the strictest verdict counts.
    pub fn ask(&self, asked: &Asked) -> Answer {
        let question = &asked.question;
        if !question.agent.trust_score.is_finite() || !question.risk.score.is_finite() {
            return Answer::Verdict {
                effect: DecisionType::Deny,
                rule: None,
                unclear: false,
                shadow: false,
            };
        }
        let answers: Vec<Answer> = views(asked)
            .iter()
            .map(|view| self.decide(asked, view))
            .collect();
        // A Deny stands whatever the request means; less may become one. Of equally
        // strict ones the first that a rule decided tells why.
        let strictness = |answer: &Answer| match answer {
            Answer::Verdict { effect, rule, .. } => match effect {
                DecisionType::Deny => (3, rule.is_some()),
                DecisionType::Hitl => (1, rule.is_some()),
                DecisionType::Allow => (0, rule.is_some()),
            },
            Answer::NeedsIntent => (2, true),
        };
        answers
            .into_iter()
            .rev()
            .max_by_key(strictness)
            .expect("there is at least one view")
    }

    fn decide(&self, asked: &Asked, view: &View) -> Answer {
        let mut rules: Vec<(usize, &Value)> =
            list(&self.policy["rules"]).iter().enumerate().collect();
        rules.sort_by_key(|(_, rule)| -rule["priority"].as_i64().unwrap_or(0));
        for (at, rule) in rules {
            let effect = effect(&rule["effect"], DecisionType::Allow);
            let unclear = match self.matches(rule, effect, asked, view) {
                Is::True => false,
                Is::Unclear => true,
                Is::Unasked => return Answer::NeedsIntent,
                Is::False => continue,
            };
            let name = rule["name"].as_str().map(str::to_owned);
            return self.verdict(
                effect,
                Some(name.unwrap_or(format!("rules[{at}]"))),
                unclear,
            );
        }
        self.verdict(
            effect(&self.policy["default"], DecisionType::Deny),
            None,
            false,
        )
    }

    fn verdict(&self, effect: DecisionType, rule: Option<String>, unclear: bool) -> Answer {
        Answer::Verdict {
            effect,
            rule,
            unclear,
            shadow: self.policy["mode"] == "Shadow",
        }
    }

    /// Whether a rule matches. What is false outweighs what is unclear; a rule that
    /// allows does not match if anything is unclear.
    fn matches(&self, rule: &Value, effect: DecisionType, asked: &Asked, view: &View) -> Is {
        let conditions: Vec<Is> = list(&rule["conditions"])
            .iter()
            .map(|condition| self.holds(condition, effect, asked, view))
            .collect();
        if conditions.contains(&Is::False) {
            return Is::False;
        }
        let unclear = conditions.contains(&Is::Unclear);
        if unclear && effect == DecisionType::Allow {
            return Is::False;
        }
        if conditions.contains(&Is::Unasked) {
            return Is::Unasked;
        }
        if unclear { Is::Unclear } else { Is::True }
    }

    /// Whether a condition holds: of any value of the field, or, to allow, of all.
    fn holds(&self, condition: &Value, effect: DecisionType, asked: &Asked, view: &View) -> Is {
        let field = text(&condition["field"]);
        let values = fields::values(field, asked, view);
        if values.contains(&Seen::Unasked) {
            return Is::Unasked;
        }
        let each: Vec<Is> = values
            .iter()
            .map(|seen| self.compare(condition, seen))
            .collect();
        let order = if effect == DecisionType::Allow {
            [Is::False, Is::Unclear, Is::True]
        } else {
            [Is::True, Is::Unclear, Is::False]
        };
        let first = order.into_iter().find(|is| each.contains(is));
        first.expect("a field has at least one value")
    }

    fn compare(&self, condition: &Value, seen: &Seen) -> Is {
        let value = &condition["value"];
        let operator = text(&condition["operator"]).to_ascii_lowercase();
        compare::compare(&operator, seen, value, || &self.expressions[text(value)])
    }
}

/// All the ways to read the request: each path with each method, for what is behind the
/// gateway may do the one and not the other.
fn views(asked: &Asked) -> Vec<View> {
    let request = &asked.question.request;
    let origin = request.target_url.strip_suffix(&request.path);
    // Whoever heeds one of these headers does so whatever its case.
    let overriding = request
        .headers
        .iter()
        .filter(|(name, _)| OVERRIDES.contains(&name.as_str()))
        .map(|(_, method)| method.to_ascii_uppercase());
    let mut methods = vec![request.method.clone(), request.method.to_ascii_uppercase()];
    methods.extend(overriding);
    let mut views = Vec::new();
    let paths = [&request.path, &request.normalised_path];
    for method in methods {
        for path in paths.into_iter().chain(&asked.plain_paths) {
            views.push(View {
                method: method.clone(),
                path: path.clone(),
                target_url: match origin {
                    Some(origin) => format!("{origin}{path}"),
                    None => request.target_url.clone(),
                },
            });
        }
    }
    views
}

fn effect(value: &Value, default: DecisionType) -> DecisionType {
    match value.as_str() {
        None => default,
        Some("Allow") => DecisionType::Allow,
        Some("Hitl") => DecisionType::Hitl,
        Some(_) => DecisionType::Deny,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
