//! A request that is described, and what it is expected to come to.

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::value::RawValue;
use vectra_decision::{Intent, IntentStatus, Stage};
use vectra_domain::{Activity, AgentId, Timestamp, TrustScore};

use super::verdict::Outcome;
use crate::problem::{Kind, Refusal};
use crate::proxy::dry_run::{Described, Meant};

/// Most cases in one question.
pub(super) const MAX_CASES: usize = 1_000;

/// A question: one request, or cases; what stands beside `cases` holds for those that do
/// not say otherwise.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Question<'a> {
    /// The policy that is tried: its text, or the document itself.
    #[serde(borrow)]
    pub(super) policy: Option<&'a RawValue>,
    /// The revision that is asked in place of the newest.
    pub(super) revision: Option<u32>,
    #[serde(borrow)]
    pub(super) request: Option<Sent<'a>>,
    #[serde(borrow)]
    pub(super) cases: Option<Vec<Case<'a>>>,
    pub(super) agent: Option<Who>,
    pub(super) time: Option<String>,
    pub(super) activity: Option<Busy>,
    pub(super) intent: Option<Means>,
    /// Whether the classifier may be asked where the meaning is needed and not given.
    #[serde(default)]
    pub(super) ask_classifier: bool,
}

/// One of many.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Case<'a> {
    pub(super) name: String,
    #[serde(borrow)]
    pub(super) request: Sent<'a>,
    pub(super) agent: Option<Who>,
    pub(super) time: Option<String>,
    pub(super) activity: Option<Busy>,
    pub(super) intent: Option<Means>,
    pub(super) expect: Option<Expected>,
}

/// What an agent sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent<'a> {
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, Values>,
    /// A text is sent as it is, anything else as the JSON that it is written as.
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

/// A field's value, or its values.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

/// Who sends it.
#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Who {
    trust_score: Option<f64>,
    agent_id: Option<AgentId>,
}

impl Who {
    /// Its id, if none is given the one of zeros, and its trust, if none is given that
    /// of a new agent.
    pub(super) fn read(self) -> Result<(AgentId, TrustScore), Refusal> {
        let id = self.agent_id;
        let id = id.unwrap_or_else(|| AgentId::new(uuid::Uuid::nil()));
        let trust = match self.trust_score {
            None => TrustScore::INITIAL,
            Some(score) => TrustScore::new(score)
                .map_err(|error| Refusal::field("agent.trustScore", error.to_string()))?,
        };
        Ok((id, trust))
    }
}

/// What it has been doing; nothing unless it is said.
#[derive(Deserialize, Clone, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Busy {
    recent_total: u32,
    recent_violations: u32,
    baseline_total: u32,
    baseline_since: Option<String>,
}

impl Busy {
    pub(super) fn read(self) -> Result<Activity, Refusal> {
        let since = self.baseline_since.as_deref();
        Ok(Activity {
            minute_total: 0,
            recent_total: self.recent_total,
            recent_violations: self.recent_violations,
            baseline_total: self.baseline_total,
            baseline_since: since
                .map(|since| time("activity.baselineSince", since))
                .transpose()?,
        })
    }
}

/// What it means, as a classifier would say it.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Means {
    label: String,
    #[serde(default = "certain")]
    confidence: f64,
    status: Option<IntentStatus>,
    #[serde(default)]
    risk_tags: Vec<String>,
}

const fn certain() -> f64 {
    1.0
}

impl Means {
    pub(super) fn read(self) -> Result<Meant, Refusal> {
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err(Refusal::field("intent.confidence", "must be 0 to 1"));
        }
        Ok(Meant::Given(Intent {
            label: self.label,
            confidence: self.confidence,
            status: self.status.unwrap_or(IntentStatus::Classified),
            risk_tags: self.risk_tags,
            explanation: None,
            model: None,
        }))
    }
}

/// What a case is to come to; what is left out may be anything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) outcome: Outcome,
    pub(super) rule: Option<String>,
    pub(super) stage: Option<Stage>,
    pub(super) reason: Option<String>,
    /// What would be decided, were the policy not only tried out.
    pub(super) shadow: Option<Outcome>,
}

impl Sent<'_> {
    /// The request as it would arrive. A body that is written as JSON brings its
    /// Content-Type with it unless another is given.
    pub(super) fn read(&self, now: Timestamp) -> Result<Described, Refusal> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| Refusal::field("request.method", "is no method"))?;
        let uri = format!("/proxy/{}", self.url).parse().map_err(|_| {
            // What no HTTP server would take reaches no gateway either.
            Refusal::new(Kind::BadTarget).detail("the target is no URL")
        })?;
        let mut headers = self.headers()?;
        let body = match self.body.map(RawValue::get) {
            None | Some("null") => Vec::new(),
            Some(json) => match serde_json::from_str::<String>(json) {
                Ok(text) => text.into_bytes(),
                Err(_) => {
                    let kind = HeaderValue::from_static("application/json");
                    headers.entry(CONTENT_TYPE).or_insert(kind);
                    json.as_bytes().to_vec()
                }
            },
        };
        Ok(Described {
            method,
            uri,
            headers,
            body,
            now,
        })
    }

    fn headers(&self) -> Result<HeaderMap, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, values) in &self.headers {
            let values = match values {
                Values::One(value) => std::slice::from_ref(value),
                Values::Many(values) => values,
            };
            let wrong = || Refusal::field("request.headers", format!("`{name}` is no field"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            for value in values {
                let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?;
                headers
                    .try_append(&name, value)
                    .map_err(|_| Refusal::field("request.headers", "are too many"))?;
            }
        }
        Ok(headers)
    }
}

/// A time; `field` is where it stands.
pub(super) fn time(field: &str, text: &str) -> Result<Timestamp, Refusal> {
    text.parse()
        .map_err(|error: vectra_domain::TimeError| Refusal::field(field, error.to_string()))
}
