use vectra_host::PathLimit;

use super::*;

/// What is wrong with a section of the server, by key.
fn wrong(server: Value) -> Vec<String> {
    let (_, mistakes) = read(json!({ "System": { "Server": server } }), &[]);
    let mut keys: Vec<_> = mistakes
        .iter()
        .filter(|mistake| mistake.severity == Severity::Error)
        .map(|mistake| mistake.key.replace("System.Server.", ""))
        .collect();
    keys.sort();
    keys
}

fn server(server: Value) -> Config {
    let (config, mistakes) = read(json!({ "System": { "Server": server } }), &[]);
    assert_eq!(mistakes, []);
    config
}

#[test]
fn nothing_is_encrypted_believed_or_limited_unless_it_is_said() {
    let network = server(json!({})).network;
    assert_eq!(network.clear, Clear::Loopback);
    assert!(network.https.is_none());
    assert_eq!(network.path_limits(Vec::new()), []);
    let unused =
        json!({ "Enabled": false, "Port": 1, "Certificate": { "Path": "a.pfx", "Password": "x" } });
    assert!(server(json!({ "Https": unused })).network.https.is_none());
}

#[test]
fn listeners_are_chosen_one_by_one() {
    let https = json!({ "Enabled": true, "Certificate": { "Path": "a.pem", "KeyPath": "/b.pem" } });
    let config = server(json!({ "Https": https }));
    assert_eq!(config.network.clear, Clear::Loopback);
    let found = config.network.https.unwrap();
    assert_eq!(found.listen.to_string(), "127.0.0.1:7443");
    let missing = found.load().unwrap_err();
    assert_eq!(missing.key, "System.Server.Https.Certificate.Path");
    let file = config.folder.join("a.pem");
    assert!(
        missing.message.contains(&file.display().to_string()),
        "{missing}"
    );

    let config = server(json!({ "Https": https, "Http": { "Enabled": "false" } }));
    assert_eq!(config.network.clear, Clear::Off);
    // The port that is not used may be the same.
    let mut same = https.clone();
    same["Port"] = 7080.into();
    same["Address"] = "::".into();
    let config = server(json!({ "Https": same, "Http": { "Enabled": false } }));
    let listen = config.network.https.unwrap().listen;
    assert_eq!(listen.to_string(), "[::]:7080");

    let config = server(json!({ "Http": { "AllowInsecure": true } }));
    assert_eq!(config.network.clear, Clear::Anywhere);
}

#[test]
fn what_cannot_be_listened_with_is_an_error() {
    let pem = json!({ "Path": "a.pem", "KeyPath": "a.pem" });
    for (server, keys) in [
        (
            json!({ "Http": { "Enabled": false } }),
            &["Http.Enabled"][..],
        ),
        (
            json!({ "Http": { "AllowInsecure": "yes" } }),
            &["Http.AllowInsecure"],
        ),
        (
            json!({ "Https": { "Enabled": true, "Port": 7080, "Certificate": pem } }),
            &["Https.Port"],
        ),
        (
            json!({ "Http": { "Port": 9, "Address": "::1" }, "Https": { "Enabled": true, "Port": 9, "Certificate": pem } }),
            &["Https.Port"],
        ),
        (
            json!({ "Https": { "Enabled": true } }),
            &["Https.Certificate.KeyPath", "Https.Certificate.Path"],
        ),
        (
            json!({ "Https": { "Enabled": true, "Certificate": { "Path": "c/a.PFX" } } }),
            &["Https.Certificate.Path"],
        ),
        (
            json!({ "Https": { "Enabled": true, "Certificate": { "Path": "a.p12", "Password": "x" } } }),
            &["Https.Certificate.Password", "Https.Certificate.Path"],
        ),
        (
            json!({ "Https": { "Enabled": true, "Certificate": { "Path": "a", "KeyPath": "b", "Password": "x" } } }),
            &["Https.Certificate.Password"],
        ),
        (
            json!({ "Https": { "Enabled": 1, "Port": -1, "Address": "a", "Other": 1, "Certificate": {
                "Path": 1, "KeyPath": [], "Password": {}, "ReloadInterval": 5, "Keypath2": 1,
            } } }),
            &[
                "Https.Address",
                "Https.Certificate.KeyPath",
                "Https.Certificate.Keypath2",
                "Https.Certificate.Password",
                "Https.Certificate.Path",
                "Https.Certificate.ReloadInterval",
                "Https.Enabled",
                "Https.Other",
                "Https.Port",
            ],
        ),
    ] {
        assert_eq!(wrong(server.clone()), keys, "{server}");
    }
}

#[test]
fn a_certificate_with_a_password_is_to_be_converted() {
    let https = json!({ "Enabled": true, "Certificate": { "Path": "a.pfx", "Password": "hush" } });
    let (config, mistakes) = read(json!({ "System": { "Server": { "Https": https } } }), &[]);
    assert_eq!(mistakes.len(), 2);
    for mistake in &mistakes {
        assert!(mistake.message.contains("openssl pkcs12"), "{mistake}");
    }
    assert!(!format!("{config:?} {mistakes:?}").contains("hush"));
}

#[test]
fn proxies_are_addresses_and_networks() {
    let list = json!(["10.0.0.0/8", "::1", "10.0.0.0/40", "proxy", 1, ""]);
    assert_eq!(
        wrong(json!({ "TrustedProxies": list })),
        [2, 3, 4, 5].map(|at| format!("TrustedProxies[{at}]"))
    );
    assert_eq!(
        wrong(json!({ "TrustedProxies": "::1" })),
        ["TrustedProxies"]
    );
    let (_, mistakes) = read(
        json!({ "System": { "Server": { "TrustedProxies": ["::1"] } } }),
        &[("System__Server__TrustedProxies__1", "0.0.0.0/0")],
    );
    assert_eq!(keys(&mistakes), ["System.Server.TrustedProxies"]);
    assert_eq!(mistakes[0].severity, Severity::Warning);
}

#[test]
fn limits_of_paths_lie_over_those_of_the_bundle() {
    let limit = |prefix: &str, concurrent| PathLimit {
        prefix: prefix.parse().unwrap(),
        concurrent,
    };
    let bundle = vec![limit("/a", 2), limit("/b", 2), limit("/c", 2)];
    for (own, merged) in [
        (json!({}), bundle.clone()),
        (json!({ "/A": 0 }), vec![limit("/b", 2), limit("/c", 2)]),
        (
            json!({ "/a": 3, "/B": "4", "/d": 1, "/e": 0, "/c": null }),
            vec![
                limit("/c", 2),
                limit("/B", 4),
                limit("/a", 3),
                limit("/d", 1),
            ],
        ),
    ] {
        let network = server(json!({ "PathConcurrency": own })).network;
        assert_eq!(network.path_limits(bundle.clone()), merged, "{own}");
    }
    let (config, mistakes) = read(json!({}), &[("System__Server__PathConcurrency__/a", "1")]);
    assert_eq!(mistakes, []);
    assert_eq!(config.network.path_limits(Vec::new()), [limit("/a", 1)]);
}

#[test]
fn limits_of_paths_are_checked() {
    for (own, keys) in [
        (json!([]), &["PathConcurrency"][..]),
        (json!(2), &["PathConcurrency"]),
        (
            json!({ "/a": 1025, "/b": -1, "/c": "many", "/d": 1.5, "/e": {}, "/f": true }),
            &["/a", "/b", "/c", "/d", "/e", "/f"],
        ),
        (
            json!({ "a": 1, "/": 1, "/b/": 1, "/c?d": 1, "": 1 }),
            &["", "/", "/b/", "/c?d", "a"],
        ),
        (json!({ "/a": 1, "/A": 2 }), &["/a"]),
    ] {
        let expected: Vec<_> = match keys {
            ["PathConcurrency"] => vec!["PathConcurrency".to_owned()],
            keys => keys
                .iter()
                .map(|key| format!("PathConcurrency.{key}"))
                .collect(),
        };
        assert_eq!(wrong(json!({ "PathConcurrency": own })), expected, "{own}");
    }
}
