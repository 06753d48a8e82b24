//! Why, for people: words of the model's own vocabulary that spoke for a label.

use std::ops::Range;

use crate::features::{self, Reader};
use crate::judge::Verdict;
use crate::label::Label;
use crate::model::Model;
use crate::target::Target;
use crate::token::Token;

/// An explanation names at most so many words.
const MAX_WORDS: usize = 3;

/// Collects words of the vocabulary with what they add to a label.
struct Words<'a> {
    model: &'a Model<'a>,
    vocabulary: Vec<&'a str>,
    column: usize,
    /// The blocks that decided.
    decided: Range<usize>,
    block: Option<usize>,
    found: Vec<(i32, &'a str)>,
}

impl Reader for Words<'_> {
    fn block(&mut self) {
        self.block = Some(self.block.map_or(0, |block| block + 1));
    }

    fn word(&mut self, word: u32, token: &Token<'_>) {
        let block = self.block.unwrap_or_default();
        if self.decided.contains(&block) {
            self.weigh(word, token);
        }
    }

    fn feature(&mut self, _feature: u32) {}
}

impl Words<'_> {
    fn weigh(&mut self, word: u32, token: &Token<'_>) {
        let text = token.unigram();
        let place = self
            .vocabulary
            .binary_search_by(|known| known.as_bytes().cmp(text));
        let Some(known) = place.ok().and_then(|place| self.vocabulary.get(place)) else {
            return;
        };
        let weights = self.model.weights(word);
        let own = weights.get(self.column).copied().unwrap_or_default();
        let more_than_others = own * 7 - weights.iter().sum::<i32>();
        if more_than_others > 0 && !self.found.iter().any(|(_, named)| named == known) {
            self.found.push((more_than_others, known));
        }
    }
}

/// What the verdict is, and the words that spoke for it most. It echoes nothing of the
/// request but words that the vocabulary has anyway.
pub(crate) fn explanation(
    model: &Model<'_>,
    verdict: &Verdict,
    target: &Target,
    text: &[u8],
) -> String {
    let mut words = Words {
        model,
        vocabulary: model.vocabulary(),
        column: Label::ALL
            .iter()
            .position(|label| *label == verdict.label)
            .unwrap_or_default(),
        decided: verdict.blocks.clone(),
        block: None,
        found: Vec::new(),
    };
    for token in &target.path {
        words.weigh(features::word(token.unigram()), token);
    }
    features::text(text, &mut words);
    let mut found = words.found;
    found.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    let named: Vec<String> = found
        .iter()
        .take(MAX_WORDS)
        .map(|(_, word)| format!("`{word}`"))
        .collect();
    let label = verdict.label.as_str();
    let confidence = verdict.confidence;
    if named.is_empty() {
        format!("Local: {label} ({confidence:.2})")
    } else {
        format!("Local: {label} ({confidence:.2}) by {}", named.join(", "))
    }
}
