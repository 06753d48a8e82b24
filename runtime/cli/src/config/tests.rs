use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use vectra_sqlite::Synchronous;

use super::*;

mod network;

fn written(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectra.json");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn read(config: Value, environment: &[(&str, &str)]) -> (Config, Vec<Mistake>) {
    let (_folder, path) = written(&config.to_string());
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    load(Some(&path), environment, &[]).unwrap()
}

fn keys(mistakes: &[Mistake]) -> Vec<&str> {
    mistakes
        .iter()
        .map(|mistake| mistake.key.as_str())
        .collect()
}

fn component(config: &Config) -> Value {
    serde_json::from_str(&config.component).unwrap()
}

#[test]
fn nothing_written_means_the_defaults() {
    let (config, mistakes) = read(json!({}), &[]);
    assert_eq!(mistakes, []);
    assert_eq!(config.listen.to_string(), "127.0.0.1:7080");
    let Storage::Sqlite { file, synchronous } = &config.storage else {
        panic!("{:?}", config.storage);
    };
    assert_eq!(file, &config.folder.join("vectra.db"));
    assert_eq!(*synchronous, Synchronous::Full);
    assert_eq!(
        config.beside("secrets"),
        config.folder.join("vectra.db.secrets")
    );
    assert_eq!(config.limits.concurrent_requests, 256);
    assert_eq!(config.limits.memory, 128 << 20);
    assert_eq!(config.server.keep_alive.as_secs(), 120);
    assert_eq!(config.component, "{}");
}

#[test]
fn keys_match_in_any_case_and_comments_are_accepted() {
    let (_folder, path) = written(
        r#"{ // who reads this
            "system": { "SERVER": { "http": { "port": 1, }, "requestTimeout": "00:01:00" } },
        }"#,
    );
    let (config, mistakes) = load(Some(&path), [], &[]).unwrap();
    assert_eq!(mistakes, []);
    assert_eq!(config.listen.port(), 1);
    assert_eq!(config.limits.time.as_secs(), 60);
}

#[test]
fn the_component_gets_all_but_the_runtimes_own() {
    let (config, mistakes) = read(
        json!({
            "System": {
                "Server": { "Http": { "Port": 1 } },
                "Storage": { "Database": { "DefaultProvider": "Sqlite" } },
                "RateLimit": { "Enabled": false },
            },
            "Proxy": { "AllowedUpstreams": ["127.0.0.1:9"] },
            "Security": { "InternalHosts": ["opa:8181"] },
            "Unknown": 1,
        }),
        &[],
    );
    assert_eq!(mistakes, []);
    assert_eq!(
        component(&config),
        json!({
            "System": { "RateLimit": { "Enabled": false } },
            "Proxy": { "AllowedUpstreams": ["127.0.0.1:9"] },
            "Security": { "InternalHosts": ["opa:8181"] },
            "Unknown": 1,
        })
    );
    let allowed: Vec<_> = config.allowed.iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["127.0.0.1:9", "opa:8181"]);
}

#[test]
fn every_mistake_is_told_at_once_with_its_key() {
    let (_, mistakes) = read(
        json!({
            "System": {
                "Server": {
                    "Http": { "Port": 70000, "Address": "here", "Portt": 1 },
                    "Https": { "Enabled": true },
                    "MaxConcurrentRequests": 0,
                    "MaxConcurrentConnections": "many",
                    "KeepAliveTimeout": 120,
                    "RequestTimeout": "00:00:00",
                    "RequestMemoryMb": 1.5,
                    "Requests": {},
                },
                "Storage": { "Database": {
                    "DefaultProvider": "Oracle",
                    "Providers": {
                        "Sqlite": { "ConnectionString": "libsql://x", "Synchronous": "Off" },
                        "Oracle": {},
                    },
                } },
            },
            "Proxy": { "AllowedUpstreams": ["a:1", "b", 3] },
            "Security": { "InternalHosts": "opa:1" },
        }),
        &[
            ("System__", "x"),
            ("Policy__A", "1"),
            ("policy__a__B", "2"),
            ("Proxy__L__1", "x"),
        ],
    );
    let mut found = keys(&mistakes);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "Policy.A",
            "Proxy.AllowedUpstreams[1]",
            "Proxy.AllowedUpstreams[2]",
            "Proxy.L[1]",
            "Security.InternalHosts",
            "System.Server.Http.Address",
            "System.Server.Http.Port",
            "System.Server.Http.Portt",
            "System.Server.Https.Certificate.KeyPath",
            "System.Server.Https.Certificate.Path",
            "System.Server.KeepAliveTimeout",
            "System.Server.MaxConcurrentConnections",
            "System.Server.MaxConcurrentRequests",
            "System.Server.RequestMemoryMb",
            "System.Server.RequestTimeout",
            "System.Server.Requests",
            "System.Storage.Database.DefaultProvider",
            "System.Storage.Database.Providers.Oracle",
            "System.Storage.Database.Providers.Sqlite.ConnectionString",
            "System.Storage.Database.Providers.Sqlite.Synchronous",
            "System__",
        ]
    );
    let near = mistakes
        .iter()
        .find(|mistake| mistake.key.ends_with("Portt"))
        .unwrap();
    assert_eq!(near.message, "is not a known key, did you mean `Port`?");
}

#[test]
fn keys_of_the_original_that_do_nothing_are_warnings() {
    let (_, mistakes) = read(
        json!({ "System": {
            "Server": { "MaxConcurrentUpgradedConnections": 1 },
            "Storage": { "Cache": { "DefaultProvider": "Memory" } },
        } }),
        &[],
    );
    assert!(
        mistakes
            .iter()
            .all(|mistake| mistake.severity == Severity::Warning)
    );
    assert_eq!(mistakes.len(), 2);
}

#[test]
fn variables_lie_over_the_file_in_any_case() {
    let (config, mistakes) = read(
        json!({
            "System": { "Server": { "Http": { "Port": 1 } }, "RateLimit": { "Enabled": true } },
            "Proxy": { "AllowedUpstreams": ["a:1", "b:2"] },
        }),
        &[
            ("SYSTEM__SERVER__HTTP__PORT", "2"),
            ("System__RateLimit__enabled", "false"),
            ("Proxy__AllowedUpstreams__1", "c:3"),
            ("Proxy__AllowedUpstreams__2", "d:4"),
            ("HUMANINTHELOOP__Threshold", "0.5"),
            ("Other__Key", "x"),
            ("Policy", "x"),
        ],
    );
    assert_eq!(mistakes, []);
    assert_eq!(config.listen.port(), 2);
    assert_eq!(
        component(&config),
        json!({
            "System": { "RateLimit": { "Enabled": "false" } },
            "Proxy": { "AllowedUpstreams": ["a:1", "c:3", "d:4"] },
            "HumanInTheLoop": { "Threshold": "0.5" },
        })
    );
}

#[test]
fn upstreams_of_the_command_line_reach_the_component_too() {
    let (_folder, path) = written(r#"{"proxy":{"allowedUpstreams":["a:1"]}}"#);
    let (config, _) = load(Some(&path), [], &["[::1]:2".parse().unwrap()]).unwrap();
    assert_eq!(
        component(&config),
        json!({"proxy":{"allowedUpstreams":["a:1", "[::1]:2"]}})
    );
    assert_eq!(config.allowed.len(), 2);
}

#[test]
fn what_is_no_configuration_is_said_so() {
    for (text, part) in [
        ("[]", "an object"),
        ("{'a':1}", "not JSON"),
        ("{\"a\" 1}", "not JSON"),
    ] {
        let (_folder, path) = written(text);
        let error = load(Some(&path), [], &[]).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert!(load(Some("/nowhere/vectra.json".as_ref()), [], &[]).is_err());
}

const DATABASE: &str = "System.Storage.Database";

/// A configuration with these connection strings.
fn storage(provider: &str, sqlite: &str, postgres: &str) -> Value {
    json!({ "System": { "Storage": { "Database": {
        "DefaultProvider": provider,
        "Providers": {
            "Sqlite": { "ConnectionString": sqlite, "Synchronous": "normal" },
            "Postgres": { "ConnectionString": postgres },
        },
    } } } })
}

#[test]
fn the_provider_chooses_the_database_in_any_case() {
    for (provider, expected) in [
        ("Sqlite", Provider::Sqlite),
        ("SQLITE", Provider::Sqlite),
        ("Postgres", Provider::Postgres),
        ("postgres", Provider::Postgres),
    ] {
        let config = storage(provider, "Data Source=a.db", "Host=db;Username=vectra");
        let (config, mistakes) = read(config, &[]);
        assert_eq!(mistakes, []);
        assert_eq!(config.storage.provider(), expected);
        let kept = match &config.storage {
            Storage::Sqlite { file, synchronous } => {
                assert_eq!(file, &config.folder.join("a.db"));
                assert_eq!(*synchronous, Synchronous::Normal);
                "a.db.secrets"
            }
            Storage::Postgres { .. } => "vectra.secrets",
        };
        assert_eq!(config.beside("secrets"), config.folder.join(kept));
    }
    let (config, mistakes) = read(
        storage("Sqlite", "Data Source=a.db", "Host=db;Username=vectra"),
        &[("System__Storage__Database__DefaultProvider", "Postgres")],
    );
    assert_eq!(mistakes, []);
    assert_eq!(config.storage.provider(), Provider::Postgres);
}

#[test]
fn only_the_provider_that_is_used_must_be_right() {
    for (provider, wrong, unused) in [
        ("Sqlite", "Sqlite", "Postgres"),
        ("Postgres", "Postgres", "Sqlite"),
    ] {
        let (config, mistakes) = read(storage(provider, "hush", "hush"), &[]);
        assert_eq!(config.storage.provider().to_string(), provider);
        let found: Vec<_> = mistakes
            .iter()
            .map(|mistake| (mistake.severity, mistake.key.clone()))
            .collect();
        let key = |name| format!("{DATABASE}.Providers.{name}.ConnectionString");
        assert_eq!(found.len(), 2);
        assert!(found.contains(&(Severity::Error, key(wrong))), "{found:?}");
        assert!(
            found.contains(&(Severity::Warning, key(unused))),
            "{found:?}"
        );
        assert!(!format!("{mistakes:?}").contains("hush"));
    }
}

#[test]
fn a_server_must_be_named_when_it_is_used() {
    for text in ["", " "] {
        let (_, mistakes) = read(storage("Postgres", "Data Source=a.db", text), &[]);
        let key = format!("{DATABASE}.Providers.Postgres.ConnectionString");
        assert_eq!(keys(&mistakes), [key]);
        let (_, mistakes) = read(storage("Sqlite", text, text), &[]);
        assert_eq!(mistakes, []);
    }
}

#[test]
fn a_password_is_in_no_output_of_the_configuration() {
    for text in [
        "Host=db;Username=vectra;Password=hush",
        "postgres://vectra:hush@db/vectra",
    ] {
        let (config, mistakes) = read(storage("Postgres", "", text), &[]);
        assert_eq!(mistakes, []);
        let shown = format!("{config:?}");
        assert!(shown.contains("db") && !shown.contains("hush"), "{shown}");
        assert_eq!(config.component, r#"{"System":{}}"#);
    }
}

#[test]
fn a_bundle_is_chosen_by_a_plain_word() {
    assert_eq!(read(json!({}), &[]).0.bundle, None);
    let (config, mistakes) = read(
        json!({ "System": { "Bundle": "llm", "RateLimit": {} } }),
        &[],
    );
    assert_eq!(mistakes, []);
    assert_eq!(config.bundle.as_deref(), Some("llm"));
    assert_eq!(component(&config), json!({ "System": { "RateLimit": {} } }));
    let (config, mistakes) = read(json!({}), &[("System__Bundle", "local-2")]);
    assert_eq!(
        (config.bundle.as_deref(), mistakes.len()),
        (Some("local-2"), 0)
    );
    let long = "x".repeat(33);
    for wrong in ["", "LLM", "../llm", "llm.wasm", "a b", &long] {
        let (config, mistakes) = read(json!({ "System": { "Bundle": wrong } }), &[]);
        assert_eq!(keys(&mistakes), ["System.Bundle"], "{wrong}");
        assert_eq!(config.bundle, None);
    }
    let (_, mistakes) = read(json!({ "System": { "Bundle": 1 } }), &[]);
    assert_eq!(keys(&mistakes), ["System.Bundle"]);
}
