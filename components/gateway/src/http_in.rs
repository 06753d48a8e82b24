//! The agent's request: `wasi:http` in, `http::Request` out.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use vectra_api::{BodyError, RequestBody};

use crate::bindings::wasi::http::types::{IncomingBody, IncomingRequest, Method as WasiMethod};
use crate::bindings::wasi::io::streams::{InputStream, StreamError};

/// Most bytes asked for at once.
const CHUNK: u64 = 64 * 1024;

/// A body that has not been read.
pub struct Incoming {
    // Dropped in this order: the stream is a child of the body.
    stream: InputStream,
    _body: IncomingBody,
}

impl Incoming {
    fn open(body: IncomingBody) -> Option<Self> {
        let stream = body.stream().ok()?;
        Some(Self {
            stream,
            _body: body,
        })
    }

    /// The bytes as they come.
    pub fn stream(&self) -> &InputStream {
        &self.stream
    }
}

/// The body of a request; none if the host gave none.
pub struct Body(Option<Incoming>);

impl Body {
    /// The body, if there is one.
    pub fn incoming(&self) -> Option<&Incoming> {
        self.0.as_ref()
    }
}

impl RequestBody for Body {
    fn read(self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let mut bytes = Vec::new();
        let Some(incoming) = self.0 else {
            return Ok(bytes);
        };
        loop {
            match incoming.stream.blocking_read(CHUNK) {
                Ok(chunk) => {
                    if bytes.len().saturating_add(chunk.len()) > limit {
                        return Err(BodyError::TooLong(limit));
                    }
                    if bytes.is_empty() {
                        bytes = chunk;
                    } else {
                        bytes.extend_from_slice(&chunk);
                    }
                }
                Err(StreamError::Closed) => return Ok(bytes),
                Err(StreamError::LastOperationFailed(error)) => {
                    return Err(BodyError::Broken(error.to_debug_string()));
                }
            }
        }
    }
}

/// Reads the head; the status to answer with if it cannot be read.
pub fn read(request: IncomingRequest) -> Result<Request<Body>, StatusCode> {
    let bad = StatusCode::BAD_REQUEST;
    let method = method(&request.method()).ok_or(StatusCode::NOT_IMPLEMENTED)?;
    let path = request.path_with_query().unwrap_or_else(|| "/".to_owned());
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers().entries() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad)?;
        headers.append(name, HeaderValue::from_bytes(&value).map_err(|_| bad)?);
    }
    let body = Body(request.consume().ok().and_then(Incoming::open));
    let mut read = Request::new(body);
    *read.method_mut() = method;
    *read.uri_mut() = path.parse().map_err(|_| bad)?;
    *read.headers_mut() = headers;
    Ok(read)
}

fn method(method: &WasiMethod) -> Option<Method> {
    Some(match method {
        WasiMethod::Get => Method::GET,
        WasiMethod::Head => Method::HEAD,
        WasiMethod::Post => Method::POST,
        WasiMethod::Put => Method::PUT,
        WasiMethod::Delete => Method::DELETE,
        WasiMethod::Connect => Method::CONNECT,
        WasiMethod::Options => Method::OPTIONS,
        WasiMethod::Trace => Method::TRACE,
        WasiMethod::Patch => Method::PATCH,
        WasiMethod::Other(name) => Method::from_bytes(name.as_bytes()).ok()?,
    })
}
