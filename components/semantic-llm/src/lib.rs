//! The semantic component that asks a language model: `vectra:decision/semantic`.
//!
//! What is asked and which answers count is `vectra-chat`'s affair; here are the network,
//! the time and the key.

mod bindings;
mod network;

use bindings::exports::vectra::decision::semantic::{
    Description, Guest, Intent, Problem, Question,
};
use bindings::fermyon::spin::variables;
use bindings::vectra::decision::types::IntentStatus;
use bindings::wasi::random::random::get_random_u64;
use vectra_chat::{Chat, Failure, Key, Nonce};
use vectra_decision::{self as decision, IntentQuestion};

/// The variable that holds the provider's key.
const KEY: &str = "semantic_key";

struct Component;

bindings::export!(Component with_types_in bindings);

impl Guest for Component {
    fn describe(config: String) -> Description {
        let description = vectra_chat::describe(&config);
        let problems = description.problems.into_iter();
        Description {
            name: description.name,
            classifies: description.classifies,
            labels: description.labels,
            remote: description.remote,
            fingerprint: description.fingerprint,
            problems: problems
                .map(|problem| Problem {
                    key: problem.key,
                    message: problem.message,
                })
                .collect(),
        }
    }

    fn classify(config: String, question: Question) -> Intent {
        let question = IntentQuestion {
            method: question.method,
            path: question.path,
            content_type: question.content_type,
            text: question.text,
        };
        let intent = classify(&config, &question);
        intent_to(intent.unwrap_or_else(|failure| vectra_chat::failed(&failure)))
    }
}

fn classify(config: &str, question: &IntentQuestion) -> Result<decision::Intent, Failure> {
    let chat = Chat::read(config).map_err(|_| Failure::Configuration)?;
    // Whatever keeps the variable from being read, there is no key.
    let key = variables::get(KEY).ok().and_then(|text| Key::new(&text));
    let nonce = Nonce::new(get_random_u64().to_be_bytes());
    let call = chat.ask(question, key.as_ref(), &nonce)?;
    let reply = network::exchange(&call, chat.timeout())?;
    chat.understand(question, key.as_ref(), &nonce, &reply)
}

fn intent_to(intent: decision::Intent) -> Intent {
    Intent {
        label: intent.label,
        confidence: intent.confidence,
        status: match intent.status {
            decision::IntentStatus::Classified => IntentStatus::Classified,
            decision::IntentStatus::Failed => IntentStatus::Failed,
        },
        risk_tags: intent.risk_tags,
        explanation: intent.explanation,
        model: intent.model,
    }
}
