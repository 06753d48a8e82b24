//! Requests whose end could be seen in two places. Whatever the gateway makes of
//! them, the upstream sees at most one request, with one clean framing.

use vectra_tests::agent::Agent;
use vectra_tests::client::exchange;
use vectra_tests::process::ADMIN_KEY;
use vectra_tests::upstream::Answer;

use crate::data::allowing;

/// What stands between the token and the end of the request, and the answer.
/// `SMUGGLED` in the body is a second request for whoever sees the end of the
/// first one too early.
const ODD: [(&str, &str, u16); 8] = [
    (
        "two lengths",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        400,
    ),
    // RFC 9112 §6.3: the chunks count, and the length is not passed on.
    (
        "a length and chunks",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nSMUGGLED",
        200,
    ),
    (
        "chunks that are not last",
        "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\nSMUGGLED",
        400,
    ),
    (
        "chunks twice",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\nSMUGGLED",
        400,
    ),
    (
        "an odd coding",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\nSMUGGLED",
        400,
    ),
    ("a negative length", "Content-Length: -1\r\n\r\n", 400),
    (
        "no number as a length",
        "Content-Length: 5a\r\n\r\nhello",
        400,
    ),
    ("a second host", "Host: elsewhere\r\n\r\n", 400),
];

#[tokio::test]
async fn odd_framing_reaches_the_upstream_clean_or_not_at_all() {
    let (home, upstream) = allowing(&[]).await;
    upstream.answer(Answer::default());
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let smuggled = format!(
        "GET /smuggled HTTP/1.1\r\nHost: {}\r\n\r\n",
        upstream.host()
    );
    for (name, rest, status) in ODD {
        let request = format!(
            "POST /proxy/http://{}/odd HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n{}",
            upstream.host(),
            vectra.address(),
            agent.token,
            rest.replace("SMUGGLED", &smuggled),
        );
        let answer = exchange(vectra.address(), request.as_bytes(), "POST").await;
        let received = upstream.take_received();
        assert!(received.len() <= 1, "{name}: {received:?}");
        for request in &received {
            assert_eq!(request.target, "/odd", "{name}");
            assert_eq!(request.values("host"), [upstream.host()], "{name}");
            let framings =
                request.values("content-length").len() + request.values("transfer-encoding").len();
            assert!(framings <= 1, "{name}: {:?}", request.headers);
        }
        assert_eq!(answer.unwrap().status, status, "{name}");
        assert_eq!(received.len(), usize::from(status == 200), "{name}");
    }
}
