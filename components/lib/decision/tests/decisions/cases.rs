//! Reading the data, and requests made of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use vectra_decision::{
    Activity, Agent, Body, Decision, DecisionType, Evaluation, Input, Intent, IntentAnswer,
    IntentStatus, Meaning, PolicyAnswer, PolicyQuestion, PolicyReply, PolicyRequest, Request, Risk,
    RiskFactor, RiskWeights, SemanticSettings, Settings, TrustRates, Verdict, evaluate, rules,
};

/// Wednesday 2026-01-28, noon UTC.
pub const NOON: i64 = 1_769_601_600_000_000;

/// The folder of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The text of a file, by its path in the repository.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows of a data file.
pub fn rows<T: DeserializeOwned>(path: &str) -> Vec<T> {
    let rows: Vec<T> =
        serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(!rows.is_empty(), "{path} has no rows");
    rows
}

/// A request as the data tells it; what is left out has a plain value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Told {
    pub method: Option<String>,
    pub path: Option<String>,
    pub normalised_path: Option<String>,
    pub target_url: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    pub body_unread: bool,
    pub trust_score: Option<f64>,
    pub agent_id: Option<String>,
    pub policy_name: Option<String>,
    pub risk: Option<f64>,
    /// Scores of risk factors.
    pub factors: BTreeMap<String, f64>,
    /// Left out: not asked; `null`: nobody can be asked.
    #[serde(deserialize_with = "told")]
    pub intent: Option<Option<Intent>>,
}

fn told<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<Intent>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// The names of the risk factors.
pub const FACTORS: [&str; 6] = [
    "method",
    "path",
    "agent_history",
    "time_of_day",
    "body_size",
    "anomaly",
];

/// The verdict of a policy that needs no intent.
pub fn asked(code: &[u8], question: &PolicyQuestion) -> Verdict {
    match rules::evaluate(code, question) {
        PolicyReply::Verdict(verdict) => verdict,
        PolicyReply::NeedsIntent => panic!("the intent is needed: {question:?}"),
    }
}

impl Told {
    /// What a policy is asked about it.
    pub fn question(&self) -> PolicyQuestion {
        let path = self.path.clone().unwrap_or_else(|| "/".into());
        PolicyQuestion {
            request: PolicyRequest {
                method: self.method.clone().unwrap_or_else(|| "GET".into()),
                normalised_path: self.normalised_path.clone().unwrap_or_else(|| path.clone()),
                target_url: self
                    .target_url
                    .clone()
                    .unwrap_or_else(|| format!("http://upstream.example{path}")),
                path,
                headers: self.headers.clone(),
                body: self.body.clone(),
                body_unread: self.body_unread,
            },
            agent: Agent {
                id: self.agent_id.clone().unwrap_or_else(|| AGENT.into()),
                trust_score: self.trust_score.unwrap_or(0.5),
                policy_name: self.policy_name.clone(),
            },
            risk: Risk {
                score: self.risk.unwrap_or(0.1),
                factors: FACTORS
                    .into_iter()
                    .map(|name| RiskFactor {
                        name: name.into(),
                        score: self.factors.get(name).copied().unwrap_or(0.1),
                        weight: 0.1,
                    })
                    .collect(),
            },
            intent: match &self.intent {
                None => Meaning::Unasked,
                Some(None) => Meaning::Unknown,
                Some(Some(intent)) => Meaning::Known(intent.clone()),
            },
        }
    }
}

/// The agent of most requests.
pub const AGENT: &str = "6f1c2a4e-0000-4000-8000-000000000001";

/// An input that is allowed: a harmless request of an agent without a policy.
pub fn harmless() -> Input {
    Input {
        now: NOON,
        request: Request {
            method: "GET".into(),
            path: "/api/data".into(),
            normalised_path: "/api/data".into(),
            target_url: "http://upstream.example/api/data".into(),
            body: Body::None,
            target_refusal: None,
        },
        agent: Agent {
            id: AGENT.into(),
            trust_score: 0.5,
            policy_name: None,
        },
        activity: Activity::default(),
        policy: PolicyAnswer::Unassigned,
        intent: IntentAnswer::Pending,
        settings: Settings {
            unassigned: DecisionType::Allow,
            undecodable_body: DecisionType::Deny,
            risk_weights: RiskWeights::default(),
            risk_paths: None,
            risk_threshold: 0.8,
            semantic: None,
            trust_rates: TrustRates::default(),
            shadow: false,
        },
    }
}

/// The harmless input, changed.
pub fn with(change: impl FnOnce(&mut Input)) -> Input {
    let mut input = harmless();
    change(&mut input);
    input
}

/// The decision on an input that needs no further answer.
pub fn decide(input: &Input) -> Decision {
    match evaluate(input) {
        Evaluation::Decided(decision) => decision,
        other => panic!("not decided: {other:?}"),
    }
}

/// A policy's answer.
pub fn verdict(effect: DecisionType, rule: Option<&str>, reason: Option<&str>) -> PolicyAnswer {
    PolicyAnswer::Answered(Verdict {
        effect,
        rule: rule.map(str::to_owned),
        reason: reason.map(str::to_owned),
        looked_at: Vec::new(),
        shadow: false,
    })
}

/// Settings under which `harmful` is denied and `bulk_export` held.
pub fn semantic() -> SemanticSettings {
    SemanticSettings {
        confidence_threshold: 0.7,
        low_confidence: DecisionType::Hitl,
        on_failure: DecisionType::Hitl,
        deny_labels: vec!["harmful".into()],
        hold_labels: vec!["bulk_export".into()],
    }
}

/// A classifier's answer.
pub fn intent(label: &str, confidence: f64, status: IntentStatus) -> IntentAnswer {
    IntentAnswer::Answered(Intent {
        label: label.into(),
        confidence,
        status,
        risk_tags: Vec::new(),
        explanation: None,
        model: None,
    })
}
