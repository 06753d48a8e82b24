//! One HTTP exchange over `wasi:http`, bounded as a whole: connecting, sending, waiting and
//! reading share one deadline, so that a server which sends a byte now and then gains nothing.

use std::time::Duration;

use vectra_chat::{Call, Failure, MAX_ANSWER, Reply, Scheme};

use crate::bindings::wasi::clocks::monotonic_clock::subscribe_duration;
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme as WasiScheme,
};
use crate::bindings::wasi::io::poll::{Pollable, poll};
use crate::bindings::wasi::io::streams::{InputStream, StreamError};

/// Most bytes asked for at once.
const CHUNK: u64 = 16 * 1024;

/// The moment by which all must be over.
struct Deadline {
    pollable: Pollable,
    time: Duration,
}

impl Deadline {
    fn new(time: Duration) -> Self {
        Self {
            pollable: subscribe_duration(nanoseconds(time)),
            time,
        }
    }

    /// Waits for something, but no longer than to the deadline.
    fn wait(&self, event: &Pollable) -> Result<(), Failure> {
        poll(&[event, &self.pollable]);
        self.check()
    }

    fn check(&self) -> Result<(), Failure> {
        match self.pollable.ready() {
            true => Err(Failure::Late(self.time.as_secs())),
            false => Ok(()),
        }
    }
}

/// Sends a request and reads the whole answer.
///
/// # Errors
/// [`Failure::Late`], [`Failure::TooLarge`], or the connection's own.
pub fn exchange(call: &Call, time: Duration) -> Result<Reply, Failure> {
    let deadline = Deadline::new(time);
    let request = request(call).ok_or(Failure::Unreachable)?;
    let sink = request.body().map_err(|()| Failure::Unreachable)?;
    let options = Some(options(time));
    let future = outgoing_handler::handle(request, options).map_err(|code| failure(&code))?;
    // A server may answer before it has read everything, so a connection that no longer
    // takes the body is not the end: the answer tells.
    if send(sink, &call.body, &deadline)? == Sent::Whole {
        deadline.check()?;
    }
    let response = receive(&future, &deadline)?;
    let (status, content_type) = (response.status(), content_types(&response));
    let body = response.consume().map_err(|()| Failure::Unreachable)?;
    let read = {
        let stream = body.stream().map_err(|()| Failure::Unreachable)?;
        read(&stream, &deadline)
    };
    // What is left of it is of no interest.
    drop::<IncomingBody>(body);
    Ok(Reply {
        status,
        content_type,
        body: read?,
    })
}

fn request(call: &Call) -> Option<OutgoingRequest> {
    let length = call.body.len().to_string();
    let own = [("content-length", length.as_str())];
    let headers = call
        .headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<(String, Vec<u8>)> = headers
        .chain(own)
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect();
    let request = OutgoingRequest::new(Fields::from_list(&fields).ok()?);
    let scheme = match call.scheme {
        Scheme::Http => WasiScheme::Http,
        Scheme::Https => WasiScheme::Https,
    };
    request.set_method(&Method::Post).ok()?;
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(Some(&call.authority)).ok()?;
    request.set_path_with_query(Some(&call.path)).ok()?;
    Some(request)
}

/// A host that knows no such bounds says so; the deadline holds all the same.
fn options(time: Duration) -> RequestOptions {
    let options = RequestOptions::new();
    let time = Some(nanoseconds(time));
    let _ = options.set_connect_timeout(time);
    let _ = options.set_first_byte_timeout(time);
    let _ = options.set_between_bytes_timeout(time);
    options
}

/// How much of a body was taken.
#[derive(PartialEq, Eq)]
enum Sent {
    Whole,
    InPart,
}

fn send(sink: OutgoingBody, bytes: &[u8], deadline: &Deadline) -> Result<Sent, Failure> {
    let stream = sink.write().map_err(|()| Failure::Unreachable)?;
    let mut left = bytes;
    while !left.is_empty() {
        deadline.wait(&stream.subscribe())?;
        let Ok(room) = stream.check_write() else {
            return Ok(Sent::InPart);
        };
        let room = usize::try_from(room).unwrap_or(usize::MAX).min(left.len());
        let Some((piece, rest)) = left.split_at_checked(room) else {
            return Ok(Sent::InPart);
        };
        if stream.write(piece).is_err() {
            return Ok(Sent::InPart);
        }
        left = rest;
    }
    if stream.flush().is_err() {
        return Ok(Sent::InPart);
    }
    deadline.wait(&stream.subscribe())?;
    drop(stream);
    Ok(match OutgoingBody::finish(sink, None) {
        Ok(()) => Sent::Whole,
        Err(_) => Sent::InPart,
    })
}

fn receive(
    future: &FutureIncomingResponse,
    deadline: &Deadline,
) -> Result<IncomingResponse, Failure> {
    loop {
        deadline.wait(&future.subscribe())?;
        match future.get() {
            None => {}
            Some(Ok(Ok(response))) => return Ok(response),
            Some(Ok(Err(code))) => return Err(failure(&code)),
            Some(Err(())) => return Err(Failure::Unreachable),
        }
    }
}

fn content_types(response: &IncomingResponse) -> Vec<String> {
    let values = response.headers().get("content-type").into_iter();
    values
        .map(|value| String::from_utf8_lossy(&value).into_owned())
        .collect()
}

fn read(stream: &InputStream, deadline: &Deadline) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    loop {
        match stream.read(CHUNK) {
            Ok(chunk) if bytes.len().saturating_add(chunk.len()) > MAX_ANSWER => {
                return Err(Failure::TooLarge);
            }
            Ok(chunk) if chunk.is_empty() => deadline.wait(&stream.subscribe())?,
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(Failure::Unreachable),
        }
        deadline.check()?;
    }
}

fn failure(code: &ErrorCode) -> Failure {
    match code {
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied => Failure::Prohibited,
        _ => Failure::Unreachable,
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
