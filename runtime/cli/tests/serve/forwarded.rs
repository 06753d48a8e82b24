//! Who a guest is told its client is, when a proxy stands before us.

use serde_json::json;

use crate::support::{Home, Response, Vectra};

/// The client's address and the fields a guest sees of a request with these lines.
async fn seen(vectra: &Vectra, lines: &str) -> (String, Vec<String>) {
    let request = format!("GET /head HTTP/1.1\r\nHost: a\r\n{lines}Connection: close\r\n\r\n");
    let response = Response::parse(&vectra.raw(request.as_bytes()).await);
    assert_eq!(response.status, 200, "{response:?}");
    let (mut clients, mut fields) = (Vec::new(), Vec::new());
    for line in response.body.lines().skip(1) {
        match line.strip_prefix("spin-client-addr: ") {
            Some(client) => clients.push(client.to_owned()),
            None => fields.push(line.to_owned()),
        }
    }
    assert_eq!(clients.len(), 1, "{clients:?}");
    (clients.remove(0), fields)
}

#[tokio::test]
async fn only_trusted_proxies_say_who_their_client_is() {
    let nobody = Home::new(&json!({})).up(&[]).await;
    let trusting =
        json!({ "System": { "Server": { "TrustedProxies": ["127.0.0.1", "10.0.0.0/8"] } } });
    let trusting = Home::new(&trusting).up(&[]).await;
    let own = "127.0.0.1:";
    for (lines, client) in [
        ("", own),
        ("X-Forwarded-For: 1.1.1.1\r\n", "1.1.1.1:0"),
        (
            "X-Forwarded-For: 9.9.9.9, 1.1.1.1, 10.0.0.9\r\n",
            "1.1.1.1:0",
        ),
        (
            "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 1.1.1.1\r\n",
            "1.1.1.1:0",
        ),
        ("X-Forwarded-For: 9.9.9.9, evil, 10.0.0.9\r\n", "10.0.0.9:0"),
        ("X-Forwarded-For: evil\r\n", own),
        ("X-Forwarded-For: [2001:db8::1]:77\r\n", "[2001:db8::1]:77"),
        ("Forwarded: for=1.1.1.1\r\n", own),
        ("X-Real-IP: 1.1.1.1\r\n", own),
        ("spin-client-addr: 1.1.1.1:1\r\n", own),
        (
            "Spin-Client-Addr: 7.7.7.7:1\r\nX-Forwarded-For: 1.1.1.1\r\n",
            "1.1.1.1:0",
        ),
    ] {
        let (found, _) = seen(&trusting, lines).await;
        assert!(found.starts_with(client), "{lines:?}: {found}");
        let (found, _) = seen(&nobody, lines).await;
        assert!(found.starts_with(own), "{lines:?}: {found}");
    }
}

#[tokio::test]
async fn what_proxies_say_of_each_other_reaches_the_guest_as_it_came() {
    let config = json!({ "System": { "Server": { "TrustedProxies": ["127.0.0.1"] } } });
    let vectra = Home::new(&config).up(&[]).await;
    let lines =
        "X-Forwarded-For: 9.9.9.9, 1.1.1.1\r\nX-Forwarded-Proto: https\r\nForwarded: for=x\r\n";
    let (_, mut fields) = seen(&vectra, lines).await;
    fields.sort();
    assert_eq!(
        fields,
        [
            "forwarded: for=x",
            "x-forwarded-for: 9.9.9.9, 1.1.1.1",
            "x-forwarded-proto: https",
        ]
    );
}

#[tokio::test]
async fn a_client_cannot_have_its_proxys_word_struck_out() {
    let config = json!({ "System": { "Server": { "TrustedProxies": ["127.0.0.1"] } } });
    let vectra = Home::new(&config).up(&[]).await;
    let lines = "Connection: X-Forwarded-For, spin-client-addr\r\nX-Forwarded-For: 1.1.1.1\r\n";
    let (client, fields) = seen(&vectra, lines).await;
    assert_eq!(client, "1.1.1.1:0");
    assert_eq!(fields, [""; 0]);
}
