//! What a model says about a request, without what it repeats of it: explanations stay in
//! the audit trail for ever, and bodies hold secrets.

use vectra_decision::IntentQuestion;

/// Shorter words may be repeated: it would make no sentence otherwise.
const WORD: usize = 4;

/// What stands for a word that is left out.
const MASK: &str = "…";

/// The explanation in plain characters; words that also stand in the request's body or
/// query are left out, unless they stand in its path, which is in the audit trail anyway.
pub(crate) fn masked(explanation: &str, question: &IntentQuestion) -> String {
    let (path, query) = match question.path.split_once('?') {
        Some((path, query)) => (path, query),
        None => (question.path.as_str(), ""),
    };
    let shown = path.to_lowercase();
    let hidden = format!("{query}\n{}", question.text).to_lowercase();
    let mut masked = String::with_capacity(explanation.len());
    let mut word = String::new();
    for character in explanation.chars() {
        if character.is_alphanumeric() {
            word.push(character);
            continue;
        }
        finish(&mut word, &mut masked, &shown, &hidden);
        let plain = character.is_ascii_punctuation();
        masked.push(if plain { character } else { ' ' });
    }
    finish(&mut word, &mut masked, &shown, &hidden);
    masked.trim().to_owned()
}

fn finish(word: &mut String, masked: &mut String, shown: &str, hidden: &str) {
    let lower = word.to_lowercase();
    let repeats = lower.chars().count() >= WORD && hidden.contains(&lower);
    if repeats && !shown.contains(&lower) {
        masked.push_str(MASK);
    } else {
        masked.push_str(word);
    }
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_repeats_nothing_of_body_and_query() {
        let question = IntentQuestion {
            method: "POST".to_owned(),
            path: "/users/export?token=Zx81aaaa".to_owned(),
            content_type: None,
            text: "password hunter2\nname Møller".to_owned(),
        };
        for (said, kept) in [
            ("Exports all users.", "Exports all users."),
            ("The Password is HUNTER2!", "The … is …!"),
            ("Names M\u{f8}ller", "Names …"),
            ("token=Zx81aaaa", "…=…"),
            ("two\nlines\u{202e}\u{1b}[31m", "two lines  [31m"),
            ("", ""),
        ] {
            assert_eq!(masked(said, &question), kept);
        }
    }
}
