//! What is recorded of a decision: the audit row and its explanation.

use serde_json::{Value, json};
use vectra_decision::{Body, DecisionType as Outcome, LookedAt};
use vectra_domain::{
    Agent, AuditId, AuditTrail, Context, DecisionType, Entry, HeldRequest, HistoryId, Policy,
    RiskScore, TrustRule,
};

use super::Proxied;
use super::decide::Decided;
use super::mask::mask;
use crate::gateway::{Gateway, VERSION};
use crate::secret::sha256_hex;

/// Longest reason that is recorded, in bytes.
const MAX_REASON: usize = 2 * 1024;

impl<U> Gateway<'_, U> {
    /// The entry for the ledger.
    pub(super) fn entry(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        context: &Context,
        decided: &Decided,
        mut held: Option<HeldRequest>,
    ) -> Entry {
        let Decided { decision, .. } = decided;
        let names = &self.settings.proxy.masked_parameters;
        let id = AuditId::new(self.ports.uuid());
        if let Some(held) = &mut held {
            held.audit_id = id;
        }
        let audit = AuditTrail {
            id,
            agent_id: agent.id,
            decision_type: stored(decision.outcome),
            reason: decision.reason.as_deref().map(recordable),
            method: proxied.method.as_str().to_owned(),
            path: mask(&proxied.target.path, names),
            target_url: mask(&proxied.target.url, names),
            risk_score: risk_score(decision.risk.score),
            timestamp: proxied.now,
        };
        let explanation = self.explanation(proxied, agent, context, decided, held.as_ref());
        Entry {
            explanation: explanation.to_string(),
            audit,
            history_id: HistoryId::new(self.ports.uuid()),
            rate_limit: self.settings.rate_limit,
            trust: TrustRule {
                target: decision.trust.target,
                rate: decision.trust.rate,
            },
            held,
            held_limits: self.settings.held.limits,
            probe: None,
        }
    }

    /// Why it was decided so, version 1: everything the decision read, with digests
    /// where the value itself may be a secret.
    fn explanation(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        context: &Context,
        decided: &Decided,
        held: Option<&HeldRequest>,
    ) -> Value {
        let Decided {
            decision,
            looked_at,
            intent,
        } = decided;
        let names = &self.settings.proxy.masked_parameters;
        let target = &proxied.target;
        let body = &proxied.body;
        json!({
            "v": 1,
            "stage": decision.stage,
            "rule": decision.rule,
            "risk": decision.risk,
            "intent": intent,
            "policy": context.policy.as_ref().map(policy),
            "urlSha256": sha256_hex(target.url.as_bytes()),
            "bodySha256": (!body.is_empty()).then(|| sha256_hex(body)),
            "heldSha256": held.map(|held| &held.digest),
            "traceId": proxied.trace_id,
            "component": { "version": VERSION },
            "bundle": self.ports.bundle_digest,
            "input": {
                "now": proxied.now.to_string(),
                "method": proxied.method.as_str(),
                "path": mask(&target.path, names),
                "normalisedPath": mask(&target.normalised, names),
                "body": inspection(&proxied.inspection),
                "trust": agent.trust_score.get(),
                "policyName": agent.policy_name,
                "lookedAt": looked_at.iter().map(|looked| seen(looked, names)).collect::<Vec<_>>(),
                "activity": {
                    "recentTotal": context.activity.recent_total,
                    "recentViolations": context.activity.recent_violations,
                    "baselineTotal": context.activity.baseline_total,
                    "baselineSince":
                        context.activity.baseline_since.map(|time| time.to_string()),
                },
            },
        })
    }
}

/// A value a policy looked at: secrets in URLs masked, a whole body as its digest.
fn seen(looked: &LookedAt, names: &[String]) -> Value {
    let field = looked.field.strip_prefix("input.").unwrap_or(&looked.field);
    let value = match field {
        "body" => json!({ "sha256": sha256_hex(looked.value.as_bytes()) }),
        _ => match serde_json::from_str(&looked.value) {
            Ok(Value::String(text)) => json!(mask(&text, names)),
            Ok(value) => value,
            // The policy engine cut it off, or it is another's way of writing.
            Err(_) => json!(mask(&looked.value, names)),
        },
    };
    json!({ "field": looked.field, "value": value })
}

fn policy(policy: &Policy) -> Value {
    json!({
        "name": policy.name,
        "revision": policy.revision,
        "status": policy.status,
        "contentHash": policy.content_hash,
    })
}

fn inspection(body: &Body) -> Value {
    match body {
        Body::None => json!({ "kind": "none" }),
        Body::Inspected(size) => json!({ "kind": "inspected", "size": size }),
        Body::Uninspected(size) => json!({ "kind": "uninspected", "size": size }),
        Body::Undecodable(why) => json!({ "kind": "undecodable", "why": why }),
    }
}

const fn stored(outcome: Outcome) -> DecisionType {
    match outcome {
        Outcome::Allow => DecisionType::Allow,
        Outcome::Deny => DecisionType::Deny,
        Outcome::Hitl => DecisionType::Hitl,
    }
}

/// A score that is none counts as the highest.
fn risk_score(score: f64) -> RiskScore {
    RiskScore::new(score).unwrap_or(RiskScore::MAX)
}

/// A reason the database can hold: no U+0000, and of bounded length.
fn recordable(reason: &str) -> String {
    let end = reason.floor_char_boundary(MAX_REASON);
    reason
        .get(..end)
        .unwrap_or_default()
        .replace('\0', "\u{fffd}")
}
