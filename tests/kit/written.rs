//! Inputs and answers as JSON that names everything as the WIT does: records as objects,
//! enums as texts, variants as `{"tag": …, "val": …}`, what is not there as `null`.

use serde_json::{Value, json};
use vectra_decision::{
    Body, Decision, DecisionType, Evaluation, Input, Intent, IntentAnswer, IntentStatus, LookedAt,
    PolicyAnswer, Risk, Settings, Shown, Stage, Verdict,
};

/// A `vectra:decision/types.input`. Its numbers are all exact in JSON.
pub fn input(input: &Input) -> Value {
    let (request, agent, activity) = (&input.request, &input.agent, &input.activity);
    json!({
        "now": input.now,
        "request": {
            "method": request.method,
            "path": request.path,
            "normalised-path": request.normalised_path,
            "target-url": request.target_url,
            "body": match &request.body {
                Body::None => json!({ "tag": "none" }),
                Body::Inspected(bytes) => tagged("inspected", json!(bytes)),
                Body::Uninspected(bytes) => tagged("uninspected", json!(bytes)),
                Body::Undecodable(why) => tagged("undecodable", json!(why)),
            },
            "target-refusal": request.target_refusal,
        },
        "agent": {
            "id": agent.id,
            "trust-score": agent.trust_score,
            "policy-name": agent.policy_name,
        },
        "activity": {
            "recent-total": activity.recent_total,
            "recent-violations": activity.recent_violations,
            "baseline-total": activity.baseline_total,
            "baseline-since": activity.baseline_since,
        },
        "policy": match &input.policy {
            PolicyAnswer::Unassigned => json!({ "tag": "unassigned" }),
            PolicyAnswer::Pending => json!({ "tag": "pending" }),
            PolicyAnswer::Unusable(why) => tagged("unusable", json!(why)),
            PolicyAnswer::Answered(answer) => tagged("answered", verdict(answer)),
        },
        "intent": match &input.intent {
            IntentAnswer::Pending => json!({ "tag": "pending" }),
            IntentAnswer::Answered(answer) => tagged("answered", intent(answer)),
        },
        "settings": settings(&input.settings),
    })
}

/// A `vectra:decision/engine.evaluation`.
pub fn answer(evaluation: &Evaluation) -> Value {
    match evaluation {
        Evaluation::Decided(answer) => tagged("decided", decision(answer)),
        Evaluation::NeedsPolicy(answer) => tagged("needs-policy", risk(answer)),
        Evaluation::NeedsIntent(answer) => tagged("needs-intent", risk(answer)),
    }
}

fn tagged(tag: &str, value: Value) -> Value {
    json!({ "tag": tag, "val": value })
}

const fn outcome(outcome: DecisionType) -> &'static str {
    match outcome {
        DecisionType::Allow => "allow",
        DecisionType::Deny => "deny",
        DecisionType::Hitl => "hitl",
    }
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Target => "target",
        Stage::Body => "body",
        Stage::Policy => "policy",
        Stage::Risk => "risk",
        Stage::Semantic => "semantic",
        Stage::None => "none",
    }
}

fn verdict(verdict: &Verdict) -> Value {
    json!({
        "effect": outcome(verdict.effect),
        "rule": verdict.rule,
        "reason": verdict.reason,
        "looked-at": verdict.looked_at.iter().map(looked_at).collect::<Vec<_>>(),
        "shadow": verdict.shadow,
    })
}

fn looked_at(looked_at: &LookedAt) -> Value {
    json!({
        "field": looked_at.field,
        "value": match &looked_at.value {
            Shown::Absent => json!({ "tag": "absent" }),
            Shown::Plain(value) => tagged("plain", json!(value)),
            Shown::Digest(value) => tagged("digest", json!(value)),
            Shown::Unreadable(why) => tagged("unreadable", json!(why)),
        },
    })
}

fn intent(intent: &Intent) -> Value {
    json!({
        "label": intent.label,
        "confidence": intent.confidence,
        "status": match intent.status {
            IntentStatus::Classified => "classified",
            IntentStatus::Failed => "failed",
        },
        "risk-tags": intent.risk_tags,
        "explanation": intent.explanation,
        "model": intent.model,
    })
}

fn settings(settings: &Settings) -> Value {
    let (weights, rates) = (&settings.risk_weights, &settings.trust_rates);
    json!({
        "unassigned": outcome(settings.unassigned),
        "undecodable-body": outcome(settings.undecodable_body),
        "risk-weights": {
            "method": weights.method,
            "path": weights.path,
            "agent-history": weights.agent_history,
            "time-of-day": weights.time_of_day,
            "body-size": weights.body_size,
            "anomaly": weights.anomaly,
        },
        "risk-paths": settings.risk_paths.as_ref().map(|marks| {
            let mark = |mark: &vectra_decision::PathMark| {
                json!({ "pattern": mark.pattern, "score": mark.score })
            };
            marks.iter().map(mark).collect::<Vec<_>>()
        }),
        "risk-threshold": settings.risk_threshold,
        "semantic": settings.semantic.as_ref().map(|semantic| json!({
            "confidence-threshold": semantic.confidence_threshold,
            "low-confidence": outcome(semantic.low_confidence),
            "on-failure": outcome(semantic.on_failure),
            "deny-labels": semantic.deny_labels,
            "hold-labels": semantic.hold_labels,
        })),
        "trust-rates": { "allow": rates.allow, "hitl": rates.hitl, "deny": rates.deny },
        "shadow": settings.shadow,
    })
}

fn risk(risk: &Risk) -> Value {
    let factor = |factor: &vectra_decision::RiskFactor| json!({ "name": factor.name, "score": factor.score, "weight": factor.weight });
    json!({
        "score": risk.score,
        "factors": risk.factors.iter().map(factor).collect::<Vec<_>>(),
    })
}

fn decision(decision: &Decision) -> Value {
    json!({
        "outcome": outcome(decision.outcome),
        "reason": decision.reason,
        "stage": stage(decision.stage),
        "rule": decision.rule,
        "risk": risk(&decision.risk),
        "trust": { "target": decision.trust.target, "rate": decision.trust.rate },
        "shadow": decision.shadow.as_ref().map(|objection| json!({
            "outcome": outcome(objection.outcome),
            "reason": objection.reason,
            "stage": stage(objection.stage),
            "rule": objection.rule,
        })),
    })
}
