//! Whatever is asked has an answer, the same each time, within its range.

use vectra_classifier::{Answer, Label, MAX_LENGTH};

use crate::rows::ask;

/// A small generator: the same questions each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn text(&mut self, pieces: u64) -> String {
        const PIECES: [&str; 24] = [
            "%",
            "%4",
            "%41",
            "\\x",
            "\\u00",
            "\\u0041",
            "?",
            "&",
            "=",
            "/",
            "//",
            "..",
            "a",
            "Zz9",
            "delete",
            "ä",
            "日本",
            "\u{0}",
            "\u{FFFD}",
            "\u{1F980}",
            "2024-01-02",
            "'; --",
            " ",
            "\n",
        ];
        let count = self.below(pieces);
        (0..count)
            .map(|_| match self.below(4) {
                0 => char::from_u32(u32::try_from(self.below(0x11_0000)).unwrap())
                    .unwrap_or('x')
                    .to_string(),
                _ => PIECES[usize::try_from(self.below(24)).unwrap()].to_owned(),
            })
            .collect()
    }
}

#[test]
fn random_questions_have_an_answer_in_range_and_the_same_twice() {
    let mut dice = Dice(7);
    for round in 0..20_000 {
        let (method, path) = (dice.text(3), dice.text(60));
        let (content_type, text) = (
            dice.text(4),
            dice.text(if round % 100 == 0 { 4000 } else { 80 }),
        );
        let answer = ask(&method, &path, &content_type, &text);
        assert_eq!(answer, ask(&method, &path, &content_type, &text));
        let Answer::Classified {
            label,
            confidence,
            explanation,
        } = answer
        else {
            panic!("{answer:?}");
        };
        assert!((0.0..=1.0).contains(&confidence), "{confidence}");
        assert!(label != Label::Unknown || confidence <= 0.5);
        assert!(explanation.len() < 120, "{explanation}");
    }
}

#[test]
fn texts_made_to_be_slow_are_not() {
    for piece in ["a", "a ", "%", "\\u00", ";a", "aB", "\u{0}"] {
        let text = piece.repeat((MAX_LENGTH - 2) / piece.len());
        let start = std::time::Instant::now();
        let _ = ask("POST", "/x", "", &text);
        let taken = start.elapsed();
        assert!(taken.as_secs() < 10, "{taken:?} for {piece:?}");
    }
}
