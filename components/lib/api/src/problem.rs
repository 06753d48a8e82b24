//! Refusals: a public message and an internal context, and the one place where
//! HTTP statuses are chosen.

mod database;

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::ResponseBody;

/// What kind of refusal it is; each has one status and one code (OB §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    MalformedJson,
    Invalid,
    BadTarget,
    MissingCredentials,
    ExpiredToken,
    InvalidClient,
    Denied,
    NoRoute,
    AgentNotFound,
    PolicyNotFound,
    AuditNotFound,
    HeldNotFound,
    HeldDecided,
    HeldChanged,
    HeldUndecided,
    HeldExpired,
    HeldUncertain,
    NoAnswerKept,
    OperatorNotFound,
    CredentialNotFound,
    CredentialTaken,
    NameTaken,
    WrongMethod,
    PolicyBroken,
    PolicyInUse,
    PolicyOfFile,
    TooLarge,
    UrlTooLong,
    UnsupportedMediaType,
    RateLimited,
    TooManyHeld,
    NotRecorded,
    NotSaved,
    UpstreamUnavailable,
    CircuitOpen,
    Undecidable,
    DatabaseUnavailable,
    IssuerUnavailable,
    Misconfigured,
}

impl Kind {
    /// Status, VEC code and title.
    const fn facts(self) -> (StatusCode, Option<&'static str>, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedJson => (S::BAD_REQUEST, Some("VEC200003"), "Malformed JSON"),
            Self::Invalid => (S::BAD_REQUEST, Some("VEC400001"), "Validation failed"),
            Self::BadTarget => (S::BAD_REQUEST, Some("VEC400001"), "Invalid proxy target"),
            Self::MissingCredentials => (
                S::UNAUTHORIZED,
                Some("VEC800001"),
                "Missing or invalid authentication",
            ),
            Self::ExpiredToken => (S::UNAUTHORIZED, Some("VEC800002"), "The token has expired"),
            Self::InvalidClient => (
                S::UNAUTHORIZED,
                Some("VEC800003"),
                "Invalid agent or client secret",
            ),
            Self::Denied => (S::FORBIDDEN, Some("VEC700001"), "Access denied"),
            Self::NoRoute => (S::NOT_FOUND, Some("VEC501001"), "No such endpoint"),
            Self::AgentNotFound => (S::NOT_FOUND, Some("VEC501002"), "Agent not found"),
            Self::PolicyNotFound => (S::NOT_FOUND, Some("VEC501003"), "Policy not found"),
            Self::AuditNotFound => (S::NOT_FOUND, Some("VEC501001"), "Audit row not found"),
            Self::HeldNotFound => (S::NOT_FOUND, Some("VEC501004"), "Held request not found"),
            Self::HeldDecided => (S::CONFLICT, None, "The held request is decided already"),
            Self::HeldChanged => (S::CONFLICT, None, "It is not the request that was held"),
            Self::HeldUndecided => (S::TOO_EARLY, None, "The held request is not answered yet"),
            Self::HeldExpired => (S::GONE, None, "The held request has expired"),
            Self::HeldUncertain => (S::BAD_GATEWAY, None, "The request may have been sent"),
            Self::NoAnswerKept => (S::BAD_GATEWAY, None, "There is no answer to give"),
            Self::OperatorNotFound => (S::NOT_FOUND, Some("VEC501001"), "Operator not found"),
            Self::CredentialNotFound => (S::NOT_FOUND, Some("VEC501001"), "Credentials not found"),
            Self::CredentialTaken => (S::CONFLICT, None, "The origin has credentials"),
            Self::NameTaken => (S::CONFLICT, Some("VEC601001"), "The name is taken"),
            Self::WrongMethod => (S::METHOD_NOT_ALLOWED, None, "Method not allowed"),
            Self::PolicyBroken => (S::CONFLICT, None, "Policy is broken"),
            Self::PolicyInUse => (S::CONFLICT, None, "Agents are bound to the policy"),
            Self::PolicyOfFile => (S::CONFLICT, None, "The policy belongs to a file"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, None, "Request body too large"),
            Self::UrlTooLong => (S::URI_TOO_LONG, None, "Target URL too long"),
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                None,
                "Content-Type must be application/json",
            ),
            Self::RateLimited => (S::TOO_MANY_REQUESTS, None, "Rate limit exceeded"),
            Self::TooManyHeld => (S::TOO_MANY_REQUESTS, None, "Too many held requests"),
            Self::NotRecorded => (
                S::SERVICE_UNAVAILABLE,
                Some("VEC300001"),
                "The decision could not be recorded",
            ),
            Self::NotSaved => (
                S::SERVICE_UNAVAILABLE,
                Some("VEC300001"),
                "The change could not be saved",
            ),
            Self::UpstreamUnavailable => (S::SERVICE_UNAVAILABLE, None, "Upstream unavailable"),
            Self::CircuitOpen => (
                S::SERVICE_UNAVAILABLE,
                None,
                "Upstream temporarily unavailable",
            ),
            Self::Undecidable => (
                S::SERVICE_UNAVAILABLE,
                None,
                "It cannot be decided about now",
            ),
            Self::DatabaseUnavailable => (
                S::SERVICE_UNAVAILABLE,
                Some("VEC300003"),
                "The database is not available",
            ),
            Self::IssuerUnavailable => (
                S::SERVICE_UNAVAILABLE,
                None,
                "The keys of the tokens' issuer are not available",
            ),
            Self::Misconfigured => (
                S::INTERNAL_SERVER_ERROR,
                Some("VEC000001"),
                "The gateway is not configured",
            ),
        }
    }
}

/// A refusal on its way to the caller.
#[derive(Debug)]
pub(crate) struct Refusal {
    kind: Kind,
    detail: Option<String>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log only; never holds a secret.
    internal: Option<String>,
}

impl Refusal {
    pub(crate) fn new(kind: Kind) -> Self {
        let mut headers = Vec::new();
        if kind.facts().0 == StatusCode::UNAUTHORIZED {
            headers.push((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"vectra\""),
            ));
        }
        Self {
            kind,
            detail: None,
            members: Map::new(),
            headers,
            internal: None,
        }
    }

    /// Says more, for the caller.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a member to the problem document.
    pub(crate) fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Says more, for the log.
    pub(crate) fn internal(mut self, context: impl Into<String>) -> Self {
        self.internal = Some(context.into());
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says when to come back.
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Fields that are wrong, each with what is wrong with it.
    pub(crate) fn fields(errors: &BTreeMap<String, Vec<String>>) -> Self {
        Self::new(Kind::Invalid).member("errors", json!(errors))
    }

    /// One field that is wrong.
    pub(crate) fn field(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::fields(&BTreeMap::from([(name.to_owned(), vec![message])]))
    }

    /// The status it is answered with.
    pub(crate) fn status(&self) -> StatusCode {
        self.kind.facts().0
    }

    /// The code of the problem document (OB §3), if there is one.
    pub(crate) fn code(&self) -> Option<&'static str> {
        self.kind.facts().1
    }

    /// What the caller is told of it in one line.
    pub(crate) fn told(&self) -> &str {
        self.detail.as_deref().unwrap_or(self.kind.facts().2)
    }

    /// Whether the caller said something wrong about it.
    pub(crate) fn is_invalid(&self) -> bool {
        self.kind == Kind::Invalid
    }

    /// Whether it is not known who calls.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        self.status() == StatusCode::UNAUTHORIZED
    }

    /// What happened inside, if that is worth a line in the log.
    pub(crate) fn context(&self) -> Option<&str> {
        self.internal.as_deref()
    }

    /// The problem document (RFC 9457).
    pub(crate) fn into_response<U>(self) -> Response<ResponseBody<U>> {
        let (status, code, title) = self.kind.facts();
        let mut document = self.members;
        let kind = format!("https://httpstatuses.com/{}", status.as_u16());
        document.insert("type".to_owned(), kind.into());
        document.insert("title".to_owned(), title.into());
        document.insert("status".to_owned(), status.as_u16().into());
        if let Some(code) = code {
            document.insert("errorCode".to_owned(), code.into());
        }
        if let Some(detail) = self.detail {
            document.insert("detail".to_owned(), detail.into());
        }
        let bytes = Value::Object(document).to_string().into_bytes();
        let mut response = Response::new(ResponseBody::Bytes(bytes));
        *response.status_mut() = status;
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().extend(self.headers);
        response
    }
}
