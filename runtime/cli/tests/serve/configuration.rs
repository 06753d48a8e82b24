//! Mistakes are told all at once, and nothing is started with them.

use serde_json::json;

use crate::support::Home;
use crate::tls_client::Pair;

#[tokio::test]
async fn a_valid_configuration_is_said_to_be_so() {
    let home = Home::new(&json!({ "Probe": { "Problems": ["?Probe.Odd"] } }));
    let output = home.run(&["check", "--config", "vectra.json"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "configuration is valid\n"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("warning: Probe.Odd: is a problem"));
    assert!(!home.path("vectra.db").exists(), "check made a database");
    assert!(
        !home.path("vectra.db.secrets").exists(),
        "check made secrets"
    );
}

#[tokio::test]
async fn the_runtimes_mistakes_and_the_components_come_together_with_code_2() {
    let home = Home::new(&json!({
        "System": { "Server": { "Http": { "Port": "x" }, "Other": 1 } },
        "Probe": { "Problems": ["!Probe.Wrong"] },
    }));
    for command in ["check", "up"] {
        let output = home
            .run(
                &[command],
                &[("System__Storage__Database__DefaultProvider", "Oracle")],
            )
            .await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        for key in [
            "System.Server.Http.Port",
            "System.Server.Other",
            "System.Storage.Database.DefaultProvider",
            "Probe.Wrong",
        ] {
            assert!(
                errors.contains(&format!("error: {key}: ")),
                "{key}: {errors}"
            );
        }
        assert!(!home.path("vectra.db").exists(), "it started");
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_found_without_serving() {
    let home = Home::new(&json!({ "System": { "Server": { "Https": {
        "Enabled": true, "Certificate": { "Path": "no.pem", "KeyPath": "no.key" },
    } } } }));
    let output = home.run(&["check"], &[]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    let key = "error: System.Server.Https.Certificate.Path: ";
    assert!(
        errors.contains(key) && errors.contains("no.pem"),
        "{errors}"
    );
}

#[tokio::test]
async fn a_password_is_never_shown() {
    for (text, code) in [
        ("Host=127.0.0.1;Port=1;Username=vectra;Password=hush", 0),
        ("postgres://vectra:hush@127.0.0.1:1/vectra", 0),
        ("Host=a,b;Username=vectra;Password=hush", 2),
        ("Host=127.0.0.1;Username=vectra;Password=hush;hush=1", 2),
        ("Host=127.0.0.1;Username=vectra;Password='hush", 2),
        ("postgres://vectra:hush@a,b/vectra", 2),
        ("libsql://vectra:hush@db", 2),
    ] {
        let home = Home::new(&json!({ "System": { "Storage": { "Database": {
            "DefaultProvider": "Postgres",
            "Providers": { "Postgres": { "ConnectionString": text } },
        } } } }));
        let output = home.run(&["check"], &[("VECTRA_LOG", "trace")]).await;
        assert_eq!(output.status.code(), Some(code), "{text}: {output:?}");
        let all = [output.stdout, output.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        assert!(!all.contains("hush"), "{all}");
    }
}

/// What lets it listen with TLS only, there.
fn tls(port: &str) -> [(&str, &str); 5] {
    [
        ("System__Server__Http__Enabled", "false"),
        ("System__Server__Https__Enabled", "true"),
        ("System__Server__Https__Port", port),
        ("System__Server__Https__Certificate__Path", "a.pem"),
        ("System__Server__Https__Certificate__KeyPath", "a.pem"),
    ]
}

#[tokio::test]
async fn commands_beside_a_gateway_say_what_they_need() {
    let home = Home::new(&json!({ "System": { "Server": { "Http": { "Port": 0 } } } }));
    home.write("there.jsonl", "");
    home.write("key", "vop_key");
    home.write("empty", " ");
    home.write("ca.pem", &Pair::new().chain);
    home.write(
        "wrong.json",
        r#"{"System":{"Serve":{},"Server":{"Http":{"Port":"x"}}}}"#,
    );
    let postgres = [
        ("System__Storage__Database__DefaultProvider", "Postgres"),
        (
            "System__Storage__Database__Providers__Postgres__ConnectionString",
            "postgres://vectra:hush@127.0.0.1:1",
        ),
    ];
    let export = ["audit", "export"];
    for (arguments, environment, code, part) in [
        (&["backup", "a.db"][..], &postgres[..], 2, "pg_dump"),
        (&["backup", "there.jsonl"], &[], 1, "there is no database"),
        (
            &["backup", "a.db", "--config", "wrong.json"],
            &[],
            2,
            "Http.Port",
        ),
        (&["--url", "http://127.0.0.1:1"], &[], 3, "VECTRA_KEY"),
        (&["--key-file", "empty"], &[], 3, "the key of `empty`"),
        (&["--key-file", "none"], &[], 3, "the key in `none`"),
        (&["--key-file", "key"], &[], 1, "--url"),
        (&["--key-file", "key", "--resume"], &[], 2, "--output"),
        (&["--key-file", "key", "--limit", "501"], &[], 2, "--limit"),
        (
            &["--key-file", "key", "--url", "127.0.0.1"],
            &[],
            2,
            "--url",
        ),
        (
            &[
                "--key-file",
                "key",
                "--url",
                "http://127.0.0.1:1",
                "--output",
                "there.jsonl",
            ],
            &[],
            2,
            "--resume",
        ),
        (
            &["--url", "http://127.0.0.1:1"],
            &[("VECTRA_ADMIN_KEY", "vop_key")],
            5,
            "cannot reach 127.0.0.1:1",
        ),
        (
            &["--key-file", "key", "--url", "http://192.0.2.1"],
            &[],
            2,
            "192.0.2.1 is another machine",
        ),
        // It goes on, to the certificates that are not there.
        (
            &[
                "--key-file",
                "key",
                "--url",
                "http://192.0.2.1",
                "--insecure",
                "--ca",
                "none",
            ],
            &[],
            1,
            "`none`",
        ),
        (
            &["--key-file", "key"],
            &[
                ("System__Server__Http__Address", "192.0.2.1"),
                ("System__Server__Http__Port", "1"),
            ],
            2,
            "--insecure",
        ),
        // Where the configuration says that it listens, with TLS if only with that.
        (
            &["--key-file", "key"],
            &[
                ("System__Server__Http__Address", "0.0.0.0"),
                ("System__Server__Http__Port", "1"),
            ],
            5,
            "cannot reach 127.0.0.1:1:",
        ),
        (
            &["--key-file", "key", "--ca", "none"],
            &tls("1"),
            1,
            "`none`",
        ),
        (
            &["--key-file", "key", "--ca", "ca.pem"],
            &tls("1"),
            5,
            "cannot reach 127.0.0.1:1:",
        ),
        (&["--key-file", "key"], &tls("0"), 1, "--url"),
    ] {
        let before = if arguments.first() == Some(&"backup") {
            &[][..]
        } else {
            &export
        };
        let mut command = home.command(before);
        let output = command.args(arguments).envs(environment.iter().copied());
        let output = output.output().await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(
            errors.contains(part) && !errors.contains("hush"),
            "{errors}"
        );
    }
}

#[tokio::test]
async fn an_address_that_others_can_reach_needs_a_flag() {
    let home = Home::new(&json!({}));
    for (arguments, environment) in [
        (&["up", "--listen", "0.0.0.0:0"][..], &[][..]),
        (
            &["up"][..],
            &[("System__Server__Http__Address", "192.0.2.1")][..],
        ),
    ] {
        let output = home.run(arguments, environment).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--listen-insecure"));
    }
}

#[tokio::test]
async fn an_open_address_and_an_unusable_certificate_are_told_with_all_else() {
    let home = Home::new(&json!({
        "System": { "Server": { "Http": { "Address": "192.0.2.1" }, "Https": {
            "Enabled": true, "Certificate": { "Path": "no.pem", "KeyPath": "no.key" },
        } } },
        "Probe": { "Problems": ["!Probe.Wrong"] },
    }));
    let address = "error: System.Server.Http.Address: ";
    for (arguments, is_told) in [
        (&["check"][..], true),
        (&["up"], true),
        (&["up", "--listen-insecure"], false),
        (&["up", "--listen", "127.0.0.1:0"], false),
    ] {
        let output = home.run(arguments, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(errors.contains(address), is_told, "{arguments:?}: {errors}");
        for key in ["System.Server.Https.Certificate.Path", "Probe.Wrong"] {
            let key = format!("error: {key}: ");
            assert_eq!(errors.matches(&key).count(), 1, "{arguments:?}: {errors}");
        }
    }
    let http = json!({ "Address": "192.0.2.1", "AllowInsecure": true });
    let allowed = Home::new(&json!({ "System": { "Server": { "Http": http } } }));
    let output = allowed.run(&["check"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[tokio::test]
async fn unusable_secrets_are_refused_and_not_shown() {
    let home = Home::new(&json!({}));
    let output = home.run(&["up"], &[("VECTRA_DATA_KEY", "c2hvcnQ=")]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("VECTRA_DATA_KEY") && !errors.contains("c2hvcnQ="),
        "{errors}"
    );
}

#[tokio::test]
async fn a_missing_file_is_said_so() {
    let home = Home::new(&json!({}));
    let output = home.run(&["up", "--config", "other.json"], &[]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("`other.json`"));
}

#[tokio::test]
async fn help_shows_an_example_of_every_command() {
    let home = Home::new(&json!({}));
    for arguments in [
        &["--help"][..],
        &["up", "--help"],
        &["check", "--help"],
        &["backup", "--help"],
        &["audit", "--help"],
        &["audit", "export", "--help"],
    ] {
        let output = home.command(arguments).output().await.unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("Example:\n  vectra "));
    }
}
