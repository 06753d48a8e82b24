//! One way to read a request, as an engine sees it.

use serde_json::{Map, Value, json};

use crate::bindings::exports::vectra::decision::policy::{Meaning, Request};
use crate::bindings::vectra::decision::types::{Agent, Intent, IntentStatus, Risk};
use crate::overrides;
use crate::shell::Asked;

/// One way to read a request.
pub struct Facts<'q> {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: &'q str,
    /// The target with this path.
    pub target_url: String,
    /// The request.
    pub request: &'q Request,
    /// Who asks.
    pub agent: &'q Agent,
    /// How risky it is.
    pub risk: &'q Risk,
    /// What it means, if somebody could say.
    pub intent: Option<&'q Intent>,
    /// Its body read as JSON, if it is JSON.
    pub json: Option<&'q Value>,
}

/// What a request means, if somebody could say: of all else nothing can be evaluated.
pub(crate) fn classified(intent: &Meaning) -> Option<&Intent> {
    match intent {
        Meaning::Known(intent)
            if intent.status == IntentStatus::Classified && intent.confidence.is_finite() =>
        {
            Some(intent)
        }
        Meaning::Known(_) | Meaning::Unknown | Meaning::Unasked => None,
    }
}

impl<'q> Facts<'q> {
    /// All the ways to read a request: as sent, normalised, with each method it names.
    ///
    /// # Errors
    /// There are too many.
    pub(crate) fn all(asked: &Asked<'q>, json: Option<&'q Value>) -> Result<Vec<Self>, String> {
        let request = asked.request;
        let named = overrides::named(request);
        let mut methods = vec![request.method.clone(), request.method.to_ascii_uppercase()];
        methods.extend(
            named
                .iter()
                .map(|(_, value)| value.trim().to_ascii_uppercase()),
        );
        methods.sort_unstable();
        methods.dedup();
        let mut paths = vec![request.path.as_str(), request.normalised_path.as_str()];
        paths.dedup();
        if named.len() > overrides::MOST || methods.len() * paths.len() > overrides::MOST {
            return Err("too many methods are named".to_owned());
        }
        let read = |(method, path): (&String, &'q str)| Self {
            method: method.clone(),
            path,
            target_url: target_url(request, path),
            request,
            agent: asked.agent,
            risk: asked.risk,
            intent: classified(asked.intent),
            json,
        };
        let pairs = methods
            .iter()
            .flat_map(|method| paths.iter().map(move |path| (method, *path)));
        Ok(pairs.map(read).collect())
    }

    /// The facts as JSON: `method`, `path`, `targetUrl`, `headers` (lists of values by name),
    /// `body` (its text) and `json` (the same read as JSON) if there is one, `agent`, `risk`
    /// and, if somebody knows it, `intent`.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut headers: Map<String, Value> = Map::new();
        for (name, value) in &self.request.headers {
            let values = headers.entry(name.clone()).or_insert_with(|| json!([]));
            if let Value::Array(values) = values {
                values.push(json!(value));
            }
        }
        let factors = self.risk.factors.iter();
        let factors: Map<String, Value> = factors
            .map(|factor| (factor.name.clone(), json!(factor.score)))
            .collect();
        let mut facts = json!({
            "method": self.method,
            "path": self.path,
            "targetUrl": self.target_url,
            "headers": headers,
            "bodyUnread": self.request.body_unread,
            "agent": { "id": self.agent.id, "trustScore": self.agent.trust_score },
            "risk": { "score": self.risk.score, "factors": factors },
        });
        let mut add = |pointer: &str, name: &str, value: Value| {
            if let Some(Value::Object(fields)) = facts.pointer_mut(pointer) {
                fields.insert(name.to_owned(), value);
            }
        };
        if let Some(name) = &self.agent.policy_name {
            add("/agent", "policyName", json!(name));
        }
        if let Some(body) = &self.request.body {
            add("", "body", json!(body));
        }
        if let Some(value) = self.json {
            add("", "json", value.clone());
        }
        if let Some(intent) = self.intent {
            add(
                "",
                "intent",
                json!({
                    "label": intent.label,
                    "confidence": intent.confidence,
                    "riskTags": intent.risk_tags,
                }),
            );
        }
        facts
    }
}

/// The target with this path in place of the one it was sent with.
fn target_url(request: &Request, path: &str) -> String {
    match request.target_url.strip_suffix(request.path.as_str()) {
        Some(origin) => format!("{origin}{path}"),
        None => request.target_url.clone(),
    }
}
