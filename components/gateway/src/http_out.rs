//! Answers to the agent and requests to the upstream: `http` in, `wasi:http` out.

mod fetch;

use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use vectra_api::{OutgoingBody, ResponseBody, Upstream, UpstreamError};

use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method as WasiMethod,
    OutgoingBody as WasiBody, OutgoingRequest, OutgoingResponse, ResponseOutparam, Scheme,
};
use crate::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};
use crate::http_in::Body;

/// Most bytes that one `blocking-write-and-flush` takes.
const WRITE: usize = 4096;
/// Most bytes that are spliced at once.
const SPLICE: u64 = 256 * 1024;

/// The way to upstreams.
pub struct Outgoing;

/// The body of an upstream's answer.
pub struct UpstreamBody {
    // Dropped in this order: each is a child of the next.
    stream: InputStream,
    _body: IncomingBody,
    _response: IncomingResponse,
}

impl Upstream<Body> for Outgoing {
    type Body = UpstreamBody;

    fn send(
        &self,
        request: Request<OutgoingBody<Body>>,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        let broken = |what: &str| UpstreamError::Unreachable(what.to_owned());
        let (head, body) = request.into_parts();
        let outgoing = outgoing_request(&head, &body)
            .ok_or_else(|| UpstreamError::NotSent("no such request".to_owned()))?;
        let options = fetch::options(&head.extensions);
        let sink = match &body {
            OutgoingBody::Empty => None,
            _ => Some(outgoing.body().map_err(|()| broken("no body"))?),
        };
        let future = outgoing_handler::handle(outgoing, options).map_err(|code| failure(&code))?;
        // An upstream may answer before it has read everything, so a failure to
        // write is not the end: the answer tells.
        if let Some(sink) = sink {
            let sent = match &body {
                OutgoingBody::Bytes(bytes) => write(&sink, bytes),
                OutgoingBody::Stream(body) => match body.incoming() {
                    Some(incoming) => splice(&sink, incoming.stream(), &mut 0),
                    None => Ok(()),
                },
                OutgoingBody::Empty => Ok(()),
            };
            if sent.is_ok() {
                let _ = WasiBody::finish(sink, None);
            }
        }
        future.subscribe().block();
        match future.get() {
            Some(Ok(Ok(response))) => read_response(response),
            Some(Ok(Err(code))) => Err(failure(&code)),
            Some(Err(())) | None => Err(broken("the answer was taken already")),
        }
    }

    fn read(
        &self,
        body: UpstreamBody,
        limit: usize,
        patience: std::time::Duration,
    ) -> Result<Vec<u8>, UpstreamError> {
        fetch::read(&body, limit, patience)
    }
}

fn outgoing_request(
    head: &http::request::Parts,
    body: &OutgoingBody<Body>,
) -> Option<OutgoingRequest> {
    let mut headers = head.headers.clone();
    let length = match body {
        OutgoingBody::Bytes(bytes) => Some(bytes.len()),
        OutgoingBody::Empty if expects_body(&head.method) => Some(0),
        OutgoingBody::Empty | OutgoingBody::Stream(_) => None,
    };
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    let request = OutgoingRequest::new(fields(&headers)?);
    request.set_method(&method(&head.method)).ok()?;
    let scheme = if head.uri.scheme_str()?.eq_ignore_ascii_case("https") {
        Scheme::Https
    } else {
        Scheme::Http
    };
    request.set_scheme(Some(&scheme)).ok()?;
    request
        .set_authority(Some(head.uri.authority()?.as_str()))
        .ok()?;
    request
        .set_path_with_query(Some(head.uri.path_and_query()?.as_str()))
        .ok()?;
    Some(request)
}

fn expects_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

fn read_response(response: IncomingResponse) -> Result<Response<UpstreamBody>, UpstreamError> {
    let broken = |what: &str| UpstreamError::Unreachable(what.to_owned());
    let status = StatusCode::from_u16(response.status()).map_err(|_| broken("no such status"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in response.headers().entries() {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        let value = http::HeaderValue::from_bytes(&value);
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let body = response.consume().map_err(|()| broken("no body"))?;
    let stream = body.stream().map_err(|()| broken("no body"))?;
    let mut read = Response::new(UpstreamBody {
        stream,
        _body: body,
        _response: response,
    });
    *read.status_mut() = status;
    *read.headers_mut() = headers;
    Ok(read)
}

fn failure(code: &ErrorCode) -> UpstreamError {
    match code {
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied => {
            UpstreamError::Prohibited(format!("{code:?}"))
        }
        // Only what happens before there is a connection. Errors of TLS may also come when
        // the request is on its way, but for a certificate that is not believed.
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsCertificateError => UpstreamError::NotSent(format!("{code:?}")),
        other => UpstreamError::Unreachable(format!("{other:?}")),
    }
}

/// What was sent of an answer.
#[derive(Debug, Default)]
pub struct Sent {
    /// Bytes of the body.
    pub bytes: u64,
    /// Why it ended early, if it did.
    pub failure: Option<String>,
}

/// Answers the agent. Answers that have no body by their nature never open one.
pub fn answer(
    response: Response<ResponseBody<UpstreamBody>>,
    head_only: bool,
    out: ResponseOutparam,
) -> Sent {
    let (mut head, body) = response.into_parts();
    if let ResponseBody::Bytes(bytes) = &body {
        head.headers
            .insert(header::CONTENT_LENGTH, bytes.len().into());
    }
    let unsent = |out, failure: &str| {
        bare(StatusCode::BAD_GATEWAY, out);
        Sent {
            bytes: 0,
            failure: Some(failure.to_owned()),
        }
    };
    let Some(fields) = fields(&head.headers) else {
        return unsent(out, "its header fields cannot be passed on");
    };
    let outgoing = OutgoingResponse::new(fields);
    let _ = outgoing.set_status_code(head.status.as_u16());
    let bodiless = head_only
        || head.status == StatusCode::NO_CONTENT
        || head.status == StatusCode::NOT_MODIFIED
        || matches!(body, ResponseBody::Empty);
    if bodiless {
        ResponseOutparam::set(out, Ok(outgoing));
        return Sent::default();
    }
    let Ok(sink) = outgoing.body() else {
        return unsent(out, "it could not be opened");
    };
    ResponseOutparam::set(out, Ok(outgoing));
    let mut bytes = 0;
    let sent = match &body {
        ResponseBody::Empty => Ok(()),
        ResponseBody::Bytes(text) => write(&sink, text),
        ResponseBody::Upstream(upstream) => splice(&sink, &upstream.stream, &mut bytes),
    };
    // A body that broke off is not finished, so that the agent sees that it did.
    let failure = match sent {
        Ok(()) => WasiBody::finish(sink, None)
            .is_err()
            .then(|| "the answer was shorter or longer than it said".to_owned()),
        Err(why) => Some(format!("the answer broke off: {why}")),
    };
    if let Some(failure) = &failure {
        crate::log(failure);
    }
    Sent { bytes, failure }
}

/// An answer without a body.
pub fn bare(status: StatusCode, out: ResponseOutparam) {
    let version = [("vectra-version".to_owned(), vectra_api::VERSION.into())];
    let fields = Fields::from_list(&version).unwrap_or_else(|_| Fields::new());
    let response = OutgoingResponse::new(fields);
    let _ = response.set_status_code(status.as_u16());
    ResponseOutparam::set(out, Ok(response));
}

/// The answer of a gateway that is not configured; the log says why.
pub fn misconfigured(out: ResponseOutparam) {
    bare(StatusCode::INTERNAL_SERVER_ERROR, out);
}

fn fields(headers: &HeaderMap) -> Option<Fields> {
    let entries: Vec<(String, Vec<u8>)> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    Fields::from_list(&entries).ok()
}

fn write(body: &WasiBody, bytes: &[u8]) -> Result<(), String> {
    let stream: OutputStream = body.write().map_err(|()| "no stream".to_owned())?;
    for chunk in bytes.chunks(WRITE) {
        stream
            .blocking_write_and_flush(chunk)
            .map_err(|error| describe(&error))?;
    }
    Ok(())
}

/// Lets the host move the bytes, which do not pass through the component, and counts them.
fn splice(body: &WasiBody, from: &InputStream, count: &mut u64) -> Result<(), String> {
    let stream: OutputStream = body.write().map_err(|()| "no stream".to_owned())?;
    loop {
        match stream.blocking_splice(from, SPLICE) {
            Ok(moved) => *count = count.saturating_add(moved),
            Err(StreamError::Closed) => break,
            Err(error) => return Err(describe(&error)),
        }
    }
    match stream.blocking_flush() {
        Ok(()) | Err(StreamError::Closed) => Ok(()),
        Err(error) => Err(describe(&error)),
    }
}

fn describe(error: &StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
    }
}

fn method(method: &Method) -> WasiMethod {
    match method.as_str() {
        "GET" => WasiMethod::Get,
        "HEAD" => WasiMethod::Head,
        "POST" => WasiMethod::Post,
        "PUT" => WasiMethod::Put,
        "DELETE" => WasiMethod::Delete,
        "CONNECT" => WasiMethod::Connect,
        "OPTIONS" => WasiMethod::Options,
        "TRACE" => WasiMethod::Trace,
        "PATCH" => WasiMethod::Patch,
        other => WasiMethod::Other(other.to_owned()),
    }
}
