//! What a guest sees of a request, and what never reaches it.

use serde_json::json;

use crate::support::{Home, Response};

#[tokio::test]
async fn requests_that_could_be_read_in_two_ways_are_refused() {
    let vectra = Home::new(&json!({})).up(&[]).await;
    for (head, status) in [
        ("GET /hello HTTP/1.1\r\nHost: a\r\n", 200),
        ("GET /hello HTTP/1.0\r\n", 200),
        ("GET /hello HTTP/1.1\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        (
            "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
            400,
        ),
        (
            "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n",
            400,
        ),
        (
            "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n",
            400,
        ),
        (
            "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n",
            400,
        ),
        (
            "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n",
            400,
        ),
        (
            "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            400,
        ),
        (
            "POST /body HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n",
            400,
        ),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n", 400),
    ] {
        let request = format!("{head}Connection: close\r\n\r\n0\r\n\r\n");
        let response = Response::parse(&vectra.raw(request.as_bytes()).await);
        assert_eq!(response.status, status, "{head:?}: {response:?}");
    }
}

#[tokio::test]
async fn fields_of_the_connection_and_forged_client_addresses_stay_outside() {
    let vectra = Home::new(&json!({})).up(&[]).await;
    let response = Response::parse(
        &vectra
            .raw(
                b"GET /head?a=%41&b HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nX-End: 3\r\n\
                TE: trailers\r\nspin-client-addr: 8.8.8.8:1\r\nSpin-Client-Addr: 8.8.4.4:1\r\n\r\n",
            )
            .await,
    );
    let (target, fields) = response.body.split_once('\n').unwrap();
    assert_eq!(target, "Method::Get a /head?a=%41&b");
    let mut fields: Vec<_> = fields.lines().collect();
    fields.sort_unstable();
    let client = fields.remove(0);
    assert!(
        client.starts_with("spin-client-addr: 127.0.0.1:"),
        "{client}"
    );
    assert_eq!(fields, ["x-end: 2", "x-end: 3"]);
}

#[tokio::test]
async fn the_connection_carries_further_requests() {
    let vectra = Home::new(&json!({})).up(&[]).await;
    let text = vectra
        .raw(
            b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none\
            HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n\
            POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\ntwo\r\n0\r\n\r\n",
        )
        .await;
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3, "{text}");
    assert!(
        text.contains("\r\n\r\none") && text.ends_with("\r\n\r\ntwo"),
        "{text}"
    );
    assert!(!text.contains("hello"), "{text}");
}

#[tokio::test]
async fn a_guest_sees_nothing_of_the_machine() {
    let vectra = Home::new(&json!({})).up(&[]).await;
    assert_eq!(vectra.get("/outside").await.body, "0 0");
    assert_eq!(
        vectra.get("/variable?vectra_config").await.body,
        "Ok(\"{}\")"
    );
    assert_eq!(
        vectra.get("/variable?trust_client_addr").await.body,
        "Ok(\"true\")"
    );
    assert_eq!(
        vectra.get("/variable?home").await.body,
        "Err(Error::Undefined(\"home\"))"
    );
    assert_eq!(
        vectra.get("/variable?HOME").await.body,
        "Err(Error::InvalidName(\"HOME\"))"
    );
    assert_eq!(
        vectra.get("/open?vectra.db").await.body,
        "Err(Error::NoSuchDatabase)"
    );
    assert_eq!(vectra.get("/open?default").await.body, "Ok(())");
}
