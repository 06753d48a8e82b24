//! From features to a verdict for every part of a text, and from these to one.
//!
//! `components/semantic-local/training/judge.py` is the twin.

use std::ops::Range;

use crate::features::Reader;
use crate::label::Label;
use crate::model::Model;
use crate::softmax::softmax;
use crate::token::Token;

/// A label with less is not believed.
const BELIEVED: f64 = 0.5;

/// A phrase counts if its label has so much.
const SURE: f64 = 0.9;

/// Blocks in a part, which is judged together with method and path.
const PART: usize = 8;

/// Blocks from one part to the next.
const STEP: usize = 4;

/// Blocks in a phrase, which is judged by itself: a part may hold a short command and much
/// else that hides it.
const PHRASE: usize = 2;

/// From so many words on, it matters whether they were seen in training.
const FEW_WORDS: u32 = 6;

/// What some features add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    scores: [i32; 7],
    features: u32,
    words: u32,
    known: u32,
}

impl Sums {
    /// Adds a feature.
    pub(crate) fn add(&mut self, model: &Model<'_>, feature: u32) {
        for (score, weight) in self.scores.iter_mut().zip(model.weights(feature)) {
            *score += weight;
        }
        self.features += 1;
    }

    fn and(self, other: Self) -> Self {
        let mut scores = self.scores;
        for (score, more) in scores.iter_mut().zip(other.scores) {
            *score += more;
        }
        Self {
            scores,
            features: self.features + other.features,
            words: self.words + other.words,
            known: self.known + other.known,
        }
    }

    /// `4096 / sqrt(features)`: many features that agree count for more than few, but not
    /// as much more as they are.
    fn share(&self) -> i64 {
        if self.features == 0 {
            return 0;
        }
        (1 << 20) / (i64::from(self.features) << 16).isqrt()
    }
}

/// The blocks of a text.
pub(crate) struct Blocks<'a> {
    model: &'a Model<'a>,
    sums: Vec<Sums>,
}

impl<'a> Blocks<'a> {
    /// None yet.
    pub(crate) const fn new(model: &'a Model<'a>) -> Self {
        Self {
            model,
            sums: Vec::new(),
        }
    }
}

impl Reader for Blocks<'_> {
    fn block(&mut self) {
        self.sums.push(Sums::default());
    }

    fn word(&mut self, word: u32, _token: &Token<'_>) {
        if let Some(block) = self.sums.last_mut() {
            block.add(self.model, word);
            block.words += 1;
            block.known += u32::from(self.model.knows(word));
        }
    }

    fn feature(&mut self, feature: u32) {
        if let Some(block) = self.sums.last_mut() {
            block.add(self.model, feature);
        }
    }
}

/// What some neighbouring blocks come to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) label: Label,
    pub(crate) confidence: f64,
    /// Which blocks.
    pub(crate) blocks: Range<usize>,
}

impl Verdict {
    /// How much it weighs against that of another part.
    fn rank(&self) -> u8 {
        if self.confidence < BELIEVED {
            return 2;
        }
        match self.label {
            Label::Read => 0,
            Label::Write => 1,
            Label::Unknown => 2,
            Label::BulkExport => 3,
            Label::AdminAction => 4,
            Label::DestructiveDelete => 5,
            Label::Harmful => 6,
        }
    }

    /// The more dangerous one; of two alike the surer if both are dangerous, else the less
    /// sure.
    fn or(self, other: Self) -> Self {
        let (rank, others) = (self.rank(), other.rank());
        let replaces = if rank == others && others > 2 {
            other.confidence > self.confidence
        } else if rank == others {
            other.confidence < self.confidence
        } else {
            others > rank
        };
        if replaces { other } else { self }
    }
}

/// The verdict on a head and the blocks of a text.
pub(crate) fn judge(model: &Model<'_>, head: Sums, blocks: &Blocks<'_>) -> Verdict {
    let all = blocks.sums.len();
    let on = |head: Sums, start: usize, length: usize| {
        let blocks = blocks.sums.iter().skip(start).take(length);
        let sums = blocks.fold(Sums::default(), |sums, block| sums.and(*block));
        verdict(model, head, sums, start..start + length)
    };
    let parts = (STEP..all.saturating_sub(STEP))
        .step_by(STEP)
        .map(|start| on(head, start, PART));
    let phrases = (0..all.saturating_sub(1))
        .filter(|_| all > PHRASE)
        .map(|start| on(Sums::default(), start, PHRASE))
        .filter(|phrase| phrase.label.is_dangerous() && phrase.confidence >= SURE);
    parts.chain(phrases).fold(on(head, 0, PART), Verdict::or)
}

fn verdict(model: &Model<'_>, head: Sums, text: Sums, blocks: Range<usize>) -> Verdict {
    let (head_share, text_share) = (head.share(), text.share());
    let mut logits = [0.0; 7];
    let columns = model.bias.iter().zip(head.scores).zip(text.scores);
    for (logit, ((bias, head), text)) in logits.iter_mut().zip(columns) {
        let score = bias * 4096 + i64::from(head) * head_share + i64::from(text) * text_share;
        // Far below 2^53: nothing is lost.
        #[allow(clippy::cast_precision_loss)]
        let score = score as f64;
        *logit = score * model.scale;
    }
    let (mut label, mut share) = (Label::Unknown, -1.0);
    for (candidate, candidate_share) in Label::ALL.into_iter().zip(softmax(logits)) {
        if candidate_share > share {
            (label, share) = (candidate, candidate_share);
        }
    }
    let unfamiliar = text.words >= FEW_WORDS && text.known * 4 < text.words;
    if unfamiliar && !label.is_dangerous() {
        label = Label::Unknown;
    }
    let confidence = (share * 10_000.0 + 0.5).floor() / 10_000.0;
    Verdict {
        label,
        // To know nothing is no certainty (OB §14 gives it 0.5).
        confidence: match label {
            Label::Unknown => confidence.min(0.5),
            _ => confidence,
        },
        blocks,
    }
}
