//! JSON bodies flattened for a classifier. An input is a body.
//!
//! * Nothing panics.
//! * What comes of it is bounded by what it is made of, trimmed and always the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vectra_decision::intent_text;

fuzz_target!(|body: &str| {
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
});
