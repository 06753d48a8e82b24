//! The keys that notifications are signed with: `whsec_` and base64, one per line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a key begins with.
const PREFIX: &str = "whsec_";
/// Fewest and most bytes of a key.
const FEWEST: usize = 24;
const MOST: usize = 64;
/// Most keys there may be.
const MAX_KEYS: usize = 4;

/// Why there are no keys. Never shows one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WebhookKeyError {
    #[error("each line of `webhook_secret` must be `whsec_` and the base64 of 24 to 64 bytes")]
    Form,
    #[error("`webhook_secret` must have 1 to 4 lines")]
    Count,
}

/// The keys. Each signs, so that a receiver may change to a new one when it likes.
pub(super) struct WebhookKeys(Vec<Vec<u8>>);

impl WebhookKeys {
    pub(super) fn parse(text: &str) -> Result<Self, WebhookKeyError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let key = |line: &str| {
            let key = STANDARD.decode(line.strip_prefix(PREFIX)?).ok()?;
            (FEWEST..=MOST).contains(&key.len()).then_some(key)
        };
        let keys: Option<Vec<_>> = lines.map(key).collect();
        let keys = keys.ok_or(WebhookKeyError::Form)?;
        match keys.len() {
            1..=MAX_KEYS => Ok(Self(keys)),
            _ => Err(WebhookKeyError::Count),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_marked_and_has_24_to_64_bytes() {
        let key = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        for (text, expected) in [
            (key(24), Ok(1)),
            (format!("{}\n\n {} \n", key(64), key(32)), Ok(2)),
            (key(23), Err(WebhookKeyError::Form)),
            (key(65), Err(WebhookKeyError::Form)),
            (STANDARD.encode([7; 32]), Err(WebhookKeyError::Form)),
            ("whsec_!".to_owned(), Err(WebhookKeyError::Form)),
            (String::new(), Err(WebhookKeyError::Count)),
            (vec![key(24); 5].join("\n"), Err(WebhookKeyError::Count)),
        ] {
            let keys = WebhookKeys::parse(&text).map(|keys| keys.iter().count());
            assert_eq!(keys, expected, "{text}");
        }
    }
}
