//! Answers the host gives by itself: RFC 9457 problem details without internals.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use crate::body::ResponseBody;
use crate::request_id::REQUEST_ID;

/// Why the host answers instead of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request's framing could be read in two ways.
    Framing(&'static str),
    /// The head is larger than any may be.
    Head,
    /// The body is larger than any may be.
    TooLarge,
    /// The body did not come, or not in time.
    Incomplete,
    /// All places are taken.
    Busy,
    /// The start has not succeeded yet.
    Starting,
    /// The guest did not finish in time.
    Late,
    /// The guest failed, or was stopped.
    Failed,
}

impl Refusal {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Framing(detail) => (StatusCode::BAD_REQUEST, "Bad Request", detail),
            Self::Head => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
                "The head of the request is larger than the server accepts.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Payload Too Large",
                "The request body is larger than the server accepts.",
            ),
            Self::Incomplete => (
                StatusCode::REQUEST_TIMEOUT,
                "Request Timeout",
                "The request body did not come in time.",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Service Unavailable",
                "The server is busy.",
            ),
            Self::Starting => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Service Unavailable",
                "The server is starting.",
            ),
            Self::Late => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Service Unavailable",
                "The request took too long.",
            ),
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal Server Error",
                "The request could not be processed.",
            ),
        }
    }

    /// The response, with the headers every answer of this server carries, and the
    /// request's id.
    pub(crate) fn response(
        self,
        headers: &[(HeaderName, HeaderValue)],
        id: Option<HeaderValue>,
    ) -> Response<ResponseBody> {
        let (status, title, detail) = self.parts();
        let code = status.as_u16();
        let text = format!(
            r#"{{"type":"https://httpstatuses.com/{code}","title":"{title}","status":{code},"detail":"{detail}"}}"#
        );
        let mut response = Response::new(ResponseBody::full(Bytes::from(text)));
        *response.status_mut() = status;
        let fields = response.headers_mut();
        fields.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        // Not when it was late: what it was to do may have been done.
        if matches!(self, Self::Busy | Self::Starting) {
            fields.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(id) = id {
            fields.insert(REQUEST_ID, id);
        }
        for (name, value) in headers {
            fields.insert(name.clone(), value.clone());
        }
        response
    }
}
