//! Question and answer.

use crate::explanation::explanation;
use crate::features;
use crate::judge::{Blocks, Sums, judge};
use crate::label::Label;
use crate::model::{Model, ModelError};

/// The trained model.
pub(crate) const MODEL: &[u8] = include_bytes!("../model/intent.model");

/// Path and text together may have so many bytes; more is not classified, rather than cut.
pub const MAX_LENGTH: usize = 1024 * 1024;

/// What is to be classified.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path and query, as sent.
    pub path: &'a str,
    /// Content-Type of the body.
    pub content_type: Option<&'a str>,
    /// The body as text; JSON flattened to lines.
    pub text: &'a str,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It has a label.
    Classified {
        /// The label.
        label: Label,
        /// 0 to 1; at most 0.5 for [`Label::Unknown`].
        confidence: f64,
        /// Why, for people. Of the request it repeats only words that the model's own
        /// vocabulary has.
        explanation: String,
    },
    /// It could not be classified; why.
    Failed(String),
}

/// The version of the model: it changes whenever an answer might.
///
/// # Errors
/// If the model that was built in is none.
pub fn model_version() -> Result<&'static str, ModelError> {
    Model::parse(MODEL).map(|model| model.version)
}

/// Says what a request means to do. Total, and linear in the length of the question.
///
/// A long text is judged in overlapping parts of 48 tokens, each with method and path, and
/// besides in phrases of 12 that count if they are dangerous by themselves and surely so. The
/// most dangerous label that has at least half of the shares is the answer, else one that is
/// not sure, else the least sure of the harmless ones. So padding hides little; on the other
/// hand the longer a text, the likelier it is held for a part of it.
#[must_use]
pub fn classify(question: &Question<'_>) -> Answer {
    let length = question.path.len().saturating_add(question.text.len());
    if length > MAX_LENGTH {
        return Answer::Failed(format!(
            "too long to be classified: {length} bytes, at most {MAX_LENGTH}"
        ));
    }
    let model = match Model::parse(MODEL) {
        Ok(model) => model,
        Err(error) => return Answer::Failed(error.to_string()),
    };
    let (target, text, has_text) = features::parts(question.path, question.text);
    let mut head = Sums::default();
    features::head(
        question.method,
        question.content_type,
        &target,
        has_text,
        &mut |feature| head.add(&model, feature),
    );
    let mut blocks = Blocks::new(&model);
    features::text(&text, &mut blocks);
    let verdict = judge(&model, head, &blocks);
    Answer::Classified {
        label: verdict.label,
        confidence: verdict.confidence,
        explanation: explanation(&model, &verdict, &target, &text),
    }
}
