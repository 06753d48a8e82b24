//! Asks the classifier, or remembers what it said.
//!
//! An answer is kept under a digest of all that was asked: method, path, content type and
//! text, and who was asked (OB §23.5: the original left method and path out). What failed
//! is not kept, so that an outage ends when it ends.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vectra_decision::{Intent, IntentQuestion, IntentStatus};
use vectra_domain::Timestamp;

use crate::gateway::Gateway;
use crate::settings::SemanticUse;

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    v: u8,
    intent: Intent,
}

impl<U> Gateway<'_, U> {
    /// What the classifier says of a question.
    pub(super) fn classify(&self, semantic: &SemanticUse, question: &IntentQuestion) -> Intent {
        let key = semantic
            .fingerprint
            .as_ref()
            .map(|fingerprint| key(fingerprint, question));
        if let Some(intent) = key.as_ref().and_then(|key| self.remembered(key)) {
            return intent;
        }
        let intent = self.ports.classifier.classify(&semantic.config, question);
        if let (Some(key), IntentStatus::Classified) = (key, intent.status) {
            self.remember(&key, &intent, semantic.cache_seconds);
        }
        intent
    }

    /// What cannot be read is asked again.
    fn remembered(&self, key: &str) -> Option<Intent> {
        let now = self.ports.clock.now();
        let found = self.with_schema(|| self.ports.intents.find(key, now));
        let document = match found {
            Ok(document) => document?,
            Err(error) => {
                self.log(&format!("kept answers of the classifier: {error}"));
                return None;
            }
        };
        let kept: Kept = serde_json::from_str(&document).ok()?;
        (kept.v == 1).then_some(kept.intent)
    }

    fn remember(&self, key: &str, intent: &Intent, seconds: u32) {
        let kept = Kept {
            v: 1,
            intent: intent.clone(),
        };
        let Ok(document) = serde_json::to_string(&kept) else {
            return;
        };
        let lifetime = i64::from(seconds).saturating_mul(Timestamp::SECOND);
        let until = self.ports.clock.now().plus(lifetime);
        if let Err(error) = self.ports.intents.put(key, &document, until) {
            self.log(&format!(
                "an answer of the classifier was not kept: {error}"
            ));
        }
    }
}

/// Each part with its length in front, so that no two questions have the same key.
fn key(fingerprint: &str, question: &IntentQuestion) -> String {
    let mut hash = Sha256::new();
    let kind = question.content_type.as_deref();
    for part in [
        fingerprint,
        &question.method,
        &question.path,
        kind.map_or("-", |_| "+"),
        kind.unwrap_or_default(),
        &question.text,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    crate::secret::hex(&hash.finalize())
}
