//! The exports of `vectra:decision/policy` over a [`Language`].

use std::marker::PhantomData;

use serde_json::Value;

use crate::bindings::exports::vectra::decision::policy::{
    Answer, Compiled, Guest, Meaning, Problem, Question, Recollection, Request, Verdict,
};
use crate::bindings::vectra::decision::types::{Agent, DecisionType, Risk};
use crate::facts::classified;
use crate::source::{Mode, Source, problem};
use crate::{Checked, Facts, Language, Said, overrides};

/// What depends on the request's body.
const BODY: [&str; 2] = ["body", "json"];
/// What is not kept of a request.
const CONTENT: [&str; 4] = ["body", "json", "headers", "lower"];
/// What may be masked in what is kept.
const TARGET: [&str; 4] = ["path", "targetUrl", "resource", "lower"];

/// The exports over a [`Language`].
pub struct Shell<L>(PhantomData<L>);

/// A request as far as it is known.
pub(crate) struct Asked<'q> {
    pub(crate) request: &'q Request,
    pub(crate) agent: &'q Agent,
    pub(crate) risk: &'q Risk,
    pub(crate) intent: &'q Meaning,
}

/// A policy that can be asked.
struct Policy<L: Language> {
    source: Source,
    checked: Checked<L::Parsed>,
}

impl<L: Language> Guest for Shell<L> {
    fn compile(source: String) -> Result<Compiled, Vec<Problem>> {
        let policy = Policy::<L>::read(&source)?;
        policy.source.compiled(policy.checked.rules)
    }

    fn evaluate(code: Vec<u8>, question: Question) -> Answer {
        let policy = match Policy::<L>::of_code(&code) {
            Ok(policy) => policy,
            Err(why) => return Answer::Verdict(noted(&question.request, denied(why, false))),
        };
        let asked = Asked {
            request: &question.request,
            agent: &question.agent,
            risk: &question.risk,
            intent: &question.intent,
        };
        // Whether it would be the same without cannot be told: the meaning is asked for.
        let is_unasked = matches!(question.intent, Meaning::Unasked);
        if is_unasked && policy.checked.words.any_of(&["intent"]) {
            return Answer::NeedsIntent;
        }
        Answer::Verdict(policy.ask(&asked))
    }

    fn recall(code: Vec<u8>, recollection: Recollection) -> Result<Verdict, Vec<String>> {
        let policy = Policy::<L>::of_code(&code).map_err(|why| vec![why])?;
        let words = &policy.checked.words;
        let mut missing = Vec::new();
        if words.any_of(&CONTENT) {
            missing.push("headers, body: what was looked at is not traced".to_owned());
        }
        if recollection.masked && words.any_of(&TARGET) {
            missing.push("path: values of its query were masked".to_owned());
        }
        if matches!(recollection.intent, Meaning::Unasked) && words.any_of(&["intent"]) {
            missing.push("intent: nobody was asked for it".to_owned());
        }
        let headers = overrides::recalled(&recollection.looked_at);
        let headers = headers.unwrap_or_else(|why| {
            missing.extend(why);
            Vec::new()
        });
        if !missing.is_empty() {
            return Err(missing);
        }
        let request = Request {
            method: recollection.method,
            path: recollection.path,
            normalised_path: recollection.normalised_path,
            target_url: recollection.target_url,
            headers,
            body: None,
            body_unread: recollection.body_unread,
        };
        Ok(policy.ask(&Asked {
            request: &request,
            agent: &recollection.agent,
            risk: &recollection.risk,
            intent: &recollection.intent,
        }))
    }
}

impl<L: Language> Policy<L> {
    fn read(source: &str) -> Result<Self, Vec<Problem>> {
        let (source, text) = Source::read::<L>(source)?;
        let checked = L::check(&text).map_err(|problems| {
            let problems = problems.into_iter();
            problems.map(|why| problem(L::KEY, why)).collect::<Vec<_>>()
        })?;
        Ok(Self { source, checked })
    }

    fn of_code(code: &[u8]) -> Result<Self, String> {
        let unusable = "Policy cannot be asked: it is none of this engine";
        let source = std::str::from_utf8(code).map_err(|_| unusable.to_owned())?;
        Self::read(source).map_err(|_| unusable.to_owned())
    }

    fn ask(&self, asked: &Asked<'_>) -> Verdict {
        noted(asked.request, self.strictest(asked))
    }

    /// The strictest verdict on all the ways to read a request.
    fn strictest(&self, asked: &Asked<'_>) -> Verdict {
        let words = &self.checked.words;
        let shadow = self.source.mode == Mode::Shadow;
        let cannot = |why: &str, shadow| denied(format!("Policy cannot be asked: {why}"), shadow);
        let factors = asked.risk.factors.iter().map(|factor| factor.score);
        let mut numbers = factors.chain([asked.risk.score, asked.agent.trust_score]);
        if numbers.any(|number| !number.is_finite()) {
            return cannot("a score is not a number", false);
        }
        if asked.request.body_unread && words.any_of(&BODY) {
            return cannot("the body was not read", shadow);
        }
        // Only what the text itself names: one that may speak of anything could otherwise not
        // be asked at all where nobody classifies, or bodies are no JSON.
        if words.names("intent") && classified(asked.intent).is_none() {
            return cannot("nobody could say what the request means", shadow);
        }
        let body = asked.request.body.as_deref();
        let body = body.filter(|body| !body.trim().is_empty());
        let json = match body.map(serde_json::from_str::<Value>) {
            Some(Err(_)) if words.names("json") => {
                return cannot("the body cannot be read as JSON", shadow);
            }
            json => json.and_then(Result::ok),
        };
        let ways = match Facts::all(asked, json.as_ref()) {
            Ok(ways) => ways,
            Err(why) => return cannot(&why, false),
        };
        let verdicts = ways.iter().map(|facts| self.verdict(facts, shadow));
        // The first of the strictest; there is always one way to read a request.
        let strictest = verdicts.reduce(|one, other| {
            if strictness(&other) > strictness(&one) {
                other
            } else {
                one
            }
        });
        strictest.unwrap_or_else(|| cannot("there is no way to read the request", shadow))
    }

    fn verdict(&self, facts: &Facts<'_>, shadow: bool) -> Verdict {
        let (effect, rule, reason) = match L::ask(&self.checked, facts) {
            Ok(Said::Rule {
                effect,
                name,
                reason,
            }) => (effect, Some(name), reason),
            Ok(Said::Nothing) => (self.source.default.into(), None, None),
            Err(why) => return denied(format!("Policy cannot be asked: {why}"), shadow),
        };
        Verdict {
            effect,
            rule,
            reason,
            looked_at: Vec::new(),
            shadow,
        }
    }
}

/// With what is kept of the request, whatever a policy speaks of: another may be asked about
/// it one day.
fn noted(request: &Request, verdict: Verdict) -> Verdict {
    Verdict {
        looked_at: overrides::looked_at(request),
        ..verdict
    }
}

fn denied(reason: String, shadow: bool) -> Verdict {
    Verdict {
        effect: DecisionType::Deny,
        rule: None,
        reason: Some(reason),
        looked_at: Vec::new(),
        shadow,
    }
}

/// Orders verdicts; of equally strict ones a rule's says more than a default's.
const fn strictness(verdict: &Verdict) -> (u8, bool) {
    let effect = match verdict.effect {
        DecisionType::Allow => 0,
        DecisionType::Hitl => 1,
        DecisionType::Deny => 2,
    };
    (effect, verdict.rule.is_some())
}

#[cfg(test)]
mod tests;
