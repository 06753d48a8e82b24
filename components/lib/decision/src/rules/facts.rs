//! What is known of a request: all of it when it is decided, and when it is decided
//! again what was kept.

mod body;
mod memory;

use super::budget::Budget;
use super::field::Field;
use super::scalar::{Number, Scalar};
use crate::json::Value;
use crate::{Agent, IntentStatus, Meaning, PolicyQuestion, Recollection, Risk};
use body::Body;
use memory::Memory;

/// One of the values a field has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Actual<'v> {
    /// The request has none.
    Missing,
    /// A value of the request itself.
    Scalar(Scalar<'v>),
    /// A value of the JSON body, not `null`.
    Json(&'v Value<'v>),
    /// A list of texts.
    List(&'v [String]),
    /// It cannot be read; why.
    Unreadable(&'v str),
    /// A text of which only the beginning is known.
    Start(&'v str),
    /// Only the digest of its JSON is known.
    Digest(Digest<'v>),
    /// Nothing is known of it; why.
    Unknown(&'v str),
}

/// What a digest was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Text,
    Number,
    List,
    Object,
}

/// The digest of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digest<'v> {
    /// SHA-256 of its JSON, hexadecimal.
    pub(super) hex: &'v str,
    pub(super) of: Of,
}

/// A method that a header names.
pub(super) enum Method {
    /// In upper case.
    Named(String),
    /// One that was not kept; why.
    Unknown(String),
}

/// Why the meaning is not known, while somebody may still be asked.
pub(super) const UNASKED: &str = "nobody was asked for it";

/// Headers that name another method than the request's own.
pub(super) const OVERRIDES: [&str; 3] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// What is known of a request.
pub(super) struct Facts<'q> {
    pub(super) method: &'q str,
    pub(super) path: &'q str,
    pub(super) normalised_path: &'q str,
    pub(super) target_url: &'q str,
    /// Values of the query in these three may not be the ones that were sent.
    pub(super) masked: bool,
    /// There is a body, and nothing is known of it.
    body_unread: bool,
    agent: &'q Agent,
    risk: &'q Risk,
    intent: &'q Meaning,
    content: Content<'q>,
    pub(super) budget: Budget,
}

/// Headers and body.
enum Content<'q> {
    Sent {
        headers: &'q [(String, String)],
        body: Body<'q>,
    },
    Kept(Memory<'q>),
}

impl<'q> Facts<'q> {
    /// Of a request that is decided.
    pub(super) fn sent(question: &'q PolicyQuestion) -> Self {
        let request = &question.request;
        Self {
            method: &request.method,
            path: &request.path,
            normalised_path: &request.normalised_path,
            target_url: &request.target_url,
            masked: false,
            body_unread: request.body_unread,
            agent: &question.agent,
            risk: &question.risk,
            intent: &question.intent,
            content: Content::Sent {
                headers: &request.headers,
                body: Body::new(request.body.as_deref()),
            },
            budget: Budget::default(),
        }
    }

    /// Of a request that was decided.
    pub(super) fn kept(recollection: &'q Recollection) -> Self {
        Self {
            method: &recollection.method,
            path: &recollection.path,
            normalised_path: &recollection.normalised_path,
            target_url: &recollection.target_url,
            masked: recollection.masked,
            body_unread: recollection.body_unread,
            agent: &recollection.agent,
            risk: &recollection.risk,
            intent: &recollection.intent,
            content: Content::Kept(Memory::new(&recollection.looked_at)),
            budget: Budget::default(),
        }
    }

    /// Whether it is what was kept.
    pub(super) const fn is_kept(&self) -> bool {
        matches!(self.content, Content::Kept(_))
    }

    /// Why nothing can be said, if so.
    pub(super) fn unusable(&self) -> Option<String> {
        let factors = self.risk.factors.iter();
        let factors = factors.map(|factor| (format!("risk.{}", factor.name), factor.score));
        let scores = [
            ("agent.trust_score".to_owned(), self.agent.trust_score),
            ("risk.score".to_owned(), self.risk.score),
        ];
        scores
            .into_iter()
            .chain(factors)
            .find(|(_, number)| !number.is_finite())
            .map(|(name, _)| format!("Policy cannot be asked: `{name}` is not a number"))
    }

    /// Why a request cannot be decided again at all, if so.
    pub(super) fn forgotten(&self) -> Option<&'static str> {
        match &self.content {
            Content::Kept(memory) => memory.useless(),
            Content::Sent { .. } => None,
        }
    }

    /// The methods that headers name.
    pub(super) fn named_methods(&self) -> Vec<Method> {
        let named = |value: &str| Method::Named(value.trim().to_ascii_uppercase());
        match &self.content {
            Content::Sent { headers, .. } => headers
                .iter()
                .filter(|(name, _)| OVERRIDES.contains(&name.to_ascii_lowercase().as_str()))
                .map(|(_, value)| named(value))
                .collect(),
            Content::Kept(memory) => OVERRIDES
                .iter()
                .flat_map(|name| {
                    let field = format!("headers.{name}");
                    let values = memory.given(&field);
                    let method = |value: &Actual<'_>| match value {
                        Actual::Missing => None,
                        Actual::Scalar(Scalar::Text(value)) => Some(named(value)),
                        Actual::Json(Value::Text(value)) => Some(named(value)),
                        _ => Some(Method::Unknown(format!("{field}: it was not kept"))),
                    };
                    values.iter().filter_map(method).collect::<Vec<Method>>()
                })
                .collect(),
        }
    }

    /// All the values of a field that is the same in all views, at least one.
    pub(super) fn values<'v>(&'v self, field: &Field) -> Vec<Actual<'v>> {
        let text = |text: &'v str| vec![Actual::Scalar(Scalar::Text(text))];
        match field {
            Field::AgentId => text(&self.agent.id),
            Field::PolicyName => match &self.agent.policy_name {
                Some(name) => text(name),
                None => vec![Actual::Missing],
            },
            Field::TrustScore => number(self.agent.trust_score),
            Field::RiskScore => number(self.risk.score),
            Field::RiskFactor(name) => {
                let mut factors = self.risk.factors.iter();
                match factors.find(|factor| factor.name == *name) {
                    Some(factor) => number(factor.score),
                    None => vec![Actual::Unreadable("this factor is not known")],
                }
            }
            Field::IntentLabel
            | Field::IntentConfidence
            | Field::IntentStatus
            | Field::IntentRiskTags => vec![self.meaning(field)],
            content => self.content(content),
        }
    }

    fn meaning(&self, field: &Field) -> Actual<'_> {
        let intent = match self.intent {
            Meaning::Unasked => return Actual::Unknown(UNASKED),
            Meaning::Unknown => return Actual::Unreadable("nobody can say"),
            Meaning::Known(intent) => intent,
        };
        if intent.status == IntentStatus::Failed {
            return Actual::Unreadable("the classification failed");
        }
        match field {
            Field::IntentLabel => Actual::Scalar(Scalar::Text(&intent.label)),
            Field::IntentStatus => Actual::Scalar(Scalar::Text("classified")),
            Field::IntentRiskTags => Actual::List(&intent.risk_tags),
            _ if intent.confidence.is_finite() => {
                Actual::Scalar(Scalar::Number(Number::Float(intent.confidence)))
            }
            _ => Actual::Unreadable("it is not a number"),
        }
    }

    fn content<'v>(&'v self, field: &Field) -> Vec<Actual<'v>> {
        if self.body_unread && matches!(field, Field::Body | Field::BodyPath(_)) {
            return vec![Actual::Unreadable("the body was not read")];
        }
        let values = match &self.content {
            Content::Kept(memory) => memory.values(&field.canonical()),
            Content::Sent { headers, body } => match field {
                Field::Header(name) => headers
                    .iter()
                    .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                    .map(|(_, value)| Actual::Scalar(Scalar::Text(value)))
                    .collect(),
                Field::Body => body
                    .text()
                    .map(|text| Actual::Scalar(Scalar::Text(text)))
                    .into_iter()
                    .collect(),
                Field::BodyPath(path) => body.at(path, &self.budget),
                _ => Vec::new(),
            },
        };
        if values.is_empty() {
            vec![Actual::Missing]
        } else {
            values
        }
    }
}

fn number<'v>(number: f64) -> Vec<Actual<'v>> {
    vec![Actual::Scalar(Scalar::Number(Number::Float(number)))]
}
