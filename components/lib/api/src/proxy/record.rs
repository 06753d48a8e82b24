//! What is recorded of a decision.

use vectra_decision::{Decision, DecisionType as Outcome, Stage};
use vectra_domain::{
    Agent, AuditId, AuditTrail, Context, DecisionType, Entry, HeldRequest, HistoryId, Probe,
    RiskScore, TrustRule,
};

use super::Proxied;
use super::decide::Decided;
use super::explanation::Facts;
use super::mask::mask;
use super::quota::Quota;
use crate::gateway::Gateway;

/// Longest reason that is recorded, in bytes.
const MAX_REASON: usize = 2 * 1024;

/// What bounds a decision beside itself.
pub(super) struct Bounds {
    /// The request to hold, if it is held.
    pub(super) held: Option<HeldRequest>,
    /// How many requests the agent may make.
    pub(super) quota: Option<Quota>,
    /// The probe it wants to be, if it is let out.
    pub(super) probe: Option<Probe>,
}

impl<U> Gateway<'_, U> {
    /// The entry for the ledger.
    pub(super) fn entry(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        context: &Context,
        decided: &Decided,
        bounds: Bounds,
    ) -> Entry {
        let Bounds { held, quota, probe } = bounds;
        let Decided { decision, .. } = decided;
        let mut audit = self.audit_row(proxied, agent, decision);
        if let Some(held) = &held {
            // It is sealed with the id of the row that holds it.
            audit.id = held.audit_id;
        }
        let facts = Facts {
            proxied,
            policy: context.policy.as_ref(),
            decided,
            held: held.as_ref(),
        };
        let explanation = self.explain(&facts);
        Entry {
            explanation,
            audit,
            history_id: HistoryId::new(self.ports.uuid()),
            rate_limit: quota.map(Quota::limit),
            trust: TrustRule {
                target: decision.trust.target,
                rate: decision.trust.rate,
            },
            trust_floor: self.settings.trust_floor,
            counter: counter(decision),
            held,
            held_limits: self.settings.held.limits,
            probe,
        }
    }
}

impl<U> Gateway<'_, U> {
    /// The audit row of a decision.
    pub(super) fn audit_row(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        decision: &Decision,
    ) -> AuditTrail {
        let names = &self.settings.proxy.masked_parameters;
        AuditTrail {
            id: AuditId::new(self.ports.uuid()),
            agent_id: agent.id,
            decision_type: stored(decision.outcome),
            reason: decision.reason.as_deref().map(recordable),
            method: proxied.method.as_str().to_owned(),
            path: mask(&proxied.target.path, names),
            target_url: mask(&proxied.target.url, names),
            risk_score: risk_score(decision.risk.score),
            timestamp: proxied.now,
        }
    }
}

/// The counter of a decision: its outcome and its stage, and what would have been.
fn counter(decision: &Decision) -> String {
    let outcome = |outcome| match outcome {
        Outcome::Allow => "allow",
        Outcome::Deny => "deny",
        Outcome::Hitl => "hitl",
    };
    let stage = |stage| match stage {
        Stage::Target => "target",
        Stage::Body => "body",
        Stage::Policy => "policy",
        Stage::Risk => "risk",
        Stage::Semantic => "semantic",
        Stage::None => "none",
    };
    let decided = outcome(decision.outcome);
    match &decision.shadow {
        Some(objection) => format!(
            "{decided}/{}/shadow-{}",
            stage(objection.stage),
            outcome(objection.outcome)
        ),
        None => format!("{decided}/{}", stage(decision.stage)),
    }
}

pub(crate) const fn stored(outcome: Outcome) -> DecisionType {
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
pub(crate) fn recordable(reason: &str) -> String {
    let end = reason.floor_char_boundary(MAX_REASON);
    reason
        .get(..end)
        .unwrap_or_default()
        .replace('\0', "\u{fffd}")
}
