//! The port that metrics are read from.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::metrics::{GUEST_UP, ON, watched};
use crate::scrape::{request, scrape};
use crate::support::Home;

#[tokio::test]
async fn anything_but_a_get_of_the_one_path_is_refused() {
    let (_home, vectra) = watched(json!({})).await;
    for (line, status) in [
        ("GET /", 404),
        ("GET /metrics/", 404),
        ("GET /hello", 404),
        ("POST /metrics", 405),
        ("HEAD /metrics", 405),
        ("GET /metrics?name=x", 200),
    ] {
        let response = request(&vectra, line).await;
        assert_eq!(response.status, status, "{line}");
        let allows = response.head.contains("allow: get");
        assert_eq!(allows, status == 405, "{line}: {response:?}");
    }
    // And the clients' port knows nothing of it.
    assert_eq!(vectra.get("/metrics").await.body, "no such probe");
}

/// The addresses a process listens on.
#[cfg(target_os = "linux")]
fn listening(process: u32) -> usize {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| {
            let link = link.to_str()?.strip_prefix("socket:[")?;
            Some(link.strip_suffix(']')?.to_owned())
        })
        .collect();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table
        .lines()
        .map(|row| row.split_ascii_whitespace().collect::<Vec<_>>());
    // 0A is LISTEN (proc(5)).
    rows.filter(|row| row[3] == "0A" && sockets.iter().any(|socket| socket == row[9]))
        .count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nothing_listens_unless_it_is_asked_for() {
    let off = Home::new(&json!({})).up(&[]).await;
    assert!(!off.output.contains("metrics"), "{}", off.output);
    assert_eq!(listening(off.id()), 1);
    let file = json!({ "System": { "Metrics": { "Listen": "localhost:0" } } });
    let home = Home::new(&file);
    let on = home.up(&[]).await;
    assert_eq!(listening(on.id()), 2);
    assert!(scrape(&on).await.has("vectra_build_info"));
}

#[tokio::test]
async fn an_address_that_is_taken_ends_the_start_and_an_open_one_is_warned_of() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let home = Home::new(&json!({}));
    let arguments = ["up", "--listen", "127.0.0.1:0", "--metrics", &address];
    let output = home.run(&arguments, &[]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
    assert!(!home.path("vectra.db").exists());

    for (listen, warned) in [("127.0.0.1:9464", false), ("0.0.0.0:9464", true)] {
        let home = Home::new(&json!({ "System": { "Metrics": { "Listen": listen } } }));
        let output = home.run(&["check"], &[]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let warning = "warning: System.Metrics.Listen: 0.0.0.0:9464 can be reached by others";
        assert_eq!(said.contains(warning), warned, "{said}");
    }
}

#[tokio::test]
async fn those_who_scrape_slowly_keep_nobody_else_from_being_served() {
    let (_home, vectra) = watched(json!({})).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(vectra.metrics_address()).await.unwrap());
    }
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(vectra.get("/hello").await.status, 200);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    // They are cut off, and then others get in.
    let mut one = silent.remove(0);
    let end = tokio::time::timeout(Duration::from_secs(25), one.read(&mut [0; 1])).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "{end:?}");
    drop(silent);
    assert!(scrape(&vectra).await.has("vectra_build_info"));
}

#[tokio::test]
async fn a_start_that_has_not_succeeded_is_visible_and_an_end_waits_for_no_scrape() {
    let home = Home::new(&json!({}));
    home.write("probe/a.txt", "fail");
    let mut vectra = home.up(&ON).await;
    assert_eq!(vectra.get("/hello").await.status, 503);
    let scraped = scrape(&vectra).await;
    let starting = [("reason", "starting")];
    assert_eq!(scraped.value("vectra_http_refusals_total", &starting), 1.0);
    assert_eq!(scraped.plain(GUEST_UP), 0.0);
    let address = vectra.metrics_address().to_owned();
    let open = TcpStream::connect(&address).await.unwrap();
    let begun = Instant::now();
    vectra.signal("-TERM");
    assert_eq!(vectra.ended().await, Some(0));
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    drop(open);
    assert!(TcpStream::connect(&address).await.is_err());
    assert!(
        !home.path("vectra.db-wal").exists(),
        "the database was not closed"
    );
}
