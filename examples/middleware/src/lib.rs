//! Stands before the gateway and lets through what agents ask for, and nothing else: for a
//! listener that the world can reach, while operators have another one, on the same
//! database. `GET /livez` it answers itself, without asking anybody.
//!
//! A middleware imports and exports `wasi:http/incoming-handler`. A request that it passes
//! on is handed over as it is, body and all: nothing is copied.

mod bindings;

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::incoming_handler as gateway;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct AgentsOnly;

impl Guest for AgentsOnly {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        match fate(&request.method(), &target) {
            Fate::Passed => gateway::handle(request, out),
            Fate::Alive => answer(out, 200, "alive\n"),
            Fate::Unknown => answer(out, 404, "no such page\n"),
        }
    }
}

/// What becomes of a request.
enum Fate {
    Passed,
    Alive,
    Unknown,
}

/// Only what is listed passes; what the gateway adds one day does not, until it is listed.
fn fate(method: &Method, target: &str) -> Fate {
    let path = target.split('?').next().unwrap_or_default();
    // The same as the gateway would make of it: `/proxy/` is followed by any URL.
    if path.starts_with("/proxy/") {
        return Fate::Passed;
    }
    let held = path.strip_prefix("/hitls/");
    match method {
        Method::Get | Method::Head if path == "/livez" => Fate::Alive,
        Method::Post if path == "/tokens" => Fate::Passed,
        Method::Get | Method::Head if held.is_some_and(is_own) => Fate::Passed,
        _ => Fate::Unknown,
    }
}

/// Whether it is `{id}` or `{id}/response`, which an agent may read of what is its own. For
/// `{id}` the gateway takes an operator's key too: whoever has one can read any of them here.
fn is_own(held: &str) -> bool {
    let id = held.strip_suffix("/response").unwrap_or(held);
    !id.is_empty() && !id.contains('/')
}

fn answer(out: ResponseOutparam, status: u16, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    // Both fail only for what is no status, and when called twice.
    let _ = response.set_status_code(status);
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    if let Ok(body) = body {
        if let Ok(stream) = body.write() {
            // Whoever asked may be gone: there is nobody left to tell.
            let _ = stream.blocking_write_and_flush(text.as_bytes());
        }
        let _ = OutgoingBody::finish(body, None);
    }
}

bindings::export!(AgentsOnly with_types_in bindings);
