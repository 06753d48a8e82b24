//! `spin.toml` and `spin.postgres.toml` are manifests that fit the bundles.

use std::collections::BTreeSet;
use std::fs;

use toml::{Table, Value};
use vectra_tests::dist::{dist, repository};

/// A manifest, and what is its own.
struct Manifest {
    file: &'static str,
    bundle: &'static str,
    /// Variables beside those of both: name, and whether it is a secret that must be given.
    variables: &'static [(&'static str, bool, bool)],
    databases: &'static [&'static str],
    /// Variables that are patterns of hosts.
    hosts: &'static [&'static str],
}

const MANIFESTS: [Manifest; 2] = [
    Manifest {
        file: "spin.toml",
        bundle: "vectra-sqlite.wasm",
        variables: &[],
        databases: &["default"],
        hosts: &["upstream_hosts", "more_upstream_hosts", "internal_hosts"],
    },
    Manifest {
        file: "spin.postgres.toml",
        bundle: "vectra-postgres.wasm",
        variables: &[("database_url", true, true)],
        databases: &[],
        hosts: &[
            "database_host",
            "upstream_hosts",
            "more_upstream_hosts",
            "internal_hosts",
        ],
    },
];

/// The variables that the components of both bundles read, and whether they are secrets, and
/// must be given. `bundle_digest` is read too, and left to hosts that know it.
const VARIABLES: [(&str, bool, bool); 6] = [
    ("admin_key", true, true),
    ("data_key", true, true),
    ("token_secret", true, true),
    ("trust_client_addr", false, false),
    ("vectra_config", false, false),
    ("webhook_secret", true, false),
];

impl Manifest {
    fn read(&self) -> Table {
        let text = fs::read_to_string(repository(self.file)).unwrap();
        text.parse().unwrap()
    }

    fn variables(&self) -> Vec<(&'static str, bool, bool)> {
        VARIABLES
            .into_iter()
            .chain(self.variables.iter().copied())
            .collect()
    }
}

fn component(manifest: &Table) -> &Table {
    let component = manifest["trigger"]["http"][0]["component"]
        .as_str()
        .unwrap();
    manifest["component"][component].as_table().unwrap()
}

#[test]
fn is_a_manifest_of_version_2_that_serves_everything() {
    for manifest in MANIFESTS {
        let manifest = manifest.read();
        assert_eq!(manifest["spin_manifest_version"], Value::Integer(2));
        assert_eq!(manifest["application"]["name"].as_str(), Some("vectra"));
        let version = manifest["application"]["version"].as_str();
        assert_eq!(version, Some(env!("CARGO_PKG_VERSION")));
        let triggers = manifest["trigger"]["http"].as_array().unwrap();
        assert_eq!(triggers.len(), 1);
        assert_eq!(triggers[0]["route"].as_str(), Some("/..."));
    }
}

#[test]
fn names_the_bundle_and_what_it_needs() {
    for expected in MANIFESTS {
        let manifest = expected.read();
        let component = component(&manifest);
        let source = component["source"].as_str().unwrap();
        assert_eq!(source.strip_prefix("dist/"), Some(expected.bundle));
        dist(expected.bundle).unwrap();
        let databases = component
            .get("sqlite_databases")
            .map_or_else(Vec::new, |databases| {
                databases
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| name.as_str().unwrap())
                    .collect()
            });
        assert_eq!(databases, expected.databases);
        assert_eq!(
            component["build"]["command"].as_str(),
            Some("cargo xtask build --components")
        );
        assert!(!component["build"]["watch"].as_array().unwrap().is_empty());
    }
}

#[test]
fn hands_over_exactly_the_variables_that_are_read() {
    for expected in MANIFESTS {
        let manifest = expected.read();
        let handed = component(&manifest)["variables"].as_table().unwrap();
        let handed: BTreeSet<&str> = handed.keys().map(String::as_str).collect();
        let variables = expected.variables();
        assert_eq!(handed, variables.iter().map(|(name, _, _)| *name).collect());
        for (name, secret, required) in variables {
            let declared = manifest["variables"][name].as_table().unwrap();
            let flag = |key: &str| declared.get(key).and_then(Value::as_bool).unwrap_or(false);
            assert_eq!(flag("secret"), secret, "{name}");
            assert_eq!(flag("required"), required, "{name}");
            assert_eq!(declared.contains_key("default"), !required, "{name}");
            let template = component(&manifest)["variables"][name].as_str().unwrap();
            assert_eq!(template, format!("{{{{ {name} }}}}"));
        }
    }
}

#[test]
fn declares_no_variable_that_nobody_uses_under_names_that_spin_takes() {
    for expected in MANIFESTS {
        let manifest = expected.read();
        let declared = manifest["variables"].as_table().unwrap();
        let declared: BTreeSet<&str> = declared.keys().map(String::as_str).collect();
        let used = expected.variables().into_iter().map(|(name, _, _)| name);
        assert_eq!(
            declared,
            used.chain(expected.hosts.iter().copied()).collect()
        );
        for name in declared {
            let words: Vec<&str> = name.split('_').collect();
            let word = |word: &&str| {
                word.starts_with(|first: char| first.is_ascii_lowercase())
                    && word
                        .chars()
                        .all(|char| char.is_ascii_lowercase() || char.is_ascii_digit())
            };
            assert!(words.iter().all(word), "{name}");
        }
    }
}

#[test]
fn the_components_know_the_variables() {
    for expected in MANIFESTS {
        let bundle = fs::read(dist(expected.bundle).unwrap()).unwrap();
        for (name, _, _) in expected.variables() {
            let found = bundle
                .windows(name.len())
                .any(|window| window == name.as_bytes());
            assert!(found, "{name} is not in {}", expected.bundle);
        }
    }
}

/// One entry of the list is one pattern, so each has a variable of its own.
#[test]
fn lets_out_only_what_variables_name() {
    for expected in MANIFESTS {
        let manifest = expected.read();
        let hosts = component(&manifest)["allowed_outbound_hosts"]
            .as_array()
            .unwrap();
        let hosts: Vec<&str> = hosts.iter().map(|host| host.as_str().unwrap()).collect();
        let templates = expected
            .hosts
            .iter()
            .map(|name| format!("{{{{ {name} }}}}"));
        assert_eq!(hosts, templates.collect::<Vec<_>>());
        for name in expected.hosts {
            let default = manifest["variables"][*name]["default"].as_str().unwrap();
            let (scheme, rest) = default.split_once("://").unwrap();
            assert!(
                ["https", "postgres"].contains(&scheme) && rest.contains(':'),
                "{default}"
            );
        }
    }
}
