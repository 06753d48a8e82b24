use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::generate_simple_self_signed;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;

use super::*;

/// A certificate and its key, as PEM.
fn pair() -> (String, String) {
    let pair = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (pair.cert.pem(), pair.signing_key.serialize_pem())
}

fn files(folder: &Path) -> CertificateFiles {
    CertificateFiles {
        chain: folder.join("chain.pem"),
        key: folder.join("key.pem"),
    }
}

fn write(folder: &TempDir, chain: &str, key: &str) -> CertificateFiles {
    let files = files(folder.path());
    std::fs::write(&files.chain, chain).unwrap();
    std::fs::write(&files.key, key).unwrap();
    files
}

fn load(files: &CertificateFiles) -> Result<Tls, TlsError> {
    Tls::load(files.clone(), Duration::from_secs(1))
}

/// The key of [`pair`] as SEC1: that is what its PKCS#8 form wraps.
fn sec1(key: &str) -> String {
    let pkcs8 = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let bytes = pkcs8.secret_pkcs8_der();
    // An ECPrivateKey (RFC 5915): a sequence that begins with version 1 and 32 bytes.
    let begin = [2, 1, 1, 4, 32];
    let parts = bytes.windows(begin.len());
    let at = parts.into_iter().position(|part| part == begin).unwrap();
    let text = STANDARD.encode(&bytes[at - 2..]);
    format!("-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----\n")
}

#[test]
fn a_pair_is_taken_as_it_is_usually_written() {
    let (chain, key) = pair();
    let (other, _) = pair();
    let folder = tempfile::tempdir().unwrap();
    for (chain, key) in [
        (chain.clone(), key.clone()),
        (chain.clone(), sec1(&key)),
        // With others that vouch for it, with words around it, both in one file.
        (format!("{chain}{other}"), key.clone()),
        (format!("CN = localhost\n{chain}"), format!("a key:\n{key}")),
        (format!("{key}{chain}"), format!("{key}{chain}")),
    ] {
        let loaded = load(&write(&folder, &chain, &key));
        assert!(loaded.is_ok(), "{loaded:?}");
    }
}

#[test]
fn what_cannot_be_used_is_named_and_not_shown() {
    use CertificatePart::{Chain, Key};
    let (chain, key) = pair();
    let (_, other) = pair();
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let broken = key.replacen('M', "!", 1);
    let half = key.get(..key.len() / 2).unwrap();
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let folder = tempfile::tempdir().unwrap();
    for (chain, key, part, text) in [
        ("", &*key, Chain, "no certificate"),
        ("\u{30}\u{82}", &key, Chain, "openssl pkcs12"),
        (&*key, &key, Chain, "no certificate"),
        (no_certificate, &key, Chain, "chain.pem"),
        (&chain, "", Key, "no private key"),
        (&chain, &chain, Key, "no private key"),
        (&chain, &encrypted, Key, "not encrypted"),
        (&chain, &broken, Key, "key.pem"),
        (&chain, half, Key, "key.pem"),
        (&chain, &other, Key, "not the key of the first certificate"),
    ] {
        let error = load(&write(&folder, chain, key)).unwrap_err();
        assert_eq!(error.part, part, "{error}");
        let message = error.to_string();
        assert!(message.contains(text), "{message}");
        for line in key.lines().filter(|line| line.len() > 40) {
            assert!(!message.contains(line), "{message}");
        }
    }
    let missing = files(Path::new("/nowhere"));
    let message = load(&missing).unwrap_err().to_string();
    assert!(message.contains("/nowhere/chain.pem"), "{message}");
    let files = write(&folder, &chain, &key);
    std::fs::write(&files.key, vec![b'x'; (1 << 20) + 1]).unwrap();
    let message = load(&files).unwrap_err().to_string();
    assert!(message.contains("larger than"), "{message}");
}

/// What new connections begin with.
fn used(tls: &Tls) -> Arc<ServerConfig> {
    tls.0.current.read().unwrap().clone()
}

#[test]
fn a_new_pair_is_taken_only_when_it_is_whole() {
    let (chain, key) = pair();
    let folder = tempfile::tempdir().unwrap();
    let files = write(&folder, &chain, &key);
    let tls = load(&files).unwrap();
    let first = used(&tls);
    assert!(matches!(tls.refresh(), Refreshed::Same));

    let (new_chain, new_key) = pair();
    // Half of it, told once.
    std::fs::write(&files.chain, &new_chain).unwrap();
    assert!(matches!(tls.refresh(), Refreshed::Kept(_)));
    assert!(matches!(tls.refresh(), Refreshed::Same));
    assert!(Arc::ptr_eq(&used(&tls), &first));
    // Gone, told once.
    std::fs::remove_file(&files.key).unwrap();
    assert!(matches!(tls.refresh(), Refreshed::Kept(_)));
    assert!(matches!(tls.refresh(), Refreshed::Same));
    assert!(Arc::ptr_eq(&used(&tls), &first));
    // Whole.
    std::fs::write(&files.key, &new_key).unwrap();
    assert!(matches!(tls.refresh(), Refreshed::Taken));
    let second = used(&tls);
    assert!(!Arc::ptr_eq(&second, &first));
    // And back.
    write(&folder, &chain, &key);
    assert!(matches!(tls.refresh(), Refreshed::Taken));
    assert!(!Arc::ptr_eq(&used(&tls), &second));
}
