//! What a language model is asked about a request, and which of its answers count
//! (OB §14, mended).
//!
//! A model's answer is as untrustworthy as the request it has read. So the request's facts
//! go to it as JSON data and never as text of the conversation, and of what it answers
//! exactly one form counts; everything else is a failure, which never allows.

mod answer;
mod call;
mod endpoint;
mod failure;
mod key;
mod keys;
mod prompt;
mod provider;
mod quote;
mod settings;
mod verdict;

use std::time::Duration;

use vectra_decision::{ClassifierDescription, Intent, IntentQuestion, IntentStatus};

pub use call::{Call, Reply};
pub use endpoint::Scheme;
pub use failure::Failure;
pub use key::{Key, Nonce};
pub use settings::Chat;

/// What a request may mean (OB §14).
pub const LABELS: [&str; 7] = [
    "bulk_export",
    "destructive_delete",
    "admin_action",
    "harmful",
    "read",
    "write",
    UNKNOWN,
];

/// The label of a model that cannot tell.
pub(crate) const UNKNOWN: &str = "unknown";

/// What else may be said of it (OB §14).
pub const RISK_TAGS: [&str; 4] = [
    "data_exfiltration",
    "destructive",
    "privilege_escalation",
    "malicious",
];

/// Most bytes of a request that a model is asked about: method, path, type and text. A
/// longer one is not classified, since what were cut off could be what matters.
pub const MAX_QUESTION: usize = 32 * 1024;

/// Largest answer that is read, in bytes.
pub const MAX_ANSWER: usize = 64 * 1024;

/// What kind of classifier this is with this configuration.
#[must_use]
pub fn describe(config: &str) -> ClassifierDescription {
    let (name, fingerprint, problems) = match Chat::read(config) {
        Ok(chat) => (chat.provider.name(), chat.fingerprint(), Vec::new()),
        Err(problems) => ("Llm", String::new(), problems),
    };
    ClassifierDescription {
        name: name.to_owned(),
        classifies: true,
        labels: LABELS.map(str::to_owned).to_vec(),
        remote: true,
        fingerprint,
        problems,
    }
}

impl Chat {
    /// How long asking may take, from the first byte sent to the last one read.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }

    /// The request that asks the model. `nonce` must be new and random: whoever wrote the
    /// request that is asked about must not know it.
    ///
    /// # Errors
    /// [`Failure::TooLong`], or [`Failure::NoKey`] if the provider wants one.
    pub fn ask(
        &self,
        question: &IntentQuestion,
        key: Option<&Key>,
        nonce: &Nonce,
    ) -> Result<Call, Failure> {
        let messages = prompt::Messages::new(question, nonce)?;
        call::build(self, &messages, key)
    }

    /// What the model's answer says of the request.
    ///
    /// # Errors
    /// A [`Failure`] unless it is exactly what was asked for.
    pub fn understand(
        &self,
        question: &IntentQuestion,
        key: Option<&Key>,
        nonce: &Nonce,
        reply: &Reply,
    ) -> Result<Intent, Failure> {
        let spoken = answer::read(self.provider, reply)?;
        let verdict = verdict::read(&spoken.content, nonce)?;
        verdict::check(&verdict, &question.method)?;
        let model = spoken.model.unwrap_or_else(|| self.model.clone());
        // A server that shows the key it was given must not get it into the audit trail.
        if key.is_some_and(|key| key.is_in(&verdict.explanation) || key.is_in(&model)) {
            return Err(Failure::ShowsKey);
        }
        Ok(Intent {
            explanation: Some(quote::masked(&verdict.explanation, question)),
            label: verdict.intent,
            confidence: verdict.confidence,
            status: IntentStatus::Classified,
            risk_tags: verdict.risk_tags,
            model: Some(model),
        })
    }
}

/// The intent of a classification that failed.
#[must_use]
pub fn failed(failure: &Failure) -> Intent {
    Intent {
        label: UNKNOWN.to_owned(),
        confidence: 0.0,
        status: IntentStatus::Failed,
        risk_tags: Vec::new(),
        explanation: Some(failure.to_string()),
        model: None,
    }
}
