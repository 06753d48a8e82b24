//! One line in the log for each request: JSON, the same fields on every branch.

use std::cell::Cell;

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use vectra_decision::DecisionType;
use vectra_domain::{Context, Entry, Timestamp};

use crate::auth::Caller;
use crate::problem::Refusal;
use crate::proxy::Decided;

/// Longest target, rule, method and text of a failure that is told, in bytes: hosts cut
/// lines, and half a line is no JSON.
const MAX_TEXT: usize = 512;

/// What is told of a request; none of it is a secret. What does not apply is null.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Line {
    event: &'static str,
    time: String,
    request_id: String,
    trace_id: Option<String>,
    method: String,
    /// The pattern of the route, not what stands in its place.
    route: Option<&'static str>,
    agent_id: Option<String>,
    operator_id: Option<String>,
    audit_id: Option<String>,
    /// Where an agent's request goes; secrets in its query are masked.
    target: Option<String>,
    outcome: Option<&'static str>,
    stage: Option<Value>,
    rule: Option<String>,
    /// What would have been decided, were it not only tried out.
    shadow: Option<&'static str>,
    risk_score: Option<f64>,
    policy: Option<String>,
    policy_revision: Option<u32>,
    status: u16,
    upstream_status: Option<u16>,
    /// From the request's arrival to the head of the answer.
    duration_us: i64,
    /// The code of the problem document.
    error: Option<&'static str>,
    /// What happened inside.
    internal: Option<String>,
}

/// The line of the present request, while it is written.
#[derive(Default)]
pub(crate) struct Log {
    line: Cell<Line>,
    /// Whether there is to be a line at all; nothing is gathered for none.
    wanted: Cell<bool>,
    started: Cell<Option<Timestamp>>,
}

impl Log {
    /// Begins a line; what was there is forgotten.
    pub(crate) fn begin(&self, wanted: bool, now: Timestamp, request_id: &str, method: &str) {
        self.started.set(Some(now));
        self.wanted.set(wanted);
        if !wanted {
            return;
        }
        self.line.set(Line {
            event: "request",
            time: now.to_string(),
            request_id: request_id.to_owned(),
            method: bounded(method),
            ..Line::default()
        });
    }

    /// When the request came.
    pub(crate) fn started(&self) -> Option<Timestamp> {
        self.started.get()
    }

    fn note(&self, note: impl FnOnce(&mut Line)) {
        if !self.wanted.get() {
            return;
        }
        let mut line = self.line.take();
        note(&mut line);
        self.line.set(line);
    }

    /// Which endpoint it is for.
    pub(crate) fn route(&self, pattern: &'static str) {
        self.note(|line| line.route = Some(pattern));
    }

    /// Who was let in.
    pub(crate) fn caller(&self, caller: &Caller) {
        self.note(|line| match caller {
            Caller::Anyone => {}
            Caller::Operator(identity) => {
                line.operator_id = identity.id.map(|id| id.to_string());
            }
            Caller::Agent(id) => line.agent_id = Some(id.to_string()),
        });
    }

    /// Whose request it is, and the trace it belongs to.
    pub(crate) fn agent(&self, id: impl ToString, trace_id: &str) {
        self.note(|line| {
            line.agent_id = Some(id.to_string());
            line.trace_id = Some(trace_id.to_owned());
        });
    }

    /// Where it goes, masked.
    pub(crate) fn target(&self, target: impl FnOnce() -> String) {
        self.note(|line| line.target = Some(bounded(&target())));
    }

    /// What was decided, once it is recorded.
    pub(crate) fn decided(&self, decided: &Decided, context: &Context, entry: &Entry) {
        let decision = &decided.decision;
        self.note(|line| {
            line.audit_id = Some(entry.audit.id.to_string());
            line.outcome = Some(word(decision.outcome));
            line.stage = serde_json::to_value(decision.stage).ok();
            line.rule = decision.rule.as_deref().map(bounded);
            line.shadow = decision
                .shadow
                .as_ref()
                .map(|objection| word(objection.outcome));
            line.risk_score = Some(decision.risk.score);
            line.policy = context.policy.as_ref().map(|policy| policy.name.clone());
            line.policy_revision = context.policy.as_ref().map(|policy| policy.revision);
        });
    }

    /// What the upstream answered.
    pub(crate) fn upstream(&self, status: StatusCode) {
        self.note(|line| line.upstream_status = Some(status.as_u16()));
    }

    /// Why it is refused.
    pub(crate) fn refused(&self, refusal: &Refusal) {
        self.note(|line| {
            line.error = refusal.code();
            line.internal = refusal.context().map(bounded);
        });
    }

    /// The whole line; nothing is left of it.
    pub(crate) fn end(&self, status: StatusCode, now: Timestamp) -> String {
        let started = self.started.get().unwrap_or(now);
        self.note(|line| {
            line.status = status.as_u16();
            line.duration_us = now.micros().saturating_sub(started.micros());
        });
        // Texts and numbers: nothing that JSON cannot write.
        serde_json::to_string(&self.line.take()).unwrap_or_default()
    }
}

const fn word(outcome: DecisionType) -> &'static str {
    match outcome {
        DecisionType::Allow => "allow",
        DecisionType::Deny => "deny",
        DecisionType::Hitl => "hitl",
    }
}

/// The text without what would end the line or steer a terminal: something stands in its
/// place.
pub(crate) fn on_one_line(text: &str) -> String {
    let steers = |char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}');
    text.replace(steers, "\u{fffd}")
}

/// The beginning of a text; control characters, which JSON writes in six bytes each, are
/// left out.
fn bounded(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_TEXT);
    let text = text.get(..end).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).collect()
}
