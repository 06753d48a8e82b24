//! A decision of the past, as its explanation tells of it.

use serde::Deserialize;
use vectra_decision::{
    Agent, Body, Input, Intent, IntentAnswer, LookedAt, Meaning, PolicyAnswer, Recollection,
    Request, Risk, Settings, Verdict,
};
use vectra_domain::{AuditTrail, PolicyStatus};

use crate::proxy::explanation::{Explanation, Inspection, PolicyState, Provider, VERSION};
use crate::proxy::stored;

/// The factor that the path gives.
const PATH: &str = "path";

/// A decision of the past.
pub(super) struct Past<'r> {
    pub(super) row: &'r AuditTrail,
    pub(super) told: Explanation<'r>,
}

/// What every explanation has that names a policy.
#[derive(Default, Deserialize)]
struct Outline {
    v: Option<u8>,
    input: Option<OutlineInput>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutlineInput {
    policy_name: Option<String>,
}

impl<'r> Past<'r> {
    /// Reads an explanation.
    ///
    /// # Errors
    /// Why nothing can be decided again with it.
    pub(super) fn read(row: &'r AuditTrail, explanation: &'r str) -> Result<Self, String> {
        let told = match serde_json::from_str::<Explanation<'r>>(explanation) {
            Ok(told) if told.v == VERSION => told,
            _ => return Err(unreadable(explanation)),
        };
        if stored(told.outcome) != row.decision_type {
            return Err("outcome: the row says what the host did after the decision".to_owned());
        }
        if told.risk.factors.is_empty() {
            return Err("engine: it did not decide".to_owned());
        }
        Ok(Self { row, told })
    }

    /// Who was asked about the policy; none if the agent had none and nobody was asked.
    pub(super) fn policy(&self) -> Option<&PolicyState<'r>> {
        self.told.policy.as_ref()
    }

    /// The policy's name and revision, if the decision was up to a revision in force.
    pub(super) fn revision(&self) -> Option<(&str, u32)> {
        let policy = self.policy()?;
        let active = policy.status == Some(PolicyStatus::Active);
        let name = policy.name.as_deref()?;
        policy
            .revision
            .filter(|_| active)
            .map(|revision| (name, revision))
    }

    /// What the engine was told, but for the policy's answer. Patterns of paths are
    /// taken from the present settings, if they are the same.
    ///
    /// # Errors
    /// What was not kept.
    pub(super) fn input(&mut self, present: &Settings) -> Result<Input, String> {
        let settings = std::mem::take(&mut self.told.settings).restore(present)?;
        let input = &self.told.input;
        let normalised = input.normalised_path.as_ref().unwrap_or(&input.path);
        Ok(Input {
            now: input.now.micros(),
            request: Request {
                method: input.method.to_string(),
                path: input.path.to_string(),
                normalised_path: normalised.to_string(),
                target_url: format!("{}{}", input.origin, input.path),
                body: match &input.body {
                    Inspection::None => Body::None,
                    Inspection::Inspected { size } => Body::Inspected(*size),
                    Inspection::Uninspected { size } => Body::Uninspected(*size),
                    Inspection::Undecodable { why } => Body::Undecodable(why.to_string()),
                },
                target_refusal: input.target_refusal.as_deref().map(str::to_owned),
            },
            agent: Agent {
                id: self.row.agent_id.to_string(),
                trust_score: input.trust,
                policy_name: input.policy_name.as_deref().map(str::to_owned),
            },
            activity: input.activity,
            policy: match self.policy().map(|policy| policy.provider) {
                None | Some(Provider::Off) => PolicyAnswer::Unassigned,
                Some(Provider::Internal | Provider::Opa) => PolicyAnswer::Pending,
            },
            intent: match &self.told.intent {
                None => IntentAnswer::Pending,
                Some(intent) => IntentAnswer::Answered(Intent {
                    label: intent.label.to_string(),
                    confidence: intent.confidence,
                    status: intent.status,
                    risk_tags: intent.risk_tags.to_vec(),
                    explanation: None,
                    model: intent.model.as_deref().map(str::to_owned),
                }),
            },
            settings,
        })
    }

    /// What a policy can be told of the request.
    pub(super) fn recollection(&mut self, input: &Input, risk: Risk) -> Recollection {
        let looked_at: Vec<LookedAt> = std::mem::take(&mut self.told.input.looked_at).into_owned();
        let Request {
            method,
            path,
            normalised_path,
            target_url,
            ..
        } = input.request.clone();
        Recollection {
            method,
            path,
            normalised_path,
            target_url,
            masked: self.told.input.masked,
            body_unread: input.request.body.is_unread(),
            agent: input.agent.clone(),
            risk,
            intent: match &input.intent {
                IntentAnswer::Answered(intent) => Meaning::Known(intent.clone()),
                IntentAnswer::Pending if input.settings.semantic.is_some() => Meaning::Unasked,
                IntentAnswer::Pending => Meaning::Unknown,
            },
            looked_at,
        }
    }

    /// What the policy said then.
    ///
    /// # Errors
    /// Why it said nothing.
    pub(super) fn answer(&self) -> Result<PolicyAnswer, String> {
        let text = |text: &Option<_>| text.as_deref().map(str::to_owned);
        let word = self.told.verdict.as_ref();
        match word.map(|word| (word.effect, text(&word.unusable), word)) {
            Some((Some(effect), _, word)) => Ok(PolicyAnswer::Answered(Verdict {
                effect,
                rule: text(&word.rule),
                reason: text(&word.reason),
                looked_at: Vec::new(),
                shadow: word.shadow,
            })),
            Some((None, Some(why), _)) => Ok(PolicyAnswer::Unusable(why)),
            Some((None, None, _)) | None => Err("policy: nobody was asked for it".to_owned()),
        }
    }

    /// Whether the path's risk can be what it was: a masked value may have made it.
    ///
    /// # Errors
    /// It cannot.
    pub(super) fn path_is_known(&self, risk: &Risk) -> Result<(), String> {
        let mut factors = risk.factors.iter();
        let path = factors.find(|factor| factor.name == PATH);
        let same = path.is_none_or(|path| self.told.risk.factors.get(PATH) == Some(&path.score));
        if self.told.input.masked && !same {
            return Err("risk.path: values of the query are masked".to_owned());
        }
        Ok(())
    }

    /// Whether a risk is the one that was computed then, bit for bit.
    pub(super) fn has_risk(&self, risk: &Risk) -> bool {
        let then = &self.told.risk;
        let factors = risk.factors.iter();
        let mut factors = factors.map(|factor| (factor.name.as_str(), factor.score));
        then.score == risk.score
            && then.factors.len() == risk.factors.len()
            && factors.all(|(name, score)| then.factors.get(name) == Some(&score))
    }
}

/// The policy that an agent had, if the explanation can be read so far.
pub(super) fn policy_name(explanation: &str) -> Option<String> {
    let outline: Outline = serde_json::from_str(explanation).ok()?;
    outline.input?.policy_name
}

/// Why an explanation is of no use.
fn unreadable(explanation: &str) -> String {
    let outline: Outline = serde_json::from_str(explanation).unwrap_or_default();
    match outline.v {
        _ if explanation.is_empty() => "explanation: there is none".to_owned(),
        Some(v) if v < VERSION => format!("explanation: version {v} does not keep enough"),
        Some(v) if v > VERSION => format!("explanation: version {v} is not known"),
        _ => "explanation: it cannot be read".to_owned(),
    }
}
