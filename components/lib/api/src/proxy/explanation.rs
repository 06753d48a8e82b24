//! Why a request was decided so, version 1: everything the decision read, with
//! digests where the value itself may be a secret.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use vectra_decision::{Body, Intent, LookedAt, Risk, Stage};
use vectra_domain::{Agent, Context, HeldRequest, PolicyStatus, Timestamp};

use super::Proxied;
use super::decide::Decided;
use super::mask::mask;
use crate::gateway::VERSION;
use crate::secret::sha256_hex;

/// What an explanation is made of.
pub(super) struct Facts<'a> {
    pub(super) proxied: &'a Proxied,
    pub(super) agent: &'a Agent,
    pub(super) context: &'a Context,
    pub(super) decided: &'a Decided,
    pub(super) held: Option<&'a HeldRequest>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation<'a> {
    v: u8,
    stage: Stage,
    rule: Option<&'a str>,
    risk: &'a Risk,
    intent: Option<&'a Intent>,
    policy: Option<PolicyRevision<'a>>,
    url_sha256: String,
    body_sha256: Option<String>,
    held_sha256: Option<&'a str>,
    trace_id: &'a str,
    component: Component,
    bundle: Option<&'a str>,
    input: Input<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyRevision<'a> {
    name: &'a str,
    revision: u32,
    status: PolicyStatus,
    content_hash: &'a str,
}

#[derive(Serialize)]
struct Component {
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    #[serde(serialize_with = "time")]
    now: Timestamp,
    method: &'a str,
    path: String,
    normalised_path: String,
    body: Inspection<'a>,
    trust: f64,
    policy_name: Option<&'a str>,
    looked_at: Vec<Seen<'a>>,
    activity: Activity,
}

/// What was done with the body.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Inspection<'a> {
    None,
    Inspected { size: u64 },
    Uninspected { size: u64 },
    Undecodable { why: &'a str },
}

#[derive(Serialize)]
struct Seen<'a> {
    field: &'a str,
    value: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Activity {
    recent_total: u32,
    recent_violations: u32,
    baseline_total: u32,
    #[serde(serialize_with = "optional_time")]
    baseline_since: Option<Timestamp>,
}

/// The explanation as JSON. `masked` are the query parameters that hold secrets.
pub(super) fn explain(facts: &Facts, masked: &[String], bundle: Option<&str>) -> String {
    let decision = &facts.decided.decision;
    let Proxied { target, body, .. } = facts.proxied;
    let explanation = Explanation {
        v: 1,
        stage: decision.stage,
        rule: decision.rule.as_deref(),
        risk: &decision.risk,
        intent: facts.decided.intent.as_ref(),
        policy: facts.context.policy.as_ref().map(|policy| PolicyRevision {
            name: &policy.name,
            revision: policy.revision,
            status: policy.status,
            content_hash: &policy.content_hash,
        }),
        url_sha256: sha256_hex(target.url.as_bytes()),
        body_sha256: (!body.is_empty()).then(|| sha256_hex(body)),
        held_sha256: facts.held.map(|held| held.digest.as_str()),
        trace_id: &facts.proxied.trace_id,
        component: Component { version: VERSION },
        bundle,
        input: input(facts, masked),
    };
    // Maps with other keys than text are all that cannot be written, and there is
    // none; the ledger refuses what is no JSON, and with it the request.
    serde_json::to_string(&explanation).unwrap_or_default()
}

fn input<'a>(facts: &Facts<'a>, masked: &[String]) -> Input<'a> {
    let proxied = facts.proxied;
    let activity = facts.context.activity;
    let looked_at = facts.decided.looked_at.iter();
    Input {
        now: proxied.now,
        method: proxied.method.as_str(),
        path: mask(&proxied.target.path, masked),
        normalised_path: mask(&proxied.target.normalised, masked),
        body: match &proxied.inspection {
            Body::None => Inspection::None,
            Body::Inspected(size) => Inspection::Inspected { size: *size },
            Body::Uninspected(size) => Inspection::Uninspected { size: *size },
            Body::Undecodable(why) => Inspection::Undecodable { why },
        },
        trust: facts.agent.trust_score.get(),
        policy_name: facts.agent.policy_name.as_deref(),
        looked_at: looked_at
            .map(|looked| seen(looked, &proxied.body, masked))
            .collect(),
        activity: Activity {
            recent_total: activity.recent_total,
            recent_violations: activity.recent_violations,
            baseline_total: activity.baseline_total,
            baseline_since: activity.baseline_since,
        },
    }
}

/// A value a policy looked at: secrets in URLs masked; texts, lists and objects of
/// the body as their digests, since anything may stand in them.
fn seen<'a>(looked: &'a LookedAt, body: &[u8], masked: &[String]) -> Seen<'a> {
    let field = looked.field.strip_prefix("input.").unwrap_or(&looked.field);
    let value = match field {
        "body" => json!({ "sha256": sha256_hex(body) }),
        _ if field.starts_with("body.") => match serde_json::from_str(&looked.value) {
            Ok(plain @ (Value::Null | Value::Bool(_) | Value::Number(_))) => plain,
            _ => json!({ "sha256": sha256_hex(looked.value.as_bytes()) }),
        },
        _ => match serde_json::from_str(&looked.value) {
            Ok(Value::String(text)) => Value::String(mask(&text, masked)),
            Ok(value) => value,
            // The policy engine cut it off, or it is another's way of writing.
            Err(_) => Value::String(mask(&looked.value, masked)),
        },
    };
    Seen {
        field: &looked.field,
        value,
    }
}

fn time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

fn optional_time<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}
