//! The exports of `vectra:decision/policy` over a [`Language`].

use std::marker::PhantomData;

use crate::bindings::exports::vectra::decision::policy::{
    Answer, Compiled, Guest, Meaning, Problem, Question, Recollection, Request, Verdict,
};
use crate::bindings::vectra::decision::types::{Agent, DecisionType, Risk};
use crate::source::{Mode, Source, problem};
use crate::{Checked, Facts, Language, Said};

/// What depends on the request's body.
const BODY: [&str; 2] = ["body", "json"];
/// What is not kept of a request.
const CONTENT: [&str; 4] = ["body", "json", "headers", "lower"];
/// What may be masked in what is kept.
const TARGET: [&str; 4] = ["path", "targetUrl", "resource", "lower"];

/// The exports over a [`Language`].
pub struct Shell<L>(PhantomData<L>);

/// A request as far as it is known.
struct Asked<'q> {
    request: &'q Request,
    agent: &'q Agent,
    risk: &'q Risk,
    intent: &'q Meaning,
}

/// A policy that can be asked.
struct Policy {
    source: Source,
    text: String,
    checked: Checked,
}

impl<L: Language> Guest for Shell<L> {
    fn compile(source: String) -> Result<Compiled, Vec<Problem>> {
        let policy = Policy::read::<L>(&source)?;
        policy.source.compiled(policy.checked.rules)
    }

    fn evaluate(code: Vec<u8>, question: Question) -> Answer {
        let policy = match Policy::of_code::<L>(&code) {
            Ok(policy) => policy,
            Err(why) => return Answer::Verdict(denied(why, false)),
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
        Answer::Verdict(policy.ask::<L>(&asked))
    }

    fn recall(code: Vec<u8>, recollection: Recollection) -> Result<Verdict, Vec<String>> {
        let policy = Policy::of_code::<L>(&code).map_err(|why| vec![why])?;
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
        if !missing.is_empty() {
            return Err(missing);
        }
        let request = Request {
            method: recollection.method,
            path: recollection.path,
            normalised_path: recollection.normalised_path,
            target_url: recollection.target_url,
            headers: Vec::new(),
            body: None,
            body_unread: recollection.body_unread,
        };
        Ok(policy.ask::<L>(&Asked {
            request: &request,
            agent: &recollection.agent,
            risk: &recollection.risk,
            intent: &recollection.intent,
        }))
    }
}

impl Policy {
    fn read<L: Language>(source: &str) -> Result<Self, Vec<Problem>> {
        let (source, text) = Source::read::<L>(source)?;
        let checked = L::check(&text).map_err(|problems| {
            let problems = problems.into_iter();
            problems.map(|why| problem(L::KEY, why)).collect::<Vec<_>>()
        })?;
        Ok(Self {
            source,
            text,
            checked,
        })
    }

    fn of_code<L: Language>(code: &[u8]) -> Result<Self, String> {
        let unusable = "Policy cannot be asked: it is none of this engine";
        let source = std::str::from_utf8(code).map_err(|_| unusable.to_owned())?;
        Self::read::<L>(source).map_err(|_| unusable.to_owned())
    }

    fn ask<L: Language>(&self, asked: &Asked<'_>) -> Verdict {
        let is_shadow = self.source.mode == Mode::Shadow;
        let factors = asked.risk.factors.iter().map(|factor| factor.score);
        let mut numbers = factors.chain([asked.risk.score, asked.agent.trust_score]);
        if numbers.any(|number| !number.is_finite()) {
            let why = "Policy cannot be asked: a score is not a number";
            return denied(why.to_owned(), is_shadow);
        }
        if asked.request.body_unread && self.checked.words.any_of(&BODY) {
            let why = "Policy cannot be asked: the body was not read";
            return denied(why.to_owned(), is_shadow);
        }
        let ways = Facts::all(asked.request, asked.agent, asked.risk, asked.intent);
        let verdicts = ways.iter().map(|facts| self.verdict::<L>(facts, is_shadow));
        // The first of the strictest; there is always one way to read a request.
        verdicts
            .reduce(|one, other| {
                if strictness(&other) > strictness(&one) {
                    other
                } else {
                    one
                }
            })
            .unwrap_or_else(|| denied("Policy cannot be asked".to_owned(), is_shadow))
    }

    fn verdict<L: Language>(&self, facts: &Facts<'_>, shadow: bool) -> Verdict {
        let (effect, rule, reason) = match L::ask(&self.text, facts) {
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
