//! Does one thing per path, so that a test can see what its host makes of it.

mod bindings;
mod hosted;
mod outgoing;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::fermyon::spin::variables;
use bindings::spin::sqlite::sqlite::Connection;
use bindings::wasi::cli::environment;
use bindings::wasi::clocks::monotonic_clock;
use bindings::wasi::filesystem::preopens;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use bindings::wasi::io::streams::StreamError;

struct Probe;

impl Guest for Probe {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        match path {
            "/hello" => text(out, 200, "hello"),
            "/head" => text(out, 200, &head(&request)),
            "/body" => match read(&request) {
                Ok(body) => answer(out, 200, &body),
                Err(error) => text(out, 400, &error),
            },
            "/loop" => loop {
                std::hint::spin_loop();
            },
            "/compute" => text(out, 200, &compute(query.parse().unwrap_or(0))),
            "/allocate" => allocate(),
            "/trap" => panic!("as asked"),
            "/silent" => {}
            "/cut" => cut(out),
            "/late" => late(out),
            "/wait" => {
                for _ in 0..query.parse().unwrap_or(0) {
                    monotonic_clock::subscribe_duration(15_000_000).block();
                }
                text(out, 200, "waited");
            }
            "/print" => {
                println!("printed to stdout");
                eprintln!("printed to stderr");
                // And what it was sent.
                eprint!(
                    "{}",
                    String::from_utf8_lossy(&read(&request).unwrap_or_default())
                );
                text(out, 200, "printed");
            }
            "/variable" => text(out, 200, &format!("{:?}", variables::get(query))),
            "/outside" => text(
                out,
                200,
                &format!(
                    "{} {}",
                    preopens::get_directories().len(),
                    environment::get_environment().len()
                ),
            ),
            "/open" => text(
                out,
                200,
                &format!("{:?}", Connection::open(query).map(|_| ())),
            ),
            "/sql" => text(out, 200, &sql(&request)),
            "/call" => text(out, 200, &outgoing::call(query)),
            _ => text(out, 404, "no such probe"),
        }
    }
}

/// What the guest sees of the request, a line each.
fn head(request: &IncomingRequest) -> String {
    let mut lines = vec![format!(
        "{:?} {} {}",
        request.method(),
        request.authority().unwrap_or_default(),
        request.path_with_query().unwrap_or_default()
    )];
    for (name, value) in request.headers().entries() {
        lines.push(format!("{name}: {}", String::from_utf8_lossy(&value)));
    }
    lines.join("\n")
}

fn read(request: &IncomingRequest) -> Result<Vec<u8>, String> {
    let body = request
        .consume()
        .map_err(|()| "the body is gone".to_owned())?;
    outgoing::read(&body)
}

/// Runs the lines of the body as statements, until one fails; `TRAP` is none.
fn sql(request: &IncomingRequest) -> String {
    let body = read(request).unwrap_or_default();
    let connection = match Connection::open("default") {
        Ok(connection) => connection,
        Err(error) => return format!("{error:?}"),
    };
    let mut last = String::new();
    for line in String::from_utf8_lossy(&body).lines() {
        assert_ne!(line, "TRAP", "as asked");
        match connection.execute(line, &[]) {
            Ok(result) => {
                last = format!(
                    "{:?} {:?} {} {}",
                    result.columns,
                    result
                        .rows
                        .iter()
                        .map(|row| &row.values)
                        .collect::<Vec<_>>(),
                    connection.changes(),
                    connection.last_insert_rowid()
                );
            }
            Err(error) => return format!("{error:?}"),
        }
    }
    last
}

/// Computes for so many milliseconds and says from when to when, in microseconds of
/// the wall clock.
fn compute(milliseconds: u64) -> String {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let begun = now();
    while now() - begun < Duration::from_millis(milliseconds) {
        for round in 0..100_000_u32 {
            std::hint::black_box(round);
        }
    }
    format!("{} {}", begun.as_micros(), now().as_micros())
}

fn allocate() -> ! {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        all.push(vec![1; 1 << 20]);
        std::hint::black_box(&all);
    }
}

/// Begins a response without a length and traps in the middle of it.
fn cut(out: ResponseOutparam) {
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    body.write()
        .unwrap()
        .blocking_write_and_flush(b"half")
        .unwrap();
    panic!("as asked");
}

/// Answers, and then goes on for a while before it makes a row.
fn late(out: ResponseOutparam) {
    text(out, 200, "answered");
    monotonic_clock::subscribe_duration(50_000_000).block();
    let connection = Connection::open("default").unwrap();
    connection
        .execute("INSERT INTO late VALUES (1)", &[])
        .unwrap();
}

fn text(out: ResponseOutparam, status: u16, text: &str) {
    answer(out, status, text.as_bytes());
}

fn answer(out: ResponseOutparam, status: u16, bytes: &[u8]) {
    let headers = Fields::new();
    headers
        .set("content-length", &[bytes.len().to_string().into_bytes()])
        .unwrap();
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().unwrap();
    for chunk in bytes.chunks(4096) {
        // A client that has left is no concern of the probe's.
        if let Err(StreamError::Closed) = stream.blocking_write_and_flush(chunk) {
            return;
        }
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

bindings::export!(Probe with_types_in bindings);
