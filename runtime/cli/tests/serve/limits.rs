//! A guest over its bounds is stopped and answered; the others go on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::support::{Home, Response};

fn server(settings: Value) -> Home {
    Home::new(&json!({ "System": { "Server": settings } }))
}

#[tokio::test]
async fn guests_that_misbehave_are_answered_and_others_go_on() {
    let home = server(json!({ "RequestCpuMs": 300, "RequestMemoryMb": 32 }));
    let vectra = home.up(&[]).await;
    for (path, logged) in [
        ("/loop", "used up its computing time"),
        ("/allocate", "used up its memory"),
        ("/trap", "trapped"),
        ("/silent", "without an answer"),
    ] {
        let (bad, good) = tokio::join!(vectra.get(path), async {
            let mut good = Vec::new();
            for _ in 0..20 {
                good.push(vectra.get("/hello").await.status);
            }
            good
        });
        bad.assert_problem(500);
        assert!(good.iter().all(|status| *status == 200), "{path}: {good:?}");
        vectra.logs(logged).await;
    }
}

#[tokio::test]
async fn many_guests_that_loop_do_not_stop_one_that_does_not() {
    let home = server(json!({ "RequestCpuMs": 500 }));
    let vectra = home.up(&[]).await;
    let loops: Vec<_> = (0..16).map(|_| vectra.get("/loop")).collect();
    let mut loops = std::pin::pin!(async {
        for bad in loops {
            bad.await.assert_problem(500);
        }
    });
    tokio::select! {
        () = &mut loops => {}
        good = vectra.get("/hello") => assert_eq!(good.status, 200),
    }
    loops.await;
}

#[tokio::test]
async fn waiting_costs_no_computing_time() {
    let home = server(json!({ "RequestCpuMs": 100 }));
    let vectra = home.up(&[]).await;
    // 40 pauses of 15 ms each, longer than a tick of the clock.
    let response = vectra.get("/wait?40").await;
    assert_eq!((response.status, response.body.as_str()), (200, "waited"));
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_cut_off() {
    let home = server(json!({ "RequestTimeout": "00:00:01" }));
    let vectra = home.up(&[]).await;
    let begun = Instant::now();
    let response = vectra.get("/wait?1000").await;
    response.assert_problem(503);
    // What it was to do may have been done: nobody is asked to do it again.
    assert!(!response.head.contains("retry-after: "), "{response:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn when_all_places_are_taken_the_rest_is_told_to_come_again() {
    let home = server(json!({ "MaxConcurrentRequests": 1 }));
    let vectra = home.up(&[]).await;
    // Whichever comes second waits for five seconds, the first takes nine.
    let (one, other) = tokio::join!(vectra.get("/wait?600"), vectra.get("/wait?600"));
    let (served, refused) = if one.status == 200 {
        (one, other)
    } else {
        (other, one)
    };
    assert_eq!(served.status, 200);
    refused.assert_problem(503);
    assert!(refused.head.contains("retry-after: "), "{refused:?}");
}

#[tokio::test]
async fn a_client_that_leaves_frees_its_place() {
    let home = server(json!({ "MaxConcurrentRequests": 1 }));
    let vectra = home.up(&[]).await;
    for path in ["/wait?2000", "/loop"] {
        let mut client = vectra.connect().await;
        client
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
            .await
            .unwrap();
        client.flush().await.unwrap();
        drop(client);
        let begun = Instant::now();
        assert_eq!(vectra.get("/hello").await.status, 200, "{path}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{path}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_comes() {
    let home = server(json!({ "MaxRequestBodySizeMb": 1 }));
    let vectra = home.up(&[]).await;
    let fits = "x".repeat(1 << 20);
    let response = vectra.send("POST", "/body", &fits).await;
    assert_eq!(response.status, 200);
    assert!(response.body == fits, "not the bytes that were sent");

    vectra
        .send("POST", "/body", &format!("{fits}x"))
        .await
        .assert_problem(413);

    let chunk = format!("10000\r\n{}\r\n", "x".repeat(65536));
    let chunked = format!(
        "POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        chunk.repeat(17)
    );
    Response::parse(&vectra.raw(chunked.as_bytes()).await).assert_problem(413);
}

#[tokio::test]
async fn a_response_that_breaks_off_does_not_look_complete() {
    let home = server(json!({}));
    let vectra = home.up(&[]).await;
    let text = vectra.raw(b"GET /cut HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(!text.contains("0\r\n\r\n"), "{text:?}");
}

#[tokio::test]
async fn slow_heads_and_idle_connections_are_closed() {
    let home =
        server(json!({ "RequestHeadersTimeout": "00:00:01", "KeepAliveTimeout": "00:00:02" }));
    let vectra = home.up(&[]).await;
    let closes_after = async |sent: &[u8]| {
        let mut stream = vectra.connect().await;
        stream.write_all(sent).await.unwrap();
        let begun = Instant::now();
        let mut all = Vec::new();
        let end = timeout(Duration::from_secs(30), stream.read_to_end(&mut all)).await;
        assert!(end.is_ok(), "the connection stays open");
        begun.elapsed()
    };
    let (silent, slow, idle) = tokio::join!(
        closes_after(b""),
        closes_after(b"GET /hello HTTP/1.1\r\nHo"),
        closes_after(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
    );
    for (name, time, least) in [
        ("silent", silent, 900),
        ("slow", slow, 900),
        ("idle", idle, 1900),
    ] {
        let time = time.as_millis();
        assert!(time >= least, "{name}: {time} ms");
    }
}
