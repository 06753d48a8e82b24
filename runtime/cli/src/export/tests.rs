use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use vectra_client::http::Address;
use vectra_client::{Key, Origin};

use super::*;

const KEY: &str = "vop_key";
/// When every row was decided.
const TIME: &str = "2026-01-02T00:00:00.000000Z";
const QUICK: Patience = Patience {
    attempts: 3,
    first_pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(2),
};

/// Answers requests in turn, and keeps what was asked.
struct Fake {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    serving: AbortHandle,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Fake {
    async fn start(answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: VecDeque<_> = answers.into_iter().collect();
        let serving = tokio::spawn(serve(
            listener,
            Arc::new(Mutex::new(answers)),
            asked.clone(),
        ));
        Self {
            address,
            asked,
            serving: serving.abort_handle(),
        }
    }

    fn gateway(&self) -> Gateway {
        gateway(&format!("http://{}/", self.address), KEY).unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn gateway(url: &str, key: &str) -> Result<Gateway, HttpError> {
    let key = Key {
        secret: key.to_owned(),
        origin: Origin::Variable("VECTRA_KEY"),
    };
    Gateway::new(Address::parse(url).unwrap(), key, None)
}

async fn serve(
    listener: TcpListener,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (answers, asked) = (answers.clone(), asked.clone());
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            assert_eq!(request.headers()["authorization"], format!("Bearer {KEY}"));
            asked.lock().unwrap().push(request.uri().to_string());
            let next = answers.lock().unwrap().pop_front();
            let (status, body) = next.unwrap_or((418, String::new()));
            let response = Response::builder()
                .status(status)
                .body(Full::new(Bytes::from(body)))
                .unwrap();
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let serving = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(serving);
    }
}

fn page_of(ids: &[&str], cursor: Option<&str>) -> (u16, String) {
    let items: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "auditId": id, "timestamp": TIME }))
        .collect();
    (
        200,
        json!({ "items": items, "nextCursor": cursor }).to_string(),
    )
}

fn range() -> Range {
    Range {
        from: Some("2026-01-01T00:00:00+01:00".into()),
        to: None,
        limit: 2,
    }
}

fn lines(ids: &[&str]) -> String {
    ids.iter()
        .map(|id| format!("{{\"auditId\":\"{id}\",\"timestamp\":\"{TIME}\"}}\n"))
        .collect()
}

/// A file that an export has written to.
fn file(text: &str) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[tokio::test]
async fn pages_are_written_one_after_the_other() {
    let fake = Fake::start([
        page_of(&["a", "b"], Some("x y/&")),
        page_of(&["c"], Some("2")),
        page_of(&[], None),
    ])
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut output = Output::create(&path).unwrap();
    let rows = run(&fake.gateway(), &range(), Place::Start, &mut output, QUICK).await;
    assert_eq!(rows.unwrap(), 3);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        lines(&["a", "b", "c"])
    );
    let from = "from=2026-01-01T00:00:00%2B01:00";
    assert_eq!(
        fake.asked(),
        [
            format!("/audit/export?limit=2&{from}"),
            format!("/audit/export?limit=2&{from}&cursor=x%20y%2F%26"),
            format!("/audit/export?limit=2&{from}&cursor=2"),
        ]
    );
}

#[tokio::test]
async fn rows_are_kept_to_the_letter_and_in_one_line() {
    let row = "{\"auditId\":\"a\",\"timestamp\":\"\",\n \"riskScore\":0.30000000000000004e0, \"x\":\"\\n\u{2028}\"}";
    let fake = Fake::start([(200, format!("{{\"items\":[{row}],\"nextCursor\":null}}"))]).await;
    let (_folder, path) = file("");
    let (mut output, _) = Output::resume(&path, &range()).unwrap();
    run(&fake.gateway(), &range(), Place::Start, &mut output, QUICK)
        .await
        .unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written, format!("{}\n", row.replace('\n', " ")));
}

#[tokio::test]
async fn a_gateway_that_is_not_available_is_asked_again_but_not_for_ever() {
    let busy = || (503, String::new());
    let fake = Fake::start([
        busy(),
        busy(),
        page_of(&["a"], Some("1")),
        busy(),
        busy(),
        busy(),
    ])
    .await;
    let (_folder, path) = file("");
    let (mut output, _) = Output::resume(&path, &range()).unwrap();
    let ended = run(&fake.gateway(), &range(), Place::Start, &mut output, QUICK).await;
    let Err(ExportError::Source(SourceError::Unavailable { failure, .. })) = ended else {
        panic!("{ended:?}")
    };
    assert_eq!(failure.code(), 5);
    assert_eq!(fake.asked().len(), 6);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), lines(&["a"]));
}

#[tokio::test]
async fn what_is_no_page_ends_it_and_says_why() {
    for (status, body, part, code) in [
        (
            401,
            r#"{"title":"Unauthorized","errorCode":"VEC"}"#,
            "Unauthorized (401 VEC); the key is that of VECTRA_KEY",
            Some(3),
        ),
        (403, r#"{"title":"vop_key"}"#, "***", Some(3)),
        (
            400,
            r#"{"detail":"wrong\u0007 \u202eplace"}"#,
            ": wrong\\u{7} \\u{202e}place",
            Some(1),
        ),
        (404, "", "404", Some(4)),
        (502, "", "502", Some(5)),
        (200, "<html>", "not a page", None),
        (
            200,
            r#"{"items":[{}],"nextCursor":null}"#,
            "not a page",
            None,
        ),
    ] {
        let fake = Fake::start([(status, body.to_owned())]).await;
        let mut output = Output::stdout();
        let ended = run(&fake.gateway(), &range(), Place::Start, &mut output, QUICK).await;
        let error = ended.unwrap_err();
        let found = match &error {
            ExportError::Source(SourceError::Failed(failure)) => Some(failure.code()),
            _ => None,
        };
        assert_eq!(found, code, "{error}");
        let error = error.to_string();
        assert!(error.contains(part) && !error.contains(KEY), "{error}");
        assert_eq!(fake.asked().len(), 1, "{error}");
    }
    let same = || page_of(&["a"], Some("1"));
    let fake = Fake::start([same(), same(), same()]).await;
    let (_folder, path) = file("");
    let (mut output, _) = Output::resume(&path, &range()).unwrap();
    let ended = run(&fake.gateway(), &range(), Place::Start, &mut output, QUICK).await;
    assert!(matches!(
        ended,
        Err(ExportError::Source(SourceError::Stuck))
    ));
}

#[tokio::test]
async fn who_is_not_there_is_not_waited_for_at_the_start() {
    let fake = Fake::start([]).await;
    let gateway = fake.gateway();
    drop(fake);
    let mut output = Output::stdout();
    let error = run(&gateway, &range(), Place::Start, &mut output, QUICK).await;
    assert!(
        error
            .unwrap_err()
            .to_string()
            .starts_with("cannot reach 127.0.0.1:")
    );
}

#[test]
fn a_key_that_cannot_be_sent_is_refused() {
    let error = gateway("http://localhost", "a\nb").err();
    assert!(matches!(error, Some(HttpError::Key)));
    assert!(gateway("https://a/below/", KEY).is_ok());
}

#[tokio::test]
async fn it_goes_on_after_the_last_complete_row() {
    let fake = Fake::start([page_of(&["d"], None)]).await;
    let (_folder, path) = file(&format!("{}{{\"auditId\":\"c", lines(&["a", "b"])));
    let (mut output, last) = Output::resume(&path, &range()).unwrap();
    let place = Place::After(last.unwrap());
    run(&fake.gateway(), &range(), place, &mut output, QUICK)
        .await
        .unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        lines(&["a", "b", "d"])
    );
    assert!(fake.asked()[0].ends_with("&after=b"), "{:?}", fake.asked());
}

#[test]
fn a_file_that_is_there_is_only_touched_if_it_is_an_export() {
    let long = format!(
        "{{\"auditId\":\"long\",\"timestamp\":\"{TIME}\",\"x\":\"{}\"}}\n",
        "y".repeat(200_000)
    );
    let line = lines(&["a"]).len();
    for (text, expected, kept) in [
        (String::new(), Some(None), 0),
        ("{\"audit".to_owned(), Some(None), 0),
        (lines(&["a"]), Some(Some("a")), line),
        (lines(&["a", "b"]) + "{", Some(Some("b")), 2 * line),
        (lines(&["a"]) + "\0\0\0", Some(Some("a")), line),
        (lines(&["a"]) + &long, Some(Some("long")), line + long.len()),
        (
            lines(&["a"]) + long.get(..150_000).unwrap(),
            Some(Some("a")),
            line,
        ),
        ("notes".to_owned(), None, 5),
        ("notes\n".to_owned(), None, 6),
        ("{}\n".to_owned(), None, 3),
        (lines(&["a"]) + "\n", None, line + 1),
        (
            lines(&["a"]).replace(TIME, "soon"),
            None,
            line + 4 - TIME.len(),
        ),
    ] {
        let (_folder, path) = file(&text);
        assert!(matches!(Output::create(&path), Err(OutputError::Exists(_))));
        let resumed = Output::resume(&path, &range()).map(|(_, last)| last);
        match (&resumed, expected) {
            (Ok(last), Some(expected)) => assert_eq!(last.as_deref(), expected),
            (Err(OutputError::NotAnExport(_)), None) => {}
            (other, _) => panic!("{other:?} for a file of {} bytes", text.len()),
        }
        assert_eq!(path.metadata().unwrap().len(), kept as u64);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.jsonl");
    assert!(Output::resume(&path, &range()).is_ok_and(|(_, last)| last.is_none()));
}

#[test]
fn an_export_of_another_range_is_not_gone_on_with_and_stays_as_it_is() {
    let text = lines(&["a"]) + "{\"auditId";
    for (from, to, expected) in [
        (None, None, true),
        (Some(TIME), Some("2026-01-02T00:00:00.000001Z"), true),
        (Some("2026-01-02T00:00:00.000001Z"), None, false),
        (None, Some(TIME), false),
    ] {
        let (_folder, path) = file(&text);
        let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
        let range = Range { from, to, limit: 1 };
        match Output::resume(&path, &range) {
            Ok(_) => assert!(expected, "{range}"),
            Err(error @ OutputError::OtherRange { .. }) => {
                assert!(!expected, "{range}");
                let said = error.to_string();
                assert!(
                    said.contains(TIME) && said.contains(&range.to_string()),
                    "{said}"
                );
                assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            }
            Err(error) => panic!("{error} for {range}"),
        }
    }
}

#[test]
fn two_exports_do_not_write_to_one_file() {
    let (_folder, path) = file("");
    let _first = Output::resume(&path, &range()).unwrap();
    assert!(matches!(
        Output::resume(&path, &range()),
        Err(OutputError::InUse(_))
    ));
}
