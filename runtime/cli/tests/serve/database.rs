//! Which database there is, and what happens while there is none.

use serde_json::{Value, json};
use vectra_cluster::{Cluster, Durability, Options};

use crate::support::Home;

fn storage(provider: &str, text: &str) -> Value {
    json!({ "System": { "Storage": { "Database": {
        "DefaultProvider": provider,
        "Providers": { provider: { "ConnectionString": text } },
    } } } })
}

#[tokio::test]
async fn a_file_that_is_locked_is_waited_for() {
    let home = Home::new(&json!({}));
    let other = libsql::Builder::new_local(home.path("vectra.db"));
    let other = other.build().await.unwrap().connect().unwrap();
    other.execute("BEGIN EXCLUSIVE", ()).await.unwrap();
    let vectra = home.up(&[]).await;
    vectra.get("/hello").await.assert_problem(503);
    vectra.logs("locked").await;
    other.execute("ROLLBACK", ()).await.unwrap();
    vectra.logs("took 0 files").await;
    assert_eq!(vectra.get("/hello").await.status, 200);
}

#[tokio::test]
async fn a_path_that_cannot_be_is_said_and_nothing_is_started() {
    let home = Home::new(&storage("Sqlite", "Data Source=missing/vectra.db"));
    let given = [
        ("VECTRA_ADMIN_KEY", "vop_0123456789abcdef0123456789abcdef"),
        ("VECTRA_TOKEN_SECRET", "0123456789abcdef0123456789abcdef"),
        (
            "VECTRA_DATA_KEY",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ),
    ];
    let output = home.run(&["up", "--listen", "127.0.0.1:0"], &given).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.ends_with(b"VECTRA_ADMIN_KEY\n"), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("missing/vectra.db"), "{errors}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_in_the_log() {
    // A port that nobody listens on.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    drop(listener);
    let port = place.strip_prefix("127.0.0.1:").unwrap();
    let text = format!("Host=127.0.0.1;Port={port};Username=vectra;Password=hush");
    let home = Home::new(&storage("Postgres", &text));
    let vectra = home.up(&[]).await;
    vectra.get("/hello").await.assert_problem(503);
    vectra.logs(&place).await;
    vectra.logs("tried again").await;
    assert!(!vectra.log().contains("hush"), "{}", vectra.log());
}

#[tokio::test]
async fn only_the_configured_database_is_there() {
    let file = Home::new(&json!({})).up(&[]).await;
    assert_eq!(file.get("/open?default").await.body, "Ok(())");
    assert_eq!(
        file.get("/variable?database_url").await.body,
        "Err(Error::Undefined(\"database_url\"))"
    );

    let options = Options {
        durability: Durability::Fast,
        ..Options::default()
    };
    let cluster = Cluster::start_with(options).unwrap();
    let home = Home::new(&storage("Postgres", &cluster.url()));
    // The probe looks for SQLite when it starts.
    let probe = home.up(&[]).await;
    probe.logs("NoSuchDatabase").await;
    let server = home.up_with("plain", &[]).await;
    assert_eq!(server.get("/").await.status, 200);
    assert!(!home.path("vectra.db").exists());
    assert!(home.path("vectra.secrets/admin_key").is_file());
    server.logs("gateways that share one PostgreSQL").await;
}

#[tokio::test]
async fn a_transaction_ends_with_its_request_however_that_ends() {
    let home = Home::new(&json!({}));
    let vectra = home.up(&[]).await;
    let sql = |lines: &'static str| vectra.send("POST", "/sql", lines);
    assert_eq!(sql("CREATE TABLE t (v)").await.status, 200);
    // Left open, left open by a trap, and brought to its end.
    let left = sql("BEGIN\nINSERT INTO t VALUES (1)\nSELECT count(*) FROM t").await;
    assert!(left.body.contains("Integer(1)"), "{}", left.body);
    let trapped = sql("BEGIN IMMEDIATE\nINSERT INTO t VALUES (2)\nTRAP").await;
    assert!(trapped.status >= 500, "{}", trapped.body);
    let count = sql("SELECT count(*) FROM t").await;
    assert!(count.body.contains("Integer(0)"), "{}", count.body);
    let kept = sql("BEGIN\nINSERT INTO t VALUES (3)\nCOMMIT\nSELECT v FROM t").await;
    assert!(kept.body.contains("Integer(3)"), "{}", kept.body);
    // Nothing is left that others would have to wait for.
    let after = sql("INSERT INTO t VALUES (4) RETURNING v").await;
    assert!(after.body.contains("Integer(4)"), "{}", after.body);
}
