//! `POST /policies/{name}/evaluate` and `POST /decisions/evaluate`: what would be
//! decided about a request that is described; nothing is recorded, nobody is asked
//! outside unless `askClassifier` says so.
//!
//! The request is read, and decided about, by the code of the proxy. What is left out
//! is as for a new agent that makes its first request now.

use http::StatusCode;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use vectra_domain::{Activity, Agent, AgentAccess, AgentStatus, Context, Policy, Timestamp};

use super::case::{Busy, Case, MAX_CASES, Means, Question, Sent, Who, time};
use super::change::warnings;
use super::verdict::Verdict;
use super::{document, policy_name};
use crate::fields::typed;
use crate::gateway::{Answer, Gateway, json as answer};
use crate::problem::Refusal;
use crate::proxy::dry_run::Meant;
use crate::settings::PolicyUse;

/// Most cases that a classifier is asked about: a remote one costs time and money.
const MAX_ASKED: usize = 10;

/// What a question holds beside requests.
struct Around {
    who: Who,
    time: Option<String>,
    busy: Busy,
    means: Option<Means>,
    ask_classifier: bool,
}

impl<U> Gateway<'_, U> {
    /// `POST /policies/{name}/evaluate`. A policy that is broken or retired decides as it
    /// would: it denies.
    pub(crate) fn evaluate_policy<B>(&self, name: &str, question: &[u8]) -> Answer<B> {
        let name = policy_name(name)?;
        let question = read(question)?;
        if question.policy.is_some() {
            let message = "is the one of the path: a draft goes to /decisions/evaluate";
            return Err(Refusal::field("policy", message));
        }
        let policy = self.existing_policy(&name, question.revision)?;
        self.evaluated(question, Some(policy), Vec::new())
    }

    /// `POST /decisions/evaluate`: by a draft, or as for an agent without a policy.
    pub(crate) fn evaluate_draft<B>(&self, question: &[u8]) -> Answer<B> {
        let question = read(question)?;
        if question.revision.is_some() {
            return Err(Refusal::field("revision", "a draft has none"));
        }
        let Some(draft) = question.policy else {
            return self.evaluated(question, None, Vec::new());
        };
        let compiled = self.compiled(&text(draft))?;
        let warnings = warnings(&compiled);
        let policy = self.revision(compiled, String::new());
        self.evaluated(question, Some(policy), warnings)
    }

    fn evaluated<B>(
        &self,
        question: Question,
        policy: Option<Policy>,
        warnings: Vec<Value>,
    ) -> Answer<B> {
        let around = Around {
            who: question.agent.unwrap_or_default(),
            time: question.time,
            busy: question.activity.unwrap_or_default(),
            means: question.intent,
            ask_classifier: question.ask_classifier,
        };
        let cases = question.cases.as_ref().map_or(1, Vec::len);
        if around.ask_classifier && cases > MAX_ASKED {
            let message = format!("is for at most {MAX_ASKED} cases: each may ask somebody else");
            return Err(Refusal::field("askClassifier", message));
        }
        let notes = self.notes(policy.as_ref(), &around, question.cases.as_deref());
        let mut context = context(policy);
        let mut shown = match (question.request, question.cases) {
            (Some(request), None) => self.one(&request, around, &mut context)?.shown(),
            (None, Some(cases)) if cases.len() <= MAX_CASES => {
                self.many(cases, &around, &mut context)?
            }
            (None, Some(_)) => {
                let message = format!("must be at most {MAX_CASES}");
                return Err(Refusal::field("cases", message));
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(Refusal::field("request", "or `cases` is required"));
            }
        };
        if let Value::Object(shown) = &mut shown {
            let policy = context.policy.as_ref().map(|policy| {
                let mut shown = json!({ "name": policy.name, "status": policy.status });
                if let Value::Object(members) = &mut shown {
                    // A draft is in no place where it could be looked up.
                    match policy.revision {
                        0 => members.insert("document".to_owned(), document(policy)),
                        revision => members.insert("revision".to_owned(), revision.into()),
                    };
                }
                shown
            });
            shown.insert("policy".to_owned(), json!(policy));
            shown.insert("warnings".to_owned(), Value::Array(warnings));
            shown.insert("notes".to_owned(), json!(notes));
        }
        Ok(answer(StatusCode::OK, &shown))
    }

    /// In what the gateway differs from what is asked.
    fn notes(
        &self,
        policy: Option<&Policy>,
        around: &Around,
        cases: Option<&[Case]>,
    ) -> Vec<&'static str> {
        let mut notes = Vec::new();
        match (&self.settings.policies, policy) {
            (PolicyUse::Opa(_), Some(_)) => notes.push(
                "Policy.DefaultProvider is Opa: this gateway asks the policy server in place of \
                 this policy",
            ),
            (PolicyUse::Off, Some(_)) => {
                notes.push("Policy.Enabled is false: this gateway asks no policy");
            }
            _ => {}
        }
        let mut cases = cases.into_iter().flatten();
        let given = around.means.is_some() || cases.any(|case| case.intent.is_some());
        if self.settings.semantic.is_none() && given {
            notes.push("Semantic.Enabled is false: what is said of intent has no effect here");
        }
        notes
    }

    fn many(
        &self,
        cases: Vec<Case>,
        around: &Around,
        context: &mut Context,
    ) -> Result<Value, Refusal> {
        let (mut passed, mut failed) = (0_u32, 0_u32);
        let mut results = Vec::with_capacity(cases.len());
        for case in cases {
            let own = Around {
                who: case.agent.unwrap_or(around.who),
                time: case.time.or_else(|| around.time.clone()),
                busy: case.activity.unwrap_or_else(|| around.busy.clone()),
                means: case.intent.or_else(|| around.means.clone()),
                ask_classifier: around.ask_classifier,
            };
            let verdict = self
                .one(&case.request, own, context)
                .map_err(|refusal| refusal.member("case", case.name.clone()))?;
            let unmet = case.expect.map(|expected| verdict.unmet(&expected));
            match &unmet {
                Some(unmet) if unmet.is_empty() => passed += 1,
                Some(_) => failed += 1,
                None => {}
            }
            results.push(json!({
                "name": case.name,
                "passed": unmet.as_ref().map(Vec::is_empty),
                "unmet": unmet.unwrap_or_default(),
                "decision": verdict.shown(),
            }));
        }
        Ok(json!({ "passed": passed, "failed": failed, "results": results }))
    }

    /// One request. What is wrong with its description is an error; what the gateway
    /// would refuse is an outcome.
    fn one(
        &self,
        request: &Sent,
        around: Around,
        context: &mut Context,
    ) -> Result<Verdict, Refusal> {
        let now = match &around.time {
            Some(text) => time("time", text)?,
            None => self.ports.clock.now(),
        };
        let (id, trust_score) = around.who.read()?;
        let meant = match around.means {
            Some(means) => means.read()?,
            None if around.ask_classifier => Meant::Asked,
            None => Meant::Unknown,
        };
        context.activity = around.busy.read()?;
        let agent = Agent {
            id,
            name: String::new(),
            owner_id: None,
            status: AgentStatus::Active,
            policy_name: context.policy.as_ref().map(|policy| policy.name.clone()),
            client_secret_hash: String::new(),
            trust_score,
            created_at: Timestamp::EPOCH,
            updated_at: None,
        };
        let run = request
            .read(now)
            .and_then(|described| self.dry_run(&described, &agent, context, &meant));
        match run {
            Ok(run) => Ok(Verdict::of(run, &agent)),
            Err(refusal) if refusal.is_invalid() => Err(refusal),
            Err(refusal) => Ok(Verdict::refused(&refusal)),
        }
    }
}

/// Reads a question.
fn read(question: &[u8]) -> Result<Question<'_>, Refusal> {
    typed(question)
}

/// A draft: a text that holds it, or itself, as it is written.
fn text(draft: &RawValue) -> String {
    serde_json::from_str(draft.get()).unwrap_or_else(|_| draft.get().to_owned())
}

fn context(policy: Option<Policy>) -> Context {
    Context {
        schema_version: 0,
        agent: None,
        access: AgentAccess::default(),
        policy,
        activity: Activity::default(),
        circuit: None,
        credential: None,
    }
}
