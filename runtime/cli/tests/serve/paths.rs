//! Few at once below a path, and others first.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{DEADLINE, Home, Response, Vectra};
use crate::upstream::Upstream;

fn limited(limits: Value) -> Home {
    Home::new(&json!({ "System": { "Server": { "PathConcurrency": limits } } }))
}

/// Most of these spans, `from to` each, that lie over one another.
fn most_at_once(spans: &[String]) -> usize {
    let spans: Vec<(u64, u64)> = spans
        .iter()
        .map(|span| {
            let (from, to) = span.split_once(' ').unwrap();
            (from.parse().unwrap(), to.parse().unwrap())
        })
        .collect();
    let at = |moment| {
        let under_way = |(from, to): &&(u64, u64)| (*from..*to).contains(&moment);
        spans.iter().filter(under_way).count()
    };
    spans.iter().map(|(from, _)| at(*from)).max().unwrap()
}

/// Sends as many at once, and gives what they say of themselves.
async fn compute(vectra: &Vectra, requests: usize, path: &str) -> Vec<String> {
    let mut all = JoinSet::new();
    for _ in 0..requests {
        let (address, path) = (vectra.address.clone(), path.to_owned());
        all.spawn(async move { exchange(&address, &path).await });
    }
    let mut spans = Vec::new();
    while let Some(response) = all.join_next().await {
        let response = response.unwrap();
        assert_eq!(response.status, 200, "{response:?}");
        spans.push(response.body);
    }
    spans
}

async fn exchange(address: &str, path: &str) -> Response {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&request(path)).await.unwrap();
    let mut answer = String::new();
    let read = timeout(DEADLINE, stream.read_to_string(&mut answer)).await;
    read.expect("no answer").unwrap();
    Response::parse(&answer)
}

fn request(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn so_many_run_at_once_and_a_general_request_is_answered_meanwhile() {
    let vectra = limited(json!({})).up(&[]).await;
    let computing = compute(&vectra, 6, "/compute?300");
    let mut computing = std::pin::pin!(computing);
    let (mut answered, mut slowest) = (0, Duration::ZERO);
    let spans = loop {
        let begun = Instant::now();
        tokio::select! {
            spans = &mut computing => break spans,
            response = vectra.get("/hello") => assert_eq!(response.status, 200),
        }
        answered += 1;
        slowest = slowest.max(begun.elapsed());
    };
    assert_eq!(most_at_once(&spans), 2, "{spans:?}");
    assert!(answered > 20, "{answered} answers, the slowest {slowest:?}");
}

#[tokio::test]
async fn what_is_configured_comes_before_what_the_bundle_wants() {
    for (limits, at_once) in [
        (json!({ "/Compute": 1 }), 1),
        (json!({ "/COMPUTE": 0 }), 3),
        (json!({ "/compute/x": 1 }), 2),
    ] {
        let vectra = limited(limits.clone()).up(&[]).await;
        let spans = compute(&vectra, 3, "/compute?300").await;
        assert_eq!(most_at_once(&spans), at_once, "{limits}: {spans:?}");
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_takes_no_general_place() {
    let config = json!({ "System": { "Server": {
        "PathConcurrency": { "/wait": 1 }, "MaxConcurrentRequests": 2,
    } } });
    let vectra = Home::new(&config).up(&[]).await;
    // One runs, 64 wait, the rest is refused.
    let mut all = JoinSet::new();
    for _ in 0..70 {
        let address = vectra.address.clone();
        all.spawn(async move { exchange(&address, "/wait?2000").await });
    }
    for _ in 0..5 {
        let refused = timeout(Duration::from_secs(4), all.join_next()).await;
        let refused = refused.expect("nobody is refused").unwrap().unwrap();
        refused.assert_problem(503);
        assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
    }
    assert_eq!(vectra.get("/hello").await.status, 200);
    // Those who leave make room, the one that runs too.
    all.shutdown().await;
    let begun = Instant::now();
    assert_eq!(vectra.get("/wait?1").await.body, "waited");
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn nobody_waits_longer_than_for_a_general_place() {
    let vectra = limited(json!({ "/wait": 1 })).up(&[]).await;
    let (one, other) = tokio::join!(vectra.get("/wait?600"), vectra.get("/wait?600"));
    let mut codes = [one.status, other.status];
    codes.sort_unstable();
    assert_eq!(codes, [200, 503]);
}

#[tokio::test]
async fn limited_guests_reach_databases_and_upstreams_and_keep_their_bounds() {
    const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let upstream = Upstream::start(HELLO).await;
    let listed = format!("127.0.0.1:{}", upstream.port);
    let config = json!({ "System": { "Server": {
        "RequestCpuMs": 300,
        "PathConcurrency": { "/call": 1, "/sql": 1, "/loop": 1, "/trap": 1, "/body": 1, "/wait": 1, "/late": 1 },
    } } });
    let home = Home::new(&config);
    let mut vectra = home.up(&["--allow-upstream", &listed]).await;
    for _ in 0..5 {
        let called = vectra.get(&format!("/call?http://{listed}/")).await.body;
        assert!(called.starts_with("200 "), "{called}");
    }
    assert_eq!(upstream.connections(), 1);
    let rows = "CREATE TABLE t (v)\nBEGIN\nINSERT INTO t VALUES (42)\nCOMMIT\nSELECT v FROM t";
    let rows = vectra.send("POST", "/sql", rows).await.body;
    assert!(rows.contains("Integer(42)"), "{rows}");
    vectra.get("/loop").await.assert_problem(500);
    vectra.logs("used up its computing time").await;
    vectra.get("/trap").await.assert_problem(500);
    // Waiting is not computing there either, and bodies pass.
    assert_eq!(vectra.get("/wait?40").await.body, "waited");
    let body = "x".repeat(64 << 10);
    assert!(vectra.send("POST", "/body", &body).await.body == body);
    assert_eq!(vectra.get("/late").await.body, "answered");
    vectra.signal("-TERM");
    assert_eq!(vectra.ended().await, Some(0));
    let vectra = home.up(&[]).await;
    let rows = vectra
        .send("POST", "/sql", "SELECT count(*) FROM late")
        .await;
    assert!(rows.body.contains("Integer(1)"), "{rows:?}");
}

#[tokio::test]
async fn who_sends_slowly_keeps_no_slot_from_others() {
    let config = json!({ "System": { "Server": { "PathConcurrency": { "/body": 1 } } } });
    let vectra = Home::new(&config).up(&[]).await;
    let head = "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nx";
    let mut slow = TcpStream::connect(&vectra.address).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(vectra.send("POST", "/body", "quick").await.body, "quick");
    }
    assert!(begun.elapsed() < Duration::from_secs(4));
    // Nor does it stay for ever, nor may it be large.
    let mut answer = String::new();
    let read = timeout(DEADLINE, slow.read_to_string(&mut answer)).await;
    read.expect("it stays").unwrap();
    Response::parse(&answer).assert_problem(408);
    let large = "x".repeat((64 << 10) + 1);
    vectra
        .send("POST", "/body", &large)
        .await
        .assert_problem(413);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn only_their_threads_give_way() {
    let vectra = limited(json!({})).up(&[]).await;
    assert_eq!(compute(&vectra, 4, "/compute?50").await.len(), 4);
    let mut lower = 0;
    for task in std::fs::read_dir(format!("/proc/{}/task", vectra.id())).unwrap() {
        let Ok(text) = std::fs::read_to_string(task.unwrap().path().join("stat")) else {
            continue;
        };
        let (begin, rest) = text.rsplit_once(')').unwrap();
        // The 19th field of all (proc_pid_stat(5)).
        let nice: i32 = rest.split_whitespace().nth(16).unwrap().parse().unwrap();
        assert_eq!(begin.contains("vectra-backgrou"), nice == 10, "{text}");
        lower += usize::from(nice == 10);
    }
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(lower, (cores / 2).clamp(1, 2));
}
