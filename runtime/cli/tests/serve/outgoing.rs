//! Where guests may connect to, and what they are told when it fails.

use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{Home, Vectra};
use crate::upstream::Upstream;

const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nContent-Length: 5\r\n\r\nhello";

async fn call(vectra: &Vectra, url: &str) -> String {
    vectra.get(&format!("/call?{url}")).await.body
}

#[tokio::test]
async fn only_listed_upstreams_inside_are_reached_and_only_as_they_are_listed() {
    let isolated = std::env::var_os("VECTRA_ISOLATED").is_some();
    assert!(
        isolated,
        "run this as `cargo xtask test -- -p vectra-cli`: a failing guard must reach nothing"
    );
    let upstream = Upstream::start(HELLO).await;
    let port = upstream.port;
    let listed = format!("127.0.0.1:{port}");
    let denied = Home::new(&json!({})).up(&[]).await;
    let granted = Home::new(&json!({}))
        .up(&["--allow-upstream", &listed])
        .await;
    let internal = Home::new(&json!({ "Security": { "InternalHosts": [listed] } }))
        .up(&[])
        .await;

    let ok = "200 x-end,content-length hello";
    let refused = "ErrorCode::DestinationIpProhibited";
    for (host, with_list) in [
        ("127.0.0.1", ok),
        ("[::ffff:127.0.0.1]", ok),
        ("localhost", refused),
        ("127.1", refused),
        ("2130706433", refused),
        ("0x7f000001", refused),
        ("0.0.0.0", refused),
        ("[::1]", refused),
        ("10.0.0.1", refused),
        ("169.254.169.254", refused),
        ("[fd00:ec2::254]", refused),
        ("user@127.0.0.1", "ErrorCode::HttpRequestUriInvalid"),
    ] {
        let url = format!("http://{host}:{port}/");
        let without_list = if with_list == ok { refused } else { with_list };
        assert_eq!(call(&denied, &url).await, without_list, "{url}");
        assert_eq!(call(&granted, &url).await, with_list, "{url}");
        assert_eq!(call(&internal, &url).await, with_list, "{url}");
    }
    let own = format!("http://{}/hello", granted.address);
    assert_eq!(call(&granted, &own).await, refused);
}

#[tokio::test]
async fn connections_are_kept_and_redirects_are_not_followed() {
    let upstream = Upstream::start(HELLO).await;
    let redirect = Upstream::start(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let (first, second) = (
        format!("127.0.0.1:{}", upstream.port),
        format!("127.0.0.1:{}", redirect.port),
    );
    let vectra = Home::new(&json!({}))
        .up(&["--allow-upstream", &first, "--allow-upstream", &second])
        .await;
    for _ in 0..10 {
        assert!(
            call(&vectra, &format!("http://{first}/"))
                .await
                .starts_with("200 ")
        );
    }
    assert_eq!(upstream.connections(), 1);
    assert!(
        call(&vectra, &format!("http://{second}/"))
            .await
            .starts_with("302 location,")
    );
}

#[tokio::test]
async fn a_failure_has_its_own_code() {
    let silent = Upstream::start(b"").await;
    let pausing = Upstream::start(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await;
    let garbage = Upstream::start(b"SSH-2.0-OpenSSH\r\n\r\n").await;
    // A port that nobody listens on.
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    // No resolver is asked for a name with a label this long.
    let unknown = format!("{}.invalid:80", "a".repeat(64));
    let ports = [silent.port, pausing.port, garbage.port, closed];
    let listed: Vec<_> = ports
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    let arguments: Vec<_> = listed
        .iter()
        .flat_map(|upstream| ["--allow-upstream", upstream])
        .collect();
    let vectra = Home::new(&json!({})).up(&arguments).await;
    for (authority, code) in [
        (listed[0].as_str(), "ConnectionReadTimeout"),
        (&listed[1], "connection read timeout"),
        (&listed[2], "HttpProtocolError"),
        (&listed[3], "ConnectionRefused"),
        (&unknown, "DnsError"),
    ] {
        let error = call(&vectra, &format!("http://{authority}/")).await;
        assert!(error.contains(code), "{authority}: {error}");
    }
    let error = call(&vectra, &format!("https://{}/", listed[2])).await;
    assert!(error.contains("TlsProtocolError"), "{error}");
}
