//! `POST /decisions/replay/{auditId}`: whether a decision would be the same today, with
//! the policy of then.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use vectra_decision::{DecisionType, Objection, PolicyAnswer, Recollection, Stage, TrustRule};
use vectra_domain::{Policy, PolicyStatus};

use super::again::{Again, Reasons};
use super::past::Past;
use crate::gateway::{Answer, Gateway, json as answer};
use crate::problem::Refusal;
use crate::proxy::explanation::{PolicyState, Provider, Risk, Word, clean, objection, word};
use crate::proxy::unusable;

/// What of a decision is compared.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared<'a> {
    outcome: DecisionType,
    stage: Stage,
    rule: Option<Cow<'a, str>>,
    reason: Option<Cow<'a, str>>,
    shadow: Option<Cow<'a, Objection>>,
    risk: &'a Risk<'a>,
    verdict: Option<&'a Word<'a>>,
    trust: Trust,
}

#[derive(Serialize)]
struct Trust {
    target: f64,
    rate: f64,
}

impl<U> Gateway<'_, U> {
    /// `POST /decisions/replay/{auditId}`.
    pub(crate) fn replay<B>(&self, audit_id: &str) -> Answer<B> {
        let record = self.audit_record(audit_id)?;
        let mut past = match Past::read(&record.entry, &record.explanation) {
            Ok(past) => past,
            Err(why) => return Ok(not_replayable(Value::Null, &[why], &[])),
        };
        let recorded = recorded(&past);
        let kept = kept(&past);
        let policy = self.revision_of(&past)?;
        let again = match self.again(&mut past, &|was, recollection| {
            self.ask_again(policy.as_ref(), was, recollection)
        }) {
            Ok(again) => again,
            Err(why) => return Ok(not_replayable(recorded, &why, &kept)),
        };
        let mut recomputed = vec!["decision", "risk", "trust"];
        let is_asked = !matches!(
            again.answer,
            PolicyAnswer::Unassigned | PolicyAnswer::Pending
        );
        if is_asked && !kept.contains(&"policy") {
            recomputed.push("policy");
        }
        let replayed = replayed(&again);
        let why = differences(&recorded, &replayed);
        let result = if why.is_empty() { "same" } else { "different" };
        Ok(answer(
            StatusCode::OK,
            &json!({
                "result": result,
                "recorded": recorded,
                "replayed": replayed,
                "why": why,
                "recomputed": recomputed,
                "fromRecord": kept,
            }),
        ))
    }

    /// The revision that was asked then, if one was and it is still there.
    fn revision_of(&self, past: &Past) -> Result<Option<Policy>, Refusal> {
        let Some((name, revision)) = past.revision() else {
            return Ok(None);
        };
        let hash = past
            .policy()
            .and_then(|policy| policy.content_hash.as_deref());
        let found = self.with_schema(|| self.ports.policies.find(name, Some(revision)))?;
        Ok(found.filter(|policy| Some(policy.content_hash.as_str()) == hash))
    }

    /// Asks the policy of then, or says why that could not be asked. Its document is compiled anew, since what was compiled
    /// then may be of another version of the policy engine.
    fn ask_again(
        &self,
        policy: Option<&Policy>,
        was: Option<&PolicyState>,
        recollection: &Recollection,
    ) -> Result<PolicyAnswer, Reasons> {
        let status = was.and_then(|was| was.status);
        if status != Some(PolicyStatus::Active) {
            let name = recollection.agent.policy_name.as_deref();
            let why = unusable(name.unwrap_or_default(), status);
            return Ok(PolicyAnswer::Unusable(why));
        }
        let gone = || vec!["policy: its revision is gone".to_owned()];
        let policy = policy.ok_or_else(gone)?;
        let engine = self.ports.policy_engine;
        let compiled = engine
            .compile(&policy.document)
            .map_err(|_| vec!["policy: its revision does not compile any more".to_owned()])?;
        let verdict = engine.recall(&compiled.code, recollection)?;
        Ok(PolicyAnswer::Answered(verdict))
    }
}

fn not_replayable<B>(
    recorded: Value,
    why: &[String],
    kept: &[&str],
) -> http::Response<crate::ResponseBody<B>> {
    answer(
        StatusCode::OK,
        &json!({
            "result": "not-replayable",
            "recorded": recorded,
            "replayed": null,
            "why": why,
            "recomputed": [],
            "fromRecord": kept,
        }),
    )
}

/// What is taken from the record as it stands there.
fn kept(past: &Past) -> Vec<&'static str> {
    let mut kept = vec!["activity", "agent", "body", "settings", "target", "time"];
    if past.told.intent.is_some() {
        kept.push("intent");
    }
    if past
        .policy()
        .is_some_and(|policy| policy.provider == Provider::Opa)
    {
        kept.push("policy");
    }
    if past.told.input.masked {
        kept.push("risk.path");
    }
    kept
}

fn recorded(past: &Past) -> Value {
    let told = &past.told;
    shown(&Compared {
        outcome: told.outcome,
        stage: told.stage,
        rule: told.rule.as_deref().map(Cow::Borrowed),
        reason: past.row.reason.as_deref().map(Cow::Borrowed),
        shadow: told.shadow.as_deref().map(Cow::Borrowed),
        risk: &told.risk,
        verdict: told.verdict.as_ref(),
        trust: Trust {
            target: told.trust.target,
            rate: told.trust.rate,
        },
    })
}

fn replayed(again: &Again) -> Value {
    let decision = &again.decision;
    let (verdict, why) = match &again.answer {
        PolicyAnswer::Answered(verdict) => (Some(verdict), None),
        PolicyAnswer::Unusable(why) => (None, Some(why.as_str())),
        PolicyAnswer::Unassigned | PolicyAnswer::Pending => (None, None),
    };
    let TrustRule { target, rate } = decision.trust;
    shown(&Compared {
        outcome: decision.outcome,
        stage: decision.stage,
        rule: decision.rule.as_deref().map(clean),
        reason: decision.reason.as_deref().map(clean),
        shadow: decision.shadow.as_ref().map(objection),
        risk: &Risk::of(&decision.risk),
        verdict: word(verdict, why).as_ref(),
        trust: Trust { target, rate },
    })
}

/// Nothing in it has keys other than text, which is all that cannot be written.
fn shown(compared: &Compared) -> Value {
    serde_json::to_value(compared).unwrap_or_default()
}

/// In what two decisions differ.
fn differences(recorded: &Value, replayed: &Value) -> Vec<String> {
    let members = recorded.as_object().into_iter().flatten();
    let pairs = members.map(|(name, then)| (name, then, replayed.get(name)));
    pairs
        .filter(|(_, then, now)| Some(*then) != *now)
        .map(|(name, then, now)| match now {
            Some(now) => format!("{name}: {then} then, {now} now"),
            None => format!("{name}: {then} then"),
        })
        .collect()
}
