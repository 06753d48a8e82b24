//! From the start to the end.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::Home;

#[tokio::test]
async fn files_are_handed_over_before_it_listens() {
    let home = Home::new(&json!({}));
    home.write("probe/a.txt", "one");
    home.write("probe/b.txt", "longer than ten bytes");
    home.write("probe/c.md", "other");
    let vectra = home.up(&[]).await;
    let rows = vectra
        .send(
            "POST",
            "/sql",
            "SELECT name, content FROM started ORDER BY name",
        )
        .await
        .body;
    assert!(
        rows.contains(r#"Text("a.txt"), Value::Text("one")"#),
        "{rows}"
    );
    assert!(
        rows.contains("error: has 21 bytes, 10 at most are read"),
        "{rows}"
    );
    assert!(!rows.contains("c.md"), "{rows}");
    vectra.logs("took 2 files").await;
}

#[tokio::test]
async fn a_start_that_fails_is_tried_again_and_nothing_is_served_before() {
    let home = Home::new(&json!({}));
    home.write("probe/a.txt", "fail");
    let vectra = home.up(&[]).await;
    vectra.logs("as asked").await;
    assert_eq!(vectra.get("/hello").await.status, 503);
    home.write("probe/a.txt", "fine");
    vectra.logs("took 1 files").await;
    assert_eq!(vectra.get("/hello").await.status, 200);
}

#[tokio::test]
async fn a_start_that_cannot_listen_does_not_touch_the_database() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let home = Home::new(&json!({}));
    home.write("probe/a.txt", "one");
    let output = home.run(&["up", "--listen", &address], &[]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
    assert!(
        !said.contains("is listening") && !said.contains("took"),
        "{said}"
    );
    assert!(!home.path("vectra.db").exists(), "{said}");
}

#[tokio::test]
async fn a_bundle_without_a_lifecycle_is_served_all_the_same() {
    let home = Home::new(&json!({}));
    let vectra = home.up_with("plain", &[]).await;
    let response = vectra.get("/").await;
    assert_eq!(response.status, 200);
    assert!(response.body.contains("hello"));
}

#[tokio::test]
async fn sigterm_lets_what_is_under_way_come_to_its_end() {
    let home = Home::new(&json!({}));
    let mut vectra = home.up(&[]).await;
    let mut client = vectra.connect().await;
    client
        .write_all(b"GET /wait?40 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let mut idle = vectra.connect().await;
    // Once an answer has come on a third connection, the first was accepted too.
    assert_eq!(vectra.get("/hello").await.status, 200);
    vectra.signal("-TERM");
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("waited"), "{answer}");
    assert_eq!(vectra.ended().await, Some(0));
    let _ = idle.read_to_string(&mut answer).await;
    vectra.logs("stopped").await;
    assert!(
        !home.path("vectra.db-wal").exists(),
        "the database was not closed"
    );
}

#[tokio::test]
async fn what_a_guest_does_after_its_answer_is_done_before_the_end() {
    let home = Home::new(&json!({}));
    let mut vectra = home.up(&[]).await;
    assert_eq!(vectra.get("/late").await.body, "answered");
    vectra.signal("-INT");
    assert_eq!(vectra.ended().await, Some(0));
    let vectra = home.up(&[]).await;
    let rows = vectra
        .send("POST", "/sql", "SELECT count(*) FROM late")
        .await
        .body;
    assert!(rows.contains("Integer(1)"), "{rows}");
}

#[tokio::test]
async fn rows_secrets_and_compiled_code_outlive_it() {
    let home = Home::new(&json!({}));
    let mut vectra = home.up(&[]).await;
    let made = vectra.output.lines().next().unwrap().to_owned();
    let key = made
        .strip_prefix("admin key (shown once): ")
        .unwrap()
        .to_owned();
    let inserted = vectra
        .send(
            "POST",
            "/sql",
            "CREATE TABLE t (v)\nINSERT INTO t VALUES (42)\nSELECT v FROM t",
        )
        .await;
    assert_eq!(inserted.body, r#"["v"] [[Value::Integer(42)]] 1 1"#);
    vectra.logs("sqlite.statements=3").await;
    assert!(!vectra.log().contains(&key), "the key is in the log");
    vectra.signal("-TERM");
    assert_eq!(vectra.ended().await, Some(0));

    let begun = Instant::now();
    let vectra = home.up(&[]).await;
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert!(!vectra.output.contains(&key), "the key is shown twice");
    assert!(
        vectra.output.contains("vectra.db.secrets/admin_key"),
        "{}",
        vectra.output
    );
    let kept = std::fs::read_to_string(home.path("vectra.db.secrets/admin_key")).unwrap();
    assert_eq!(kept.trim(), key);
    assert_eq!(
        vectra.get("/variable?admin_key").await.body,
        format!("Ok({key:?})")
    );
    assert!(
        vectra
            .send("POST", "/sql", "SELECT v FROM t")
            .await
            .body
            .contains("42")
    );
}
