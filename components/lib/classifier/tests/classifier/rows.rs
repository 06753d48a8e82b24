//! Rows of the files that the training script writes, and asking about them.

use serde::de::DeserializeOwned;
use vectra_classifier::{Answer, Label, Question, classify};

/// A held-out row: label, method, path, content type, text.
pub(crate) type Row = (String, String, String, String, String);

/// The rows of a file, a JSON value a line.
pub(crate) fn rows<T: DeserializeOwned>(file: &str) -> Vec<T> {
    file.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Label and confidence of a request that can be classified.
pub(crate) fn labelled(method: &str, path: &str, content_type: &str, text: &str) -> (Label, f64) {
    match ask(method, path, content_type, text) {
        Answer::Classified {
            label, confidence, ..
        } => (label, confidence),
        Answer::Failed(why) => panic!("{method} {path}: {why}"),
    }
}

/// The answer.
pub(crate) fn ask(method: &str, path: &str, content_type: &str, text: &str) -> Answer {
    classify(&Question {
        method,
        path,
        content_type: (!content_type.is_empty()).then_some(content_type),
        text,
    })
}
