//! Says hello and knows nothing else.

mod bindings {
    #![allow(clippy::all, missing_docs)]
    wit_bindgen::generate!({
        path: [
            "../../../wit/deps/wasi-io@0.2.6",
            "../../../wit/deps/wasi-clocks@0.2.6",
            "../../../wit/deps/wasi-random@0.2.6",
            "../../../wit/deps/wasi-filesystem@0.2.6",
            "../../../wit/deps/wasi-sockets@0.2.6",
            "../../../wit/deps/wasi-cli@0.2.6",
            "../../../wit/deps/wasi-http@0.2.6",
        ],
        inline: "package vectra:guests; world plain { export wasi:http/incoming-handler@0.2.6; }",
        world: "vectra:guests/plain",
        generate_all,
    });
}

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Plain;

impl Guest for Plain {
    fn handle(_: IncomingRequest, out: ResponseOutparam) {
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().unwrap();
        stream.blocking_write_and_flush(b"hello").unwrap();
        drop(stream);
        OutgoingBody::finish(body, None).unwrap();
    }
}

bindings::export!(Plain with_types_in bindings);
