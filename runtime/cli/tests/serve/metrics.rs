//! What metrics say of what the host and its databases do.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use vectra_cluster::{Cluster, Durability, Options};

use crate::scrape::{scrape, until};
use crate::support::{Home, Vectra};
use crate::upstream::Upstream;

pub const ON: [&str; 2] = ["--metrics", "127.0.0.1:0"];

pub async fn watched(config: Value) -> (Home, Vectra) {
    let home = Home::new(&config);
    let vectra = home.up(&ON).await;
    (home, vectra)
}

const DURATION: &str = "vectra_http_request_duration_seconds_count";
pub const GUEST_UP: &str = "vectra_guest_metrics_up";

#[tokio::test]
async fn every_request_is_counted_once_by_who_answered_and_how() {
    let (_home, vectra) = watched(json!({})).await;
    for (times, path, status) in [(7, "/hello", 200), (3, "/missing", 404), (2, "/trap", 500)] {
        for _ in 0..times {
            assert_eq!(vectra.get(path).await.status, status, "{path}");
        }
    }
    // Two hosts: refused before a guest sees it.
    let refused =
        vectra.raw(b"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n");
    assert!(refused.await.starts_with("HTTP/1.1 400 "));
    let scraped = until(&vectra, "no request in flight", |scraped| {
        scraped.plain("vectra_http_requests_in_flight") == 0.0
            && scraped.plain("vectra_http_connections") == 0.0
            && scraped.plain("vectra_guest_instances") == 0.0
    });
    let scraped = scraped.await;
    for (source, status, count) in [
        ("guest", "2xx", 7.0),
        ("guest", "3xx", 0.0),
        ("guest", "4xx", 3.0),
        ("guest", "5xx", 0.0),
        ("host", "4xx", 1.0),
        ("host", "5xx", 2.0),
    ] {
        let labels = [("source", source), ("status", status)];
        assert_eq!(scraped.value(DURATION, &labels), count, "{labels:?}");
    }
    let refusals = |reason| scraped.value("vectra_http_refusals_total", &[("reason", reason)]);
    assert_eq!(
        (refusals("framing"), refusals("failed"), refusals("busy")),
        (1.0, 2.0, 0.0)
    );
    let failures = |reason| scraped.value("vectra_guest_failures_total", &[("reason", reason)]);
    assert_eq!((failures("trap"), failures("cpu")), (2.0, 0.0));
    assert_eq!(
        scraped.plain("vectra_http_connections_accepted_total"),
        13.0
    );
    assert_eq!(scraped.plain("vectra_http_requests_running"), 0.0);
    assert_eq!(scraped.plain("vectra_http_requests_running_limit"), 256.0);
    // One per request that a guest saw, and some for what happens outside requests.
    assert!(scraped.plain("vectra_guest_instances_created_total") >= 12.0 + 3.0);
}

#[tokio::test]
async fn each_way_a_guest_is_stopped_has_its_counter() {
    for (settings, path, reason, refusal) in [
        (json!({ "RequestCpuMs": 100 }), "/loop", "cpu", "failed"),
        (
            json!({ "RequestMemoryMb": 32 }),
            "/allocate",
            "memory",
            "failed",
        ),
        (
            json!({ "RequestTimeout": "00:00:01" }),
            "/wait?1000",
            "time",
            "late",
        ),
    ] {
        let (_home, vectra) = watched(json!({ "System": { "Server": settings } })).await;
        let before = scrape(&vectra).await;
        assert!(vectra.get(path).await.status >= 500, "{path}");
        let after = scrape(&vectra).await;
        for (name, reason) in [
            ("vectra_guest_failures_total", reason),
            ("vectra_http_refusals_total", refusal),
        ] {
            let value =
                |scraped: &crate::scrape::Scraped| scraped.value(name, &[("reason", reason)]);
            assert_eq!(value(&after) - value(&before), 1.0, "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_and_its_guest_is_gone() {
    let (_home, vectra) = watched(json!({})).await;
    let mut client = vectra.connect().await;
    let request = b"GET /wait?2000 HTTP/1.1\r\nHost: a\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut client, request)
        .await
        .unwrap();
    until(&vectra, "it runs", |scraped| {
        scraped.plain("vectra_http_requests_in_flight") == 1.0
            && scraped.plain("vectra_http_requests_running") == 1.0
            && scraped.plain("vectra_guest_instances") >= 1.0
            && scraped.plain("vectra_http_connections") == 1.0
    })
    .await;
    drop(client);
    let after = until(&vectra, "it is gone", |scraped| {
        scraped.plain("vectra_http_requests_abandoned_total") == 1.0
            && scraped.plain("vectra_http_requests_running") == 0.0
    })
    .await;
    assert_eq!(after.plain("vectra_http_requests_in_flight"), 0.0);
}

#[tokio::test]
async fn process_and_build_say_what_runs() {
    let (_home, vectra) = watched(json!({})).await;
    let scraped = scrape(&vectra).await;
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(scraped.value("vectra_build_info", &version), 1.0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64();
    let age = now - scraped.plain("process_start_time_seconds");
    assert!((-2.0..60.0).contains(&age), "started {age} s ago");
    assert!(scraped.plain("process_cpu_seconds_total") > 0.0);
    assert!(scraped.plain("process_resident_memory_bytes") > 1e6);
}

#[tokio::test]
async fn statements_commits_and_rows_of_a_file_are_counted() {
    let (_home, vectra) = watched(json!({})).await;
    let before = scrape(&vectra).await;
    let lines =
        "CREATE TABLE t (v)\nINSERT INTO t VALUES (1), (2), (3)\nSELECT v FROM t\nSELECT nothing";
    vectra.send("POST", "/sql", lines).await;
    let after = scrape(&vectra).await;
    let statements = "vectra_sqlite_statement_duration_seconds_count";
    let rows = "vectra_sqlite_rows_total";
    for (name, labels, more) in [
        (statements, vec![("kind", "read")], 2.0),
        (statements, vec![("kind", "write")], 2.0),
        (rows, vec![("kind", "read")], 3.0),
        (rows, vec![("kind", "changed")], 3.0),
        ("vectra_sqlite_statements_failed_total", vec![], 1.0),
        ("vectra_sqlite_statements_busy_total", vec![], 0.0),
        ("vectra_sqlite_commit_duration_seconds_count", vec![], 2.0),
        ("vectra_sqlite_committed_statements_total", vec![], 2.0),
    ] {
        // The scrape itself asks the probe, which reads and is refused twice.
        let own = match (name, labels.as_slice()) {
            (name, [("kind", "read")]) if name == statements => 1.0,
            (name, [("kind", "write")]) if name == statements => 1.0,
            ("vectra_sqlite_statements_failed_total", _) => 2.0,
            ("vectra_sqlite_commit_duration_seconds_count", _) => 1.0,
            _ => 0.0,
        };
        let moved = after.value(name, &labels) - before.value(name, &labels);
        assert!(
            (more..=more + own).contains(&moved),
            "{name} {labels:?}: {moved}"
        );
    }
    for kind in ["read", "write"] {
        let waiting = after.value("vectra_sqlite_queue_length", &[("kind", kind)]);
        assert_eq!(waiting, 0.0, "{kind}");
    }
}

#[tokio::test]
async fn the_pool_of_a_server_is_shown() {
    let options = Options {
        durability: Durability::Fast,
        ..Options::default()
    };
    let cluster = Cluster::start_with(options).unwrap();
    let home = Home::new(&json!({ "System": { "Storage": { "Database": {
        "DefaultProvider": "Postgres",
        "Providers": { "Postgres": { "ConnectionString": cluster.url() } },
    } } } }));
    let vectra = home.up_with("plain", &ON).await;
    let scraped = scrape(&vectra).await;
    assert_eq!(scraped.plain("vectra_postgres_connections_made_total"), 1.0);
    assert_eq!(scraped.plain("vectra_postgres_connections"), 1.0);
    assert!(scraped.plain("vectra_postgres_connections_limit") >= 1.0);
    assert_eq!(scraped.plain("vectra_postgres_callers_waiting"), 0.0);
    // This bundle has no numbers of its own, and the file no database.
    assert!(!scraped.has(GUEST_UP) && !scraped.has("vectra_sqlite_rows_total"));
}

#[tokio::test]
async fn lanes_are_shown_under_the_names_of_the_configuration() {
    let limits = json!({ "/compute": 1 });
    let (_home, vectra) =
        watched(json!({ "System": { "Server": { "PathConcurrency": limits } } })).await;
    let lane = [("lane", "/compute")];
    let first = scrape(&vectra).await;
    assert_eq!(
        first.value("vectra_lane_requests_running_limit", &lane),
        1.0
    );
    let computing = vectra.get("/compute?20000");
    // Only who comes while another one runs waits, whatever it asks for then.
    let waiting = async {
        until(&vectra, "one runs", |scraped| {
            scraped.value("vectra_lane_requests_running", &lane) == 1.0
        })
        .await;
        vectra.get("/Compute").await
    };
    let watching = until(&vectra, "one runs and one waits", |scraped| {
        scraped.value("vectra_lane_requests_running", &lane) == 1.0
            && scraped.value("vectra_lane_requests_waiting", &lane) == 1.0
    });
    tokio::select! {
        _ = async { tokio::join!(computing, waiting) } => panic!("nobody has watched"),
        _ = watching => {}
    }
    let last = until(&vectra, "both have left", |scraped| {
        scraped.value("vectra_lane_requests_running", &lane) == 0.0
            && scraped.value("vectra_lane_requests_waiting", &lane) == 0.0
    })
    .await;
    assert_eq!(last.value("vectra_lane_refusals_total", &lane), 0.0);
}

#[tokio::test]
async fn what_the_component_asks_of_others_is_counted() {
    let upstream = Upstream::start(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = closed.local_addr().unwrap().to_string();
    drop(closed);
    let there = format!("127.0.0.1:{}", upstream.port);
    let home = Home::new(&json!({}));
    let upstreams = ["--allow-upstream", &there, "--allow-upstream", &nobody];
    let vectra = home.up(&[&ON[..], &upstreams].concat()).await;
    for url in [&there, &there, &nobody] {
        assert_eq!(
            vectra.get(&format!("/call?http://{url}/")).await.status,
            200
        );
    }
    let scraped = scrape(&vectra).await;
    for (name, value) in [
        ("vectra_outbound_request_duration_seconds_count", 2.0),
        ("vectra_outbound_requests_in_flight", 0.0),
        ("vectra_outbound_requests_failed_total", 1.0),
    ] {
        assert_eq!(scraped.plain(name), value, "{name}");
    }
    let made = scraped.plain("vectra_outbound_connections_total");
    assert_eq!(made, upstream.connections() as f64);
    let refused = [("reason", "refused")];
    assert_eq!(
        scraped.value("vectra_outbound_connections_failed_total", &refused),
        1.0
    );
}
