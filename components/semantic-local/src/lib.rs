//! The semantic component with a small classifier of its own: `vectra:decision/semantic`, by
//! `vectra-classifier`.
//!
//! It imports nothing that reaches the outside.

mod bindings;

use bindings::exports::vectra::decision::semantic::{
    Description, Guest, Intent, Problem, Question,
};
use bindings::vectra::decision::types::IntentStatus;
use vectra_classifier::{Answer, Label, classify, model_version, problems};

struct Component;

impl Guest for Component {
    fn describe(config: String) -> Description {
        let version = model_version();
        let mut found: Vec<Problem> = problems(&config)
            .into_iter()
            .map(|problem| Problem {
                key: problem.key,
                message: problem.message,
            })
            .collect();
        if let Err(error) = &version {
            found.push(Problem {
                key: "DefaultProvider".to_owned(),
                message: error.to_string(),
            });
        }
        Description {
            name: "Local".to_owned(),
            classifies: true,
            labels: Label::ALL
                .into_iter()
                .map(|label| label.as_str().to_owned())
                .collect(),
            remote: false,
            fingerprint: version.map(model_name).unwrap_or_default(),
            problems: found,
        }
    }

    fn classify(config: String, question: Question) -> Intent {
        if let Some(problem) = problems(&config).first() {
            return failed(format!("`Semantic.{}` {}", problem.key, problem.message));
        }
        let asked = vectra_classifier::Question {
            method: &question.method,
            path: &question.path,
            content_type: question.content_type.as_deref(),
            text: &question.text,
        };
        match classify(&asked) {
            Answer::Failed(why) => failed(why),
            Answer::Classified {
                label,
                confidence,
                explanation,
            } => Intent {
                label: label.as_str().to_owned(),
                confidence,
                status: IntentStatus::Classified,
                risk_tags: label.risk_tag().map(str::to_owned).into_iter().collect(),
                explanation: Some(explanation),
                model: model_version().ok().map(model_name),
            },
        }
    }
}

fn model_name(version: &str) -> String {
    format!("local-{}/{version}", env!("CARGO_PKG_VERSION"))
}

fn failed(why: String) -> Intent {
    Intent {
        label: Label::Unknown.as_str().to_owned(),
        confidence: 0.0,
        status: IntentStatus::Failed,
        risk_tags: Vec::new(),
        explanation: Some(why),
        model: model_version().ok().map(model_name),
    }
}

bindings::export!(Component with_types_in bindings);
