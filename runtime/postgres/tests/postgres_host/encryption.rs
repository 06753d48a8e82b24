//! `sslmode`, each mode against servers with and without TLS.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use vectra_cluster::{Cluster, Database, Durability, Options, Tls};
use vectra_postgres::{
    DbValue, Error, OpenError, PostgresDatabase, PostgresOptions, SslMode, Target,
};

use crate::fixture::{eventually, process, value};

/// An authority's certificate as PEM, and a certificate by it for `localhost`.
fn certificates() -> (String, Tls) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = server.signed_by(&key, &issuer).unwrap().pem();
    let key = key.serialize_pem();
    (authority_pem, Tls { certificate, key })
}

fn server(tls: Option<Tls>) -> Cluster {
    let durability = Durability::Fast;
    Cluster::start_with(Options {
        durability,
        tls,
        ..Options::default()
    })
    .unwrap()
}

fn target(cluster: &Cluster, host: &str, ssl_mode: SslMode) -> Target {
    let mut target = Target::parse(&cluster.url()).unwrap();
    host.clone_into(&mut target.host);
    target.ssl_mode = ssl_mode;
    target
}

/// Whether a connection is encrypted, or why there is none. What the server says about
/// transactions is understood either way, else the connection would not be kept.
async fn encrypted(target: &Target) -> Result<bool, String> {
    let options = PostgresOptions {
        connections: 1,
        ..PostgresOptions::default()
    };
    let pool = PostgresDatabase::open(target, options).map_err(|error| error.to_string())?;
    let mut lent = match pool.connect().await {
        Ok(lent) => lent,
        Err(Error::ConnectionFailed(message)) => return Err(message),
        Err(error) => panic!("{error:?}"),
    };
    let first = process(&mut lent).await;
    for left in ["SELECT 1", "BEGIN", "SELECT 1 / 0"] {
        let _ = lent.execute(left, Vec::new()).await;
        drop(lent);
        lent = pool.connect().await.unwrap();
        assert_eq!(process(&mut lent).await, first, "{left}");
    }
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    match value(&mut lent, sql).await.unwrap() {
        DbValue::Boolean(encrypted) => Ok(encrypted),
        value => panic!("{value:?}"),
    }
}

#[tokio::test]
async fn a_server_with_tls_is_used_as_each_mode_says() {
    let (authority, tls) = certificates();
    let cluster = server(Some(tls));
    let folder = tempfile::tempdir().unwrap();
    let (known, unknown) = (
        folder.path().join("known.pem"),
        folder.path().join("unknown.pem"),
    );
    std::fs::write(&known, authority).unwrap();
    std::fs::write(&unknown, certificates().0).unwrap();
    for (mode, host, roots, expected) in [
        (SslMode::Disable, "127.0.0.1", None, Ok(false)),
        (SslMode::Prefer, "127.0.0.1", None, Ok(true)),
        (SslMode::Require, "127.0.0.1", None, Ok(true)),
        (SslMode::VerifyFull, "localhost", Some(&known), Ok(true)),
        // The certificate is for a name, not for the address.
        (
            SslMode::VerifyFull,
            "127.0.0.1",
            Some(&known),
            Err("not valid for name"),
        ),
        (
            SslMode::VerifyFull,
            "localhost",
            Some(&unknown),
            Err("invalid peer certificate"),
        ),
        (SslMode::VerifyFull, "localhost", None, Err("")),
    ] {
        let mut target = target(&cluster, host, mode);
        target.root_certificate = roots.cloned();
        match (encrypted(&target).await, expected) {
            (Ok(encrypted), Ok(expected)) => assert_eq!(encrypted, expected, "{mode:?}"),
            (Err(message), Err(part)) => assert!(message.contains(part), "{mode:?}: {message}"),
            (result, _) => panic!("{mode:?} {host}: {result:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_encryption_is_asked_for() {
    let cluster = server(None);
    for (mode, expected) in [
        (SslMode::Disable, Some(false)),
        (SslMode::Prefer, Some(false)),
        (SslMode::Require, None),
    ] {
        match encrypted(&target(&cluster, "127.0.0.1", mode)).await {
            Ok(encrypted) => assert_eq!(Some(encrypted), expected, "{mode:?}"),
            Err(message) => {
                assert_eq!(expected, None, "{mode:?}: {message}");
                assert!(message.contains("server does not support TLS"), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn a_statement_is_cancelled_over_tls_too() {
    let (authority, tls) = certificates();
    let cluster = server(Some(tls));
    let database = Database::fresh_in(&cluster.url()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let known = folder.path().join("known.pem");
    std::fs::write(&known, authority).unwrap();
    let running = "SELECT count(*) FROM pg_stat_activity \
                   WHERE query = 'SELECT pg_sleep(100)' AND state = 'active'";
    for mode in [SslMode::Prefer, SslMode::Require, SslMode::VerifyFull] {
        let mut target = target(&cluster, "localhost", mode);
        target.root_certificate = (mode == SslMode::VerifyFull).then(|| known.clone());
        let options = PostgresOptions {
            statement_timeout: std::time::Duration::from_secs(120),
            ..PostgresOptions::default()
        };
        let pool = PostgresDatabase::open(&target, options).unwrap();
        let mut lent = pool.connect().await.unwrap();
        tokio::select! {
            result = lent.execute("SELECT pg_sleep(100)", Vec::new()) => panic!("{result:?}"),
            () = eventually("it runs", || database.run(running).unwrap() == "1\n") => {}
        }
        drop(lent);
        eventually("it is cancelled", || {
            database.run(running).unwrap() == "0\n"
        })
        .await;
    }
}

#[tokio::test]
async fn a_file_without_certificates_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    let mut target = Target::new("localhost", "d", "u");
    target.ssl_mode = SslMode::VerifyFull;
    for content in [
        None,
        Some(""),
        Some("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"),
    ] {
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        target.root_certificate = Some(path.clone());
        let error = PostgresDatabase::open(&target, Default::default())
            .err()
            .unwrap();
        assert!(
            matches!(error, OpenError::RootCertificate { .. }),
            "{error}"
        );
    }
}
