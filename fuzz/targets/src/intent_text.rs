//! JSON bodies flattened for a classifier. An input is a body.
//!
//! * Nothing panics.
//! * What comes of it is bounded by what it is made of, trimmed and always the same.

use crate::text;
use vectra_decision::intent_text;

/// What must hold of one input; of one that is not text, of its beginning that is.
pub fn run(input: &[u8]) {
    let body = text(input);
    let flattened = intent_text(body);
    assert_eq!(flattened, intent_text(body));
    let Some(text) = flattened.map(|flattened| flattened.text) else {
        return;
    };
    assert!(
        text.len() <= body.len() * 8 + 2048,
        "it grows without bound"
    );
    assert_eq!(text, text.trim());
}
