//! The lines of `token_secret`.
//!
//! * Nothing panics, and no error shows anything of a line.
//! * All lines that are not blank are keys, or it is an error.
//! * What a shared key of the lines signs is believed, what another signs is not.

use crate::{Signer, TOKENS, now, part, text};
use vectra_api::token::{MIN_KEY, TokenKeys, verify};

/// A piece of a key that no error holds otherwise.
const WORD: &str = "zqxjkv";
/// Nobody's key.
const STRANGER: &str = "another shared key, long enough to be one";
/// What lines of Ed25519 begin with.
const PREFIX: &str = "ed25519";

/// What must hold of one input; of one that is not text, of its beginning that is.
pub fn run(input: &[u8]) {
    let input = text(input);
    for text in [
        format!("{WORD}{input}"),
        format!("{input}{WORD}"),
        format!("ed25519:{WORD}{input}"),
        format!("{STRANGER}\ned25519-public:{input}{WORD}"),
    ] {
        if let Err(error) = TokenKeys::parse(&text) {
            assert!(!format!("{error} {error:?}").contains(WORD));
        }
    }
    let lines = input.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<&str> = lines.collect();
    let Ok(keys) = TokenKeys::parse(input) else {
        return;
    };
    assert_eq!(format!("{keys:?}"), format!("{} keys", lines.len()));
    let _ = keys.check();

    let header = part(r#"{"alg":"HS256"}"#);
    let claims = part(
        r#"{"sub":"018f4d2e-7c1b-7a3d-9e5f-0123456789ab","exp":1750000900,"iss":"vectra","aud":"vectra-agents"}"#,
    );
    let text = format!("{header}.{claims}");
    let is_believed = |key: &str| {
        let token = format!("{text}.{}", Signer::Shared(key.as_bytes()).sign(&text));
        verify(&token, now(), &TOKENS, &keys).is_ok()
    };
    for line in &lines {
        let start = line.trim().get(..PREFIX.len()).unwrap_or_default();
        let is_shared = !start.eq_ignore_ascii_case(PREFIX);
        assert!(!is_shared || line.len() >= MIN_KEY, "a key is too short");
        assert_eq!(is_believed(line), is_shared);
    }
    assert!(lines.contains(&STRANGER) || !is_believed(STRANGER));
}
