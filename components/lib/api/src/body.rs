//! Bodies of requests and responses.

/// Why a request's body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Longer than the limit.
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    /// It broke off.
    #[error("the body broke off: {0}")]
    Broken(String),
}

/// The body of a request, not read yet.
pub trait RequestBody {
    /// Reads all of it, at most `limit` bytes.
    ///
    /// # Errors
    /// [`BodyError::TooLong`] as soon as it is longer, [`BodyError::Broken`] if it
    /// ends before its end.
    fn read(self, limit: usize) -> Result<Vec<u8>, BodyError>;
}

impl RequestBody for Vec<u8> {
    fn read(self, limit: usize) -> Result<Vec<u8>, BodyError> {
        if self.len() > limit {
            Err(BodyError::TooLong(limit))
        } else {
            Ok(self)
        }
    }
}

/// The body of a response; `U` is the upstream's.
#[derive(Debug)]
pub enum ResponseBody<U> {
    /// None.
    Empty,
    /// Made here.
    Bytes(Vec<u8>),
    /// The upstream's, passed on as it comes.
    Upstream(U),
}
