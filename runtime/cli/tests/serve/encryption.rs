//! The encrypted listener.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{DEADLINE, Home};
use crate::tls_client::{Client, Pair, get};

/// A server with TLS, whose files are looked at ten times a second.
fn encrypted(mut server: Value) -> Home {
    server["Https"] = json!({ "Enabled": true, "Port": 0, "Certificate": {
        "Path": "certs/chain.pem", "KeyPath": "certs/key.pem", "ReloadInterval": "00:00:00.1",
    } });
    Home::new(&json!({ "System": { "Server": server } }))
}

#[tokio::test]
async fn both_listeners_answer_and_tls_1_2_and_1_3_are_spoken() {
    let (home, pair) = (encrypted(json!({})), Pair::new());
    pair.write(&home);
    let vectra = home.up(&[]).await;
    assert_eq!(vectra.get("/hello").await.body, "hello");
    let address = vectra.encrypted_address();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let client = Client::speaking(&[&pair], &[version]);
        let mut stream = client.connect(&address).await.unwrap();
        let session = stream.get_ref().1;
        assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(session.protocol_version(), Some(version.version));
        // One connection carries several requests.
        for _ in 0..3 {
            assert_eq!(get(&mut stream, "/hello").await.body, "hello");
        }
        let head = get(&mut stream, "/head").await.body;
        assert!(head.contains("spin-client-addr: 127.0.0.1:"), "{head}");
        assert!(head.starts_with("Method::Get localhost /head"), "{head}");
    }
    let stranger = Client::new(&[&Pair::new()]);
    assert!(stranger.connect(&address).await.is_err());
    // In clear nothing is said there.
    let mut clear = TcpStream::connect(&address).await.unwrap();
    let request = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    clear.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    let _ = timeout(DEADLINE, clear.read_to_end(&mut bytes)).await;
    assert!(!String::from_utf8_lossy(&bytes).contains("hello"));
}

#[tokio::test]
async fn the_clear_listener_can_be_left_out() {
    let home = encrypted(json!({ "Http": { "Enabled": false } }));
    let pair = Pair::new();
    pair.write(&home);
    let vectra = home.up_encrypted().await;
    let client = Client::new(&[&pair]);
    assert_eq!(client.get(&vectra.address, "/hello").await.status, 200);
    assert!(!vectra.output.contains("http://"), "{}", vectra.output);
    let output = home.run(&["up", "--listen", "127.0.0.1:0"], &[]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Http.Enabled"));
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let (home, old, new) = (encrypted(json!({})), Pair::new(), Pair::new());
    old.write(&home);
    let vectra = home.up(&[]).await;
    let address = vectra.encrypted_address();
    let (knows_old, knows_new) = (Client::new(&[&old]), Client::new(&[&new]));
    let mut before = knows_old.connect(&address).await.unwrap();
    assert_eq!(get(&mut before, "/hello").await.status, 200);

    // Half of the new pair is not taken.
    home.write("certs/chain.pem", &new.chain);
    vectra.logs("what was loaded before stays").await;
    assert_eq!(knows_old.get(&address, "/hello").await.status, 200);

    new.write(&home);
    vectra.logs("a new certificate is used").await;
    assert_eq!(knows_new.get(&address, "/hello").await.status, 200);
    assert!(knows_old.connect(&address).await.is_err());
    assert_eq!(get(&mut before, "/hello").await.status, 200);

    // Neither is what cannot be read, and that is said once.
    home.write("certs/key.pem", "nonsense");
    vectra.logs("it holds no private key").await;
    let looked = Instant::now() + Duration::from_millis(500);
    while Instant::now() < looked {
        assert_eq!(knows_new.get(&address, "/hello").await.status, 200);
    }
    let log = vectra.log();
    assert_eq!(
        log.matches("what was loaded before stays").count(),
        2,
        "{log}"
    );
    for key in [&old.key, &new.key] {
        let line = key.lines().nth(1).unwrap();
        assert!(!log.contains(line), "{log}");
    }
}

#[tokio::test]
async fn an_expired_certificate_is_warned_of_and_used() {
    let (home, pair) = (encrypted(json!({})), Pair::new());
    Pair::expired().write(&home);
    let said = "the certificate has expired: it was valid until 2000-01-01T00:00:00Z";
    let output = home.run(&["check"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains(said));

    let vectra = home.up(&[]).await;
    vectra.logs(said).await;
    pair.write(&home);
    vectra.logs("a new certificate is used").await;
    Pair::expired().write(&home);
    let address = vectra.encrypted_address();
    let taken = async {
        while vectra.log().matches(said).count() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, taken)
        .await
        .expect("it is not said again");
    assert!(Client::new(&[&pair]).connect(&address).await.is_err());
}

#[tokio::test]
async fn handshakes_that_do_not_go_on_hold_nobody_up() {
    let (home, pair) = (encrypted(json!({})), Pair::new());
    pair.write(&home);
    let mut vectra = home.up(&[]).await;
    let address = vectra.encrypted_address();
    let mut half_open = Vec::new();
    for _ in 0..50 {
        half_open.push(TcpStream::connect(&address).await.unwrap());
    }
    // The beginning of a greeting, and what is none.
    half_open[0].write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    half_open[1]
        .write_all(b"SSH-2.0-OpenSSH\r\n")
        .await
        .unwrap();
    let client = Client::new(&[&pair]);
    let begun = Instant::now();
    assert_eq!(client.get(&address, "/hello").await.status, 200);
    assert_eq!(vectra.get("/hello").await.status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5));
    // Nor the end.
    let begun = Instant::now();
    vectra.signal("-TERM");
    assert_eq!(vectra.ended().await, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn handshakes_count_as_connections_and_end() {
    let home = encrypted(json!({ "MaxConcurrentConnections": 2 }));
    let pair = Pair::new();
    pair.write(&home);
    let vectra = home.up(&[]).await;
    let address = vectra.encrypted_address();
    let mut half_open = Vec::new();
    for _ in 0..2 {
        half_open.push(TcpStream::connect(&address).await.unwrap());
    }
    let begun = Instant::now();
    let client = Client::new(&[&pair]);
    assert_eq!(client.get(&address, "/hello").await.status, 200);
    let waited = begun.elapsed().as_secs();
    assert!((9..25).contains(&waited), "{waited} s");
}

#[tokio::test]
async fn nothing_is_started_with_files_that_cannot_be_used() {
    let (pair, other) = (Pair::new(), Pair::new());
    let certificate = "System.Server.Https.Certificate";
    for (chain, key, name, part) in [
        (None, Some(&*pair.key), "Path", "certs/chain.pem"),
        (Some(&*pair.chain), None, "KeyPath", "certs/key.pem"),
        (Some("no PEM"), Some(&pair.key), "Path", "certs/chain.pem"),
        (
            Some(&pair.chain),
            Some("no PEM"),
            "KeyPath",
            "certs/key.pem",
        ),
        (
            Some(&pair.chain),
            Some(&other.key),
            "KeyPath",
            "not the key",
        ),
    ] {
        let home = encrypted(json!({}));
        for (file, text) in [("certs/chain.pem", chain), ("certs/key.pem", key)] {
            if let Some(text) = text {
                home.write(file, text);
            }
        }
        let output = home.run(&["up", "--listen", "127.0.0.1:0"], &[]).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            errors.contains(&format!("error: {certificate}.{name}: ")) && errors.contains(part),
            "{errors}"
        );
        assert!(!home.path("vectra.db").exists(), "it started");
    }
}

#[tokio::test]
async fn only_the_clear_listener_must_be_asked_for_by_name() {
    // An address that no machine has: whoever may listen there finds that out.
    let elsewhere = "192.0.2.1";
    let mut open = json!({ "Http": { "Address": elsewhere } });
    let refused = Home::new(&json!({ "System": { "Server": open } }));
    let output = refused.run(&["up"], &[]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    for way in ["System.Server.Https", "--listen-insecure", "AllowInsecure"] {
        assert!(errors.contains(way), "{errors}");
    }

    open["Http"]["AllowInsecure"] = true.into();
    let asked = Home::new(&json!({ "System": { "Server": open } }));
    let encrypted = encrypted(json!({ "Http": { "Port": 0 } }));
    Pair::new().write(&encrypted);
    for (home, environment) in [
        (&asked, &[][..]),
        (&encrypted, &[("System__Server__Https__Address", elsewhere)]),
    ] {
        let output = home.run(&["up"], environment).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("cannot listen on 192.0.2.1"), "{errors}");
    }
}
