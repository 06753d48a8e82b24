//! Why a request was decided so: everything the decision read, with digests where the
//! value itself may be a secret, so that it can be decided again (`docs/decisions.md`).

mod form;
mod looked_at;
mod settings;

use std::borrow::Cow;

use vectra_decision::{Body, Decision, LookedAt, Objection, TrustRule, Verdict};
use vectra_domain::{HeldRequest, Policy, TrustScore};

pub(crate) use form::{
    Component, Explanation, Input, Inspection, Intent, PolicyState, Provider, Risk, Trust, VERSION,
    Word,
};
use looked_at::LookedAtValues;
use settings::KeptSettings;

use super::Proxied;
use super::decide::Decided;
use super::mask::mask;
use super::record::recordable;
use crate::gateway::{Gateway, VERSION as COMPONENT};
use crate::secret::sha256_hex;
use crate::settings::PolicyUse;

/// What an explanation is made of.
pub(super) struct Facts<'a> {
    pub(super) proxied: &'a Proxied,
    /// The agent's policy, if it is there.
    pub(super) policy: Option<&'a Policy>,
    pub(super) decided: &'a Decided,
    pub(super) held: Option<&'a HeldRequest>,
}

impl<U> Gateway<'_, U> {
    /// The explanation as JSON.
    pub(super) fn explain(&self, facts: &Facts) -> String {
        let Facts { proxied, held, .. } = facts;
        let Decided {
            decision,
            verdict,
            unusable,
            input,
            ..
        } = facts.decided;
        let explanation = Explanation {
            v: VERSION,
            outcome: decision.outcome,
            stage: decision.stage,
            rule: decision.rule.as_deref().map(clean),
            shadow: decision.shadow.as_ref().map(objection),
            risk: Risk::of(&decision.risk),
            policy: policy_state(&self.settings.policies, input, facts.policy),
            verdict: word(verdict.as_ref(), unusable.as_deref()),
            intent: facts.decided.intent.as_ref().map(intent),
            trust: trust(decision, input.agent.trust_score, self.settings.trust_floor),
            settings: KeptSettings::of(&input.settings),
            url_sha256: sha256_hex(proxied.target.url.as_bytes()),
            body_sha256: (!proxied.body.is_empty()).then(|| sha256_hex(&proxied.body)),
            held_sha256: held.map(|held| held.digest.as_str().into()),
            trace_id: proxied.trace_id.as_str().into(),
            request_id: Some(proxied.request_id.as_str().into()),
            component: Component {
                version: COMPONENT.into(),
            },
            bundle: self.ports.bundle_digest.map(Cow::Borrowed),
            input: kept_input(facts, &self.settings.proxy.masked_parameters),
        };
        // Maps with other keys than text are all that cannot be written, and there is
        // none; the ledger refuses what is no JSON, and with it the request.
        serde_json::to_string(&explanation).unwrap_or_default()
    }
}

/// What can be recorded of a text that is not the gateway's own.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let clean = recordable(text);
    if clean == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(clean)
    }
}

/// What can be recorded of an objection.
pub(crate) fn objection(objection: &Objection) -> Cow<'_, Objection> {
    let reason = clean(&objection.reason);
    let rule = objection.rule.as_deref().map(clean);
    match (&reason, &rule) {
        (Cow::Borrowed(_), None | Some(Cow::Borrowed(_))) => Cow::Borrowed(objection),
        _ => Cow::Owned(Objection {
            reason: reason.into_owned(),
            rule: rule.map(Cow::into_owned),
            ..*objection
        }),
    }
}

/// Of which policy the answer is; none if the agent has none and needs none.
fn policy_state<'a>(
    asked: &PolicyUse,
    input: &'a vectra_decision::Input,
    policy: Option<&'a Policy>,
) -> Option<PolicyState<'a>> {
    let provider = match asked {
        PolicyUse::Asked => Provider::Internal,
        PolicyUse::Opa(_) => Provider::Opa,
        PolicyUse::Off => Provider::Off,
    };
    let name = input.agent.policy_name.as_deref();
    if provider == Provider::Internal && name.is_none() {
        return None;
    }
    let policy = policy.filter(|_| provider == Provider::Internal);
    Some(PolicyState {
        provider,
        name: name.map(Cow::Borrowed),
        revision: policy.map(|policy| policy.revision),
        status: policy.map(|policy| policy.status),
        content_hash: policy.map(|policy| policy.content_hash.as_str().into()),
    })
}

/// What the policy said; none if it was not asked.
pub(crate) fn word<'a>(
    verdict: Option<&'a Verdict>,
    unusable: Option<&'a str>,
) -> Option<Word<'a>> {
    match (verdict, unusable) {
        (Some(verdict), _) => Some(Word {
            effect: Some(verdict.effect),
            rule: verdict.rule.as_deref().map(clean),
            reason: verdict.reason.as_deref().map(clean),
            shadow: verdict.shadow,
            unusable: None,
        }),
        (None, Some(why)) => Some(Word {
            unusable: Some(clean(why)),
            ..Word::default()
        }),
        (None, None) => None,
    }
}

/// What the classifier said, without its words: they may tell of the body.
fn intent(intent: &vectra_decision::Intent) -> Intent<'_> {
    Intent {
        label: clean(&intent.label),
        confidence: intent.confidence,
        status: intent.status,
        risk_tags: Cow::Borrowed(&intent.risk_tags),
        model: intent.model.as_deref().map(clean),
    }
}

/// How the decision moves trust. What it is afterwards is what this decision alone makes
/// of it: the database applies the rule to what it finds then.
fn trust(decision: &Decision, before: f64, floor: Option<TrustScore>) -> Trust {
    let TrustRule { target, rate } = decision.trust;
    Trust {
        before,
        after: before + rate * (target - before),
        target,
        rate,
        floor: floor.map(TrustScore::get),
    }
}

fn kept_input<'a>(facts: &Facts<'a>, masked: &[String]) -> Input<'a> {
    let target = &facts.proxied.target;
    let input = &facts.decided.input;
    let path = mask(&target.path, masked);
    let normalised = mask(&target.normalised, masked);
    let is_masked = path != target.path || normalised != target.normalised;
    let verdict = facts.decided.verdict.as_ref();
    let looked_at = verdict.map_or(&[] as &[LookedAt], |verdict| &verdict.looked_at);
    Input {
        now: facts.proxied.now,
        method: facts.proxied.method.as_str().into(),
        normalised_path: (target.normalised != target.path).then_some(normalised.into()),
        path: path.into(),
        masked: is_masked,
        origin: target.canonical_origin().into(),
        target_refusal: input.request.target_refusal.as_deref().map(Cow::Borrowed),
        body: match &input.request.body {
            Body::None => Inspection::None,
            Body::Inspected(size) => Inspection::Inspected { size: *size },
            Body::Uninspected(size) => Inspection::Uninspected { size: *size },
            Body::Undecodable(why) => Inspection::Undecodable { why: clean(why) },
        },
        trust: input.agent.trust_score,
        policy_name: input.agent.policy_name.as_deref().map(Cow::Borrowed),
        activity: input.activity,
        looked_at: LookedAtValues::of(looked_at, masked),
    }
}
