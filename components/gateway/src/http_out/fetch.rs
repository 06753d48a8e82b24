//! How long an answer may take, and the answers that the gateway itself wants: bounded in
//! size and time.

use std::time::Duration;

use http::Extensions;
use vectra_api::UpstreamError;

use super::{UpstreamBody, describe};
use crate::bindings::wasi::clocks::monotonic_clock::subscribe_duration;
use crate::bindings::wasi::http::types::RequestOptions;
use crate::bindings::wasi::io::poll::poll;
use crate::bindings::wasi::io::streams::StreamError;

/// Most bytes asked for at once.
const CHUNK: u64 = 64 * 1024;

/// How long connecting may take at most.
const CONNECT: Duration = Duration::from_secs(10);

/// What the host is told of a request that may take only so long: a [`Duration`] among
/// its extensions, until its answer begins. The host has its own bounds for the others.
pub fn options(extensions: &Extensions) -> Option<RequestOptions> {
    let time = *extensions.get::<Duration>()?;
    let options = RequestOptions::new();
    // A host that knows no such bound says so, and has the bound of the whole request.
    let _ = options.set_connect_timeout(Some(nanoseconds(time.min(CONNECT))));
    let _ = options.set_first_byte_timeout(Some(nanoseconds(time)));
    Some(options)
}

/// Reads the whole body, at most `limit` bytes and no longer than `patience`.
pub fn read(
    body: &UpstreamBody,
    limit: usize,
    patience: Duration,
) -> Result<Vec<u8>, UpstreamError> {
    let broken = |why: String| UpstreamError::Unreachable(why);
    let late = || broken(format!("no whole answer in {} s", patience.as_secs()));
    let deadline = subscribe_duration(nanoseconds(patience));
    let mut bytes = Vec::new();
    loop {
        match body.stream.read(CHUNK) {
            Ok(chunk) if bytes.len().saturating_add(chunk.len()) > limit => {
                return Err(broken(format!("its answer is longer than {limit} bytes")));
            }
            Ok(chunk) if chunk.is_empty() => {
                let more = body.stream.subscribe();
                poll(&[&more, &deadline]);
            }
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(error) => return Err(broken(describe(&error))),
        }
        if deadline.ready() {
            return Err(late());
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
