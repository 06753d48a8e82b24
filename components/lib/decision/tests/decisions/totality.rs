//! Whatever the input: an answer, the same each time, and never an unwanted Allow.

use vectra_decision::{
    Activity, Body, DecisionType, Evaluation, Input, Intent, IntentAnswer, IntentStatus, PathMark,
    PolicyAnswer, PolicyQuestion, SemanticSettings, Verdict, evaluate, intent_text, rules, trust,
};

use crate::cases::{Told, asked, harmless, text};
use crate::dice::Dice;

/// Inputs of all kinds.
impl Dice {
    fn moment(&mut self) -> i64 {
        match self.below(3) {
            0 => self.bits().cast_signed(),
            1 => self.pick(&[i64::MIN, i64::MAX, 0, -1]),
            _ => 1_769_601_600_000_000,
        }
    }

    /// A number, mostly of 0 to 1.
    fn number(&mut self) -> f64 {
        match self.below(4) {
            0 => f64::from_bits(self.bits()),
            1 => self.pick(&[
                0.0,
                -0.0,
                1.0,
                0.5,
                f64::NAN,
                f64::INFINITY,
                -1.0,
                1.0 + f64::EPSILON,
            ]),
            _ => (self.bits() >> 11) as f64 / (1_u64 << 53) as f64,
        }
    }

    fn outcome(&mut self) -> DecisionType {
        self.pick(&[DecisionType::Allow, DecisionType::Deny, DecisionType::Hitl])
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 24] = [
            "", "/", "a", "GET", "delete", "/admin/", "%61", "\u{0}", "ä", "\u{212a}", "😀", "\"",
            "\\", "{", "}", "[", "]", ":", ",", "null", "1e999", "\\ud800", "/v1/", " ",
        ];
        let length = self.below(8);
        (0..length).map(|_| self.pick(&PARTS)).collect()
    }

    fn verdict(&mut self) -> Verdict {
        Verdict {
            effect: self.outcome(),
            rule: self.maybe(2, Self::text),
            reason: self.maybe(2, Self::text),
            looked_at: Vec::new(),
            shadow: self.below(4) == 0,
        }
    }

    fn input(&mut self) -> Input {
        let mut input = harmless();
        input.now = self.moment();
        input.request.method = self.text();
        input.request.path = self.text();
        input.request.normalised_path = self.text();
        input.request.target_url = self.text();
        input.request.body = match self.below(4) {
            0 => Body::None,
            1 => Body::Inspected(self.bits()),
            2 => Body::Uninspected(self.bits()),
            _ => Body::Undecodable(self.text()),
        };
        input.request.target_refusal = (self.below(8) == 0).then(|| self.text());
        input.agent.trust_score = self.number();
        let count =
            |dice: &mut Self| u32::try_from(dice.bits() >> dice.pick(&[32, 48, 60])).unwrap();
        input.activity = Activity {
            recent_total: count(self),
            recent_violations: count(self),
            baseline_total: count(self),
            baseline_since: self.maybe(2, Self::moment),
        };
        input.policy = match self.below(4) {
            0 => PolicyAnswer::Unassigned,
            1 => PolicyAnswer::Pending,
            2 => PolicyAnswer::Unusable(self.text()),
            _ => PolicyAnswer::Answered(self.verdict()),
        };
        self.settings(&mut input);
        input
    }

    fn settings(&mut self, input: &mut Input) {
        input.intent = match self.below(2) {
            0 => IntentAnswer::Pending,
            _ => IntentAnswer::Answered(Intent {
                label: self.pick(&["read", "harmful", ""]).into(),
                confidence: self.number(),
                status: self.pick(&[IntentStatus::Classified, IntentStatus::Failed]),
                risk_tags: Vec::new(),
                explanation: None,
                model: None,
            }),
        };
        let settings = &mut input.settings;
        settings.unassigned = self.outcome();
        settings.undecodable_body = self.outcome();
        settings.shadow = self.below(4) == 0;
        if self.below(16) == 0 {
            settings.trust_rates.deny = self.number();
        }
        settings.risk_paths = (self.below(8) == 0).then(|| {
            let pattern = self.text();
            let score = self.number();
            vec![PathMark { pattern, score }]
        });
        if self.below(3) == 0 {
            settings.risk_threshold = self.number();
            settings.risk_weights.path = self.number();
            settings.risk_weights.anomaly = self.number();
        }
        settings.semantic = self.maybe(2, |dice| SemanticSettings {
            confidence_threshold: dice.pick(&[0.0, 0.7, 1.0, f64::NAN]),
            low_confidence: dice.outcome(),
            on_failure: dice.outcome(),
            deny_labels: vec![dice.pick(&["harmful", ""]).into()],
            hold_labels: vec![dice.text()],
        });
    }

    fn question(&mut self) -> PolicyQuestion {
        Told {
            method: Some(self.text()),
            path: Some(self.text()),
            normalised_path: Some(self.text()),
            target_url: Some("http://h".to_owned() + &self.text()),
            headers: vec![("x-team".into(), self.text()), (self.text(), self.text())],
            body: self.maybe(2, Self::text),
            trust_score: Some(self.number()),
            agent_id: Some(self.text()),
            policy_name: self.maybe(2, Self::text),
            risk: Some(self.number()),
            ..Told::default()
        }
        .question()
    }
}

#[test]
fn every_input_has_one_sound_answer() {
    let mut dice = Dice::new(1);
    let mut decided = 0;
    for round in 0..50_000 {
        let input = dice.input();
        let evaluation = evaluate(&input);
        // Debug texts, since a NaN in the input does not equal itself.
        assert_eq!(
            format!("{evaluation:?}"),
            format!("{:?}", evaluate(&input.clone()))
        );
        let risk = match &evaluation {
            Evaluation::NeedsPolicy(risk) => {
                assert_eq!(input.policy, PolicyAnswer::Pending, "round {round}");
                risk
            }
            Evaluation::NeedsIntent(risk) => {
                assert_eq!(input.intent, IntentAnswer::Pending, "round {round}");
                assert!(input.settings.semantic.is_some(), "round {round}");
                risk
            }
            Evaluation::Decided(decision) => {
                decided += 1;
                let allowed = decision.outcome == DecisionType::Allow;
                let silent = allowed && decision.shadow.is_none();
                assert_eq!(silent, decision.reason.is_none(), "round {round}");
                let moved = trust::after(decision.outcome, &input.settings.trust_rates);
                let trust = match &decision.shadow {
                    Some(_) => trust::UNMOVED,
                    None => moved,
                };
                assert_eq!(decision.trust, trust, "round {round}");
                if let Some(objection) = &decision.shadow {
                    assert!(allowed, "round {round}");
                    assert_ne!(objection.outcome, DecisionType::Allow, "round {round}");
                    assert_may_be_tried(&input);
                } else if allowed {
                    assert_may_be_allowed(&input);
                }
                &decision.risk
            }
        };
        assert!((0.0..=1.0).contains(&risk.score), "round {round}");
        assert_eq!(risk.factors.len(), 6, "round {round}");
        for factor in &risk.factors {
            assert!((0.0..=1.0).contains(&factor.score), "round {round}");
            assert!(
                factor.weight.is_finite() && factor.weight >= 0.0,
                "round {round}"
            );
        }
    }
    assert!(decided > 10_000, "{decided}");
}

/// What must hold of any input that is allowed although something objects.
fn assert_may_be_tried(input: &Input) {
    assert_eq!(input.request.target_refusal, None);
    assert!(!matches!(input.request.body, Body::Undecodable(_)));
    assert!(input.agent.trust_score.is_finite());
    assert!(!matches!(
        input.policy,
        PolicyAnswer::Unusable(_) | PolicyAnswer::Pending
    ));
    let tried = |verdict: &Verdict| verdict.shadow;
    assert!(
        input.settings.shadow
            || matches!(&input.policy, PolicyAnswer::Answered(verdict) if tried(verdict))
    );
}

/// What must hold of any input that is allowed, told without the pipeline's help.
fn assert_may_be_allowed(input: &Input) {
    assert_eq!(input.request.target_refusal, None);
    assert!(!matches!(input.request.body, Body::Undecodable(_)));
    assert!(input.agent.trust_score.is_finite());
    assert!(input.settings.risk_threshold.is_finite());
    match &input.policy {
        PolicyAnswer::Unassigned => assert_eq!(input.settings.unassigned, DecisionType::Allow),
        PolicyAnswer::Answered(verdict) => assert_eq!(verdict.effect, DecisionType::Allow),
        other => panic!("allowed with {other:?}"),
    }
    if let (Some(_), IntentAnswer::Answered(intent)) = (&input.settings.semantic, &input.intent) {
        assert_eq!(intent.status, IntentStatus::Classified);
        assert!(intent.confidence.is_finite());
    }
}

#[test]
fn every_question_to_a_policy_has_one_answer() {
    let mut policies: Vec<Vec<u8>> = ["billing-policy", "low-trust", "no-admin"]
        .into_iter()
        .map(|name| {
            rules::compile(&text(&format!("policies/{name}.json")))
                .unwrap()
                .code
        })
        .collect();
    let wide = r#"{"name":"p","default":"Allow","rules":[{"effect":"Deny","conditions":[
        {"field":"body.a.b","operator":"ne","value":1},{"field":"headers.x-team","operator":"regex","value":"^a+$"},
        {"field":"target.host","operator":"endswith","value":"h"},{"field":"body","operator":"contains","value":"ä"}]}]}"#;
    policies.push(rules::compile(wide).unwrap().code);
    let mut dice = Dice::new(2);
    for _ in 0..5_000 {
        let question = dice.question();
        for code in &policies {
            let verdict = asked(code, &question);
            assert_eq!(verdict, asked(code, &question));
            if verdict.effect == DecisionType::Allow {
                assert!(question.agent.trust_score.is_finite());
                assert!(question.risk.score.is_finite());
            }
        }
    }
}

#[test]
fn whatever_is_compiled_compiles_or_has_problems() {
    let sources: Vec<String> = ["billing-policy", "low-trust"]
        .into_iter()
        .map(|name| text(&format!("policies/{name}.json")))
        .collect();
    let mut dice = Dice::new(3);
    for _ in 0..5_000 {
        let source = dice.pick(&sources);
        let mut characters: Vec<char> = source.chars().collect();
        for _ in 0..=dice.below(3) {
            let at = dice.below(characters.len());
            let end = (at + dice.below(6)).min(characters.len());
            let insertion: Vec<char> = dice.text().chars().collect();
            characters.splice(at..end, insertion);
        }
        let source: String = characters.into_iter().collect();
        match rules::compile(&source) {
            Ok(compiled) => {
                // Warnings of what is ignored are all that is lost.
                let again = rules::compile(&compiled.document).unwrap();
                assert_eq!(again.code, compiled.code);
                assert_eq!(again.document, compiled.document);
            }
            Err(problems) => assert!(!problems.is_empty(), "{source}"),
        }
        // Damaged code denies or decides; it does not panic.
        let _ = rules::evaluate(source.as_bytes(), &dice.question());
        let _ = intent_text(&source);
    }
}
