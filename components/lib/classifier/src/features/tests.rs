use super::{Reader, head, parts, text};
use crate::token::Token;

const GOLDEN: &str = include_str!("../../tests/golden.jsonl");

type Row = (String, String, String, String, u32, String, f64);

/// Features folded into a number as the training script does; each block ends with how many
/// words it has.
#[derive(Default)]
struct Folded {
    value: u32,
    words: Option<u32>,
}

impl Folded {
    fn take(&mut self, feature: u32) {
        self.value = self.value.wrapping_mul(31).wrapping_add(feature);
    }

    fn end_block(&mut self) {
        if let Some(words) = self.words.take() {
            self.take(words);
        }
    }
}

impl Reader for Folded {
    fn block(&mut self) {
        self.end_block();
        self.words = Some(0);
    }

    fn word(&mut self, word: u32, _token: &Token<'_>) {
        self.take(word);
        self.words = self.words.map(|words| words + 1);
    }

    fn feature(&mut self, feature: u32) {
        self.take(feature);
    }
}

#[test]
fn features_are_those_that_the_model_was_trained_with() {
    let mut rows = 0;
    for line in GOLDEN.lines() {
        let (method, path, content_type, body, expected, _, _): Row =
            serde_json::from_str(line).unwrap();
        let (target, stream, has_text) = parts(&path, &body);
        let mut folded = Folded::default();
        head(
            &method,
            Some(&content_type),
            &target,
            has_text,
            &mut |feature| {
                folded.take(feature);
            },
        );
        text(&stream, &mut folded);
        folded.end_block();
        assert_eq!(folded.value, expected, "{line}");
        rows += 1;
    }
    assert!(rows > 300, "{rows}");
}
