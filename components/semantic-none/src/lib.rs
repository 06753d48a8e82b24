//! The semantic component that classifies nothing: `vectra:decision/semantic`.
//!
//! It fills the place of a classifier where meaning is switched off. It says so when
//! it is asked what it is, so that switching meaning on with it is a configuration
//! error; and should it be asked all the same, it fails, which never allows.

mod bindings;

use bindings::exports::vectra::decision::semantic::{Description, Guest, Intent, Question};
use bindings::vectra::decision::types::IntentStatus;

struct Component;

impl Guest for Component {
    fn describe(_config: String) -> Description {
        Description {
            name: "None".to_owned(),
            classifies: false,
            labels: Vec::new(),
            remote: false,
            fingerprint: "none".to_owned(),
            problems: Vec::new(),
        }
    }

    fn classify(_config: String, _question: Question) -> Intent {
        Intent {
            label: "unknown".to_owned(),
            confidence: 0.0,
            status: IntentStatus::Failed,
            risk_tags: Vec::new(),
            explanation: Some("No classifier is composed in".to_owned()),
            model: None,
        }
    }
}

bindings::export!(Component with_types_in bindings);
