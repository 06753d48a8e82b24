//! Why there is no classification. The texts hold nothing that came from outside: they are
//! kept in the audit trail.

use thiserror::Error;

use crate::MAX_QUESTION;

/// Why a request could not be classified.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// The configuration has problems; `describe` names them.
    #[error("the classifier's configuration has problems")]
    Configuration,
    /// There is more to the request than a model is asked about.
    #[error("the request is too long to be classified: more than {MAX_QUESTION} bytes")]
    TooLong,
    /// The provider wants a key and there is none, or one that cannot be sent.
    #[error(
        "the provider wants a key, and the variable `semantic_key` holds none that can be sent"
    )]
    NoKey,
    /// No connection, or one that broke.
    #[error("the model cannot be reached")]
    Unreachable,
    /// The host does not let the component go there.
    #[error("the host does not let the model be reached")]
    Prohibited,
    /// It took too long, whatever it was.
    #[error("the model did not answer within {0} s")]
    Late(u64),
    /// The answer goes on beyond what is read.
    #[error("the model's answer is too long")]
    TooLarge,
    /// Another status than 200.
    #[error("the model's server answered with status {0}")]
    Status(u16),
    /// Another content type than JSON, or none.
    #[error("the model's server answered with something other than JSON")]
    ContentType,
    /// Not the document that the provider's interface describes.
    #[error("the model's server did not answer as its interface says")]
    Envelope,
    /// The model stopped for want of room.
    #[error("the model's answer was cut off")]
    CutOff,
    /// The model or its server did not want to answer.
    #[error("the model refused to answer")]
    Refused,
    /// Not one object of the members asked for, and nothing else.
    #[error("the model did not answer with the one JSON object it was asked for")]
    Form,
    /// The answer does not show what only the question's author and the model know.
    #[error("the model's answer does not belong to the question")]
    Nonce,
    /// No label there is.
    #[error("the model answered with a label that does not exist")]
    Label,
    /// Not between 0 and 1.
    #[error("the model's confidence is not between 0 and 1")]
    Confidence,
    /// No tag there is, or one twice.
    #[error("the model answered with a risk tag that does not exist, or twice with one")]
    RiskTag,
    /// Longer than asked for.
    #[error("the model's explanation is too long")]
    Explanation,
    /// `read`, of a method that changes something.
    #[error("the model's label contradicts the request's method")]
    Contradiction,
    /// The model says that it does not know.
    #[error("the model cannot tell what the request means to do")]
    Unknown,
    /// The key is in the answer.
    #[error("the model's answer shows the key")]
    ShowsKey,
}
