//! Calls out.

use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    Fields, IncomingBody, OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::streams::StreamError;

/// Calls a URL (`http://host:port/path`) with half a second of patience; gives the
/// status, the header names and the body, or the error.
pub fn call(url: &str) -> String {
    match try_call(url) {
        Ok(text) => text,
        Err(text) => text,
    }
}

fn try_call(url: &str) -> Result<String, String> {
    let (scheme, rest) = url.split_once("://").ok_or("no scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let request = OutgoingRequest::new(Fields::new());
    let scheme = if scheme == "https" {
        Scheme::Https
    } else {
        Scheme::Http
    };
    request
        .set_scheme(Some(&scheme))
        .map_err(|()| "bad scheme")?;
    request
        .set_authority(Some(authority))
        .map_err(|()| "bad authority")?;
    request
        .set_path_with_query(Some(path))
        .map_err(|()| "bad path")?;
    let options = RequestOptions::new();
    let patience = Some(500_000_000);
    options
        .set_connect_timeout(patience)
        .map_err(|()| "no connect timeout")?;
    options
        .set_first_byte_timeout(patience)
        .map_err(|()| "no first byte timeout")?;
    options
        .set_between_bytes_timeout(patience)
        .map_err(|()| "no between bytes timeout")?;
    let future =
        outgoing_handler::handle(request, Some(options)).map_err(|error| format!("{error:?}"))?;
    future.subscribe().block();
    let response = future
        .get()
        .ok_or("no response")?
        .map_err(|()| "taken twice")?;
    let response = response.map_err(|error| format!("{error:?}"))?;
    let names: Vec<_> = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let status = response.status();
    let body = read(&response.consume().map_err(|()| "no body")?)?;
    Ok(format!(
        "{status} {} {}",
        names.join(","),
        String::from_utf8_lossy(&body)
    ))
}

/// Reads a body to its end.
pub fn read(body: &IncomingBody) -> Result<Vec<u8>, String> {
    let stream = body.stream().map_err(|()| "no stream".to_owned())?;
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(65536) {
            Ok(bytes) => all.extend(bytes),
            Err(StreamError::Closed) => return Ok(all),
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
}
