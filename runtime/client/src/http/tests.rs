use std::sync::Mutex;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::fake::{Fake, answer, serve};

const KEY: &str = "vop_hush";
const QUICK: Limits = Limits {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(30),
    body: 100,
};

fn client(url: &str, limits: Limits) -> Client {
    Client::new(Address::parse(url).unwrap(), Some(KEY), None, limits).unwrap()
}

#[tokio::test]
async fn a_call_goes_below_the_address_with_key_and_body() {
    let fake = Fake::start(vec![answer(201, "{}"), answer(302, "")]);
    let url = format!("{}/below/", fake.url());
    let call = Call::new(hyper::Method::POST, &["a b"]).json(serde_json::json!({ "c": "d" }));
    let answer = client(&url, QUICK).send(&call).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (201, &b"{}"[..])
    );
    // Not followed.
    let call = Call::get(&["e"]);
    let answer = client(&url, QUICK).send(&call).await.unwrap();
    assert_eq!(answer.status.as_u16(), 302);
    let asked = fake.asked();
    assert_eq!(asked[0].line, "POST /below/a%20b");
    assert_eq!(asked[0].body, "{\"c\":\"d\"}");
    assert_eq!(asked[1].line, "GET /below/e");
    assert!(
        asked
            .iter()
            .all(|asked| asked.key.as_deref() == Some("Bearer vop_hush"))
    );
}

#[tokio::test]
async fn an_answer_is_bounded_in_size_and_time() {
    let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()
        + "40\r\n"
        + &format!("{}\r\n40\r\n{}\r\n", "x".repeat(64), "x".repeat(64));
    let fake = Fake::start(vec![
        answer(200, &"x".repeat(100)),
        answer(200, &"x".repeat(101)),
        endless,
    ]);
    let client = client(&fake.url(), QUICK);
    let call = Call::get(&["a"]);
    assert_eq!(client.send(&call).await.unwrap().body.len(), 100);
    for _ in 0..2 {
        let error = client.send(&call).await.unwrap_err();
        assert!(matches!(error, HttpError::TooLarge(100)), "{error}");
    }
    // It listens, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let limits = Limits {
        answer: Duration::from_millis(50),
        ..QUICK
    };
    let error = super::tests::client(&url, limits)
        .send(&call)
        .await
        .unwrap_err();
    assert!(matches!(error, HttpError::Unanswered { .. }), "{error}");
    drop(silent);
    let error = super::tests::client(&url, QUICK)
        .send(&call)
        .await
        .unwrap_err();
    assert!(matches!(error, HttpError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains(KEY), "{error}");
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let half = answer(200, "{}").replace("Length: 2", "Length: 20");
    let fake = Fake::start(vec![half, String::new()]);
    for _ in 0..2 {
        let error = client(&fake.url(), QUICK).send(&Call::get(&["a"])).await;
        let error = error.unwrap_err();
        assert!(matches!(error, HttpError::Unanswered { .. }), "{error}");
    }
}

/// An authority in PEM, and a server's certificate and key that it vouches for.
fn authority() -> (String, ServerConfig) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let server = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let chain = vec![params.signed_by(&server, &issuer).unwrap().der().clone()];
    let config =
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                chain,
                PrivateKeyDer::try_from(server.serialize_der()).unwrap(),
            );
    (certificate.pem(), config.unwrap())
}

#[tokio::test]
async fn only_a_gateway_that_the_given_authority_vouches_for_is_talked_to() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, config) = authority();
    let (ours, other, none) = ("ours.pem", "other.pem", "none.pem");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path(ours), pem).unwrap();
    std::fs::write(path(other), authority().0).unwrap();
    std::fs::write(path(none), "no certificate").unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let config = std::sync::Arc::new(config);
    std::thread::spawn(move || {
        let asked = Mutex::new(Vec::new());
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(config.clone()).unwrap();
        serve(
            StreamOwned::new(connection, stream),
            &answer(200, "{}"),
            &asked,
        );
        // The other one breaks off while they shake hands.
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(config).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        assert!(std::io::Read::read(&mut stream, &mut [0; 1]).is_err());
    });
    let client = |name| {
        let address = Address::parse(&url).unwrap();
        Client::new(address, Some(KEY), Some(path(name)), QUICK)
    };
    let call = Call::get(&["a"]);
    let answer = client(ours).unwrap().send(&call).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200);
    let error = client(other).unwrap().send(&call).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable { .. }), "{error}");
    for name in [none, "missing.pem"] {
        let error = client(name).err().unwrap();
        assert!(matches!(error, HttpError::Authority { .. }), "{error}");
    }
}
