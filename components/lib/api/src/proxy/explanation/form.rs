//! The form of an explanation, version 2: one form to write and to read.
//!
//! What is left out has its usual value, so that a row stays small: absent, false, or
//! what [`KeptSettings`] calls the default.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vectra_decision::{self as decision, DecisionType, IntentStatus, Objection, Stage};
use vectra_domain::{PolicyStatus, Timestamp};

use super::looked_at::LookedAtValues;
use super::settings::KeptSettings;

/// The version that is written. Readers show others and decide nothing again with them.
pub(crate) const VERSION: u8 = 2;

/// Why a request was decided so.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation<'a> {
    pub(crate) v: u8,
    /// What was decided. A row with another outcome tells of what the host did then.
    pub(crate) outcome: DecisionType,
    pub(crate) stage: Stage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shadow: Option<Cow<'a, Objection>>,
    #[serde(borrow)]
    pub(crate) risk: Risk<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<PolicyState<'a>>,
    /// What the policy said; none if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verdict: Option<Word<'a>>,
    /// What the classifier said; none if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) intent: Option<Intent<'a>>,
    pub(crate) trust: Trust,
    #[serde(default, skip_serializing_if = "KeptSettings::is_default")]
    pub(crate) settings: KeptSettings<'a>,
    pub(crate) url_sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body_sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held_sha256: Option<Cow<'a, str>>,
    pub(crate) trace_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<Cow<'a, str>>,
    pub(crate) component: Component<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bundle: Option<Cow<'a, str>>,
    pub(crate) input: Input<'a>,
}

/// The risk; its weights are among the settings.
#[derive(Serialize, Deserialize)]
pub(crate) struct Risk<'a> {
    pub(crate) score: f64,
    #[serde(borrow)]
    pub(crate) factors: BTreeMap<&'a str, f64>,
}

impl<'a> Risk<'a> {
    pub(crate) fn of(risk: &'a decision::Risk) -> Self {
        let factors = risk.factors.iter();
        Self {
            score: risk.score,
            factors: factors
                .map(|factor| (factor.name.as_str(), factor.score))
                .collect(),
        }
    }
}

/// Who answers for policies.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Provider {
    /// The policies of the database.
    Internal,
    /// A policy server.
    Opa,
    /// Nobody: policies are switched off.
    Off,
}

/// The agent's policy as it was then.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyState<'a> {
    pub(crate) provider: Provider,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Cow<'a, str>>,
    /// None if there was no such policy, or if another provider was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<PolicyStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_hash: Option<Cow<'a, str>>,
}

/// What a policy said: an effect, or why it could not be asked.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Word<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) effect: Option<DecisionType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Cow<'a, str>>,
    /// The policy is only tried out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) shadow: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unusable: Option<Cow<'a, str>>,
}

/// What the classifier said.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Intent<'a> {
    pub(crate) label: Cow<'a, str>,
    pub(crate) confidence: f64,
    pub(crate) status: IntentStatus,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub(crate) risk_tags: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<Cow<'a, str>>,
}

/// How the decision moved trust: `before + rate × (target − before)`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Trust {
    pub(crate) before: f64,
    pub(crate) after: f64,
    pub(crate) target: f64,
    pub(crate) rate: f64,
    /// Below it the agent is quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<f64>,
}

/// The component that decided.
#[derive(Serialize, Deserialize)]
pub(crate) struct Component<'a> {
    pub(crate) version: Cow<'a, str>,
}

/// What the decision read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input<'a> {
    #[serde(serialize_with = "time", deserialize_with = "read_time")]
    pub(crate) now: Timestamp,
    pub(crate) method: Cow<'a, str>,
    pub(crate) path: Cow<'a, str>,
    /// None if it is the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) normalised_path: Option<Cow<'a, str>>,
    /// Values of the query were masked in the paths.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) masked: bool,
    /// The target without its path: scheme and host in their one form.
    pub(crate) origin: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_refusal: Option<Cow<'a, str>>,
    pub(crate) body: Inspection<'a>,
    pub(crate) trust: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy_name: Option<Cow<'a, str>>,
    pub(crate) activity: decision::Activity,
    #[serde(default, skip_serializing_if = "LookedAtValues::is_empty")]
    pub(crate) looked_at: LookedAtValues<'a>,
}

/// What was done with the body.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Inspection<'a> {
    None,
    Inspected { size: u64 },
    Uninspected { size: u64 },
    Undecodable { why: Cow<'a, str> },
}

const fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_empty(list: &[String]) -> bool {
    list.is_empty()
}

fn time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
