//! What the host answers by itself carries the request's id.

use serde_json::json;

use crate::support::{Home, Response, Vectra};

async fn sent(vectra: &Vectra, head: &str) -> Response {
    let request = format!("{head}Connection: close\r\n\r\n");
    Response::parse(&vectra.raw(request.as_bytes()).await)
}

fn id(response: &Response) -> &str {
    let mut ids = response
        .head
        .lines()
        .filter_map(|line| line.strip_prefix("x-request-id: "));
    let id = ids.next().unwrap_or_else(|| panic!("no id: {response:?}"));
    assert_eq!(ids.next(), None, "{response:?}");
    id
}

fn assert_fresh(id: &str) {
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
}

#[tokio::test]
async fn every_refusal_of_the_host_has_the_clients_id_or_a_fresh_one() {
    let server =
        json!({ "MaxRequestBodySizeMb": 1, "RequestCpuMs": 100, "RequestTimeout": "00:00:01" });
    let home = Home::new(&json!({ "System": { "Server": server } }));
    let vectra = home.up(&[]).await;
    let long = "x".repeat(70 << 10);
    for (head, status) in [
        ("GET /trap HTTP/1.1\r\nHost: a\r\n", 500),
        ("GET /loop HTTP/1.1\r\nHost: a\r\n", 500),
        ("GET /wait?1000 HTTP/1.1\r\nHost: a\r\n", 503),
        ("GET /hello HTTP/1.1\r\n", 400),
        (
            "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n",
            413,
        ),
        (
            "POST /compute?1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n",
            408,
        ),
        (
            &format!("GET /hello HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n"),
            431,
        ),
    ] {
        let named = format!("{head}X-Request-Id: Req_1.a-b\r\n");
        let (own, made) = tokio::join!(sent(&vectra, &named), sent(&vectra, head));
        own.assert_problem(status);
        made.assert_problem(status);
        // The head is read in lower case.
        assert_eq!(id(&own), "req_1.a-b", "{status}");
        assert_fresh(id(&made));
    }
    vectra.logs("request.id=\"Req_1.a-b\"").await;
}

#[tokio::test]
async fn an_id_that_could_spoil_a_log_is_replaced_by_one_that_differs_each_time() {
    let home = Home::new(&json!({}));
    home.write("probe/a.txt", "fail");
    let vectra = home.up(&[]).await;
    let long = format!("X-Request-Id: {}\r\n", "x".repeat(129));
    let mut seen = Vec::new();
    for ids in [
        "X-Request-Id: a b\r\n",
        "X-Request-Id: a\"b\r\n",
        "X-Request-Id: \r\n",
        "X-Request-Id: one\r\nX-Request-Id: two\r\n",
        &long,
        "",
    ] {
        let response = sent(&vectra, &format!("GET /hello HTTP/1.1\r\nHost: a\r\n{ids}")).await;
        response.assert_problem(503);
        assert_fresh(id(&response));
        assert!(!seen.contains(&id(&response).to_owned()), "{seen:?}");
        seen.push(id(&response).to_owned());
    }
}

#[tokio::test]
async fn what_the_component_answers_is_left_to_it() {
    let vectra = Home::new(&json!({})).up(&[]).await;
    let head = "GET /head HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n";
    let response = sent(&vectra, head).await;
    assert!(!response.head.contains("x-request-id"), "{response:?}");
    assert!(response.body.contains("x-request-id: mine"), "{response:?}");
}
