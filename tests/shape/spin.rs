//! `spin.toml` is a manifest that fits the bundle.

use std::collections::BTreeSet;
use std::fs;

use toml::{Table, Value};
use vectra_tests::dist::{dist, repository};

/// The variables that the components read, and whether they are secrets, and must be
/// given. `bundle_digest` is read too, and left to hosts that know it.
const VARIABLES: [(&str, bool, bool); 6] = [
    ("admin_key", true, true),
    ("data_key", true, true),
    ("token_secret", true, true),
    ("trust_client_addr", false, false),
    ("vectra_config", false, false),
    ("webhook_secret", true, false),
];

fn manifest() -> Table {
    fs::read_to_string(repository("spin.toml"))
        .unwrap()
        .parse()
        .unwrap()
}

fn component(manifest: &Table) -> &Table {
    let component = manifest["trigger"]["http"][0]["component"]
        .as_str()
        .unwrap();
    manifest["component"][component].as_table().unwrap()
}

#[test]
fn is_a_manifest_of_version_2_that_serves_everything() {
    let manifest = manifest();
    assert_eq!(manifest["spin_manifest_version"], Value::Integer(2));
    assert_eq!(manifest["application"]["name"].as_str(), Some("vectra"));
    let triggers = manifest["trigger"]["http"].as_array().unwrap();
    assert_eq!(triggers.len(), 1);
    assert_eq!(triggers[0]["route"].as_str(), Some("/..."));
}

#[test]
fn names_the_bundle_and_what_it_needs() {
    let manifest = manifest();
    let component = component(&manifest);
    let source = component["source"].as_str().unwrap();
    dist(source.strip_prefix("dist/").unwrap()).unwrap();
    assert_eq!(
        component["sqlite_databases"],
        Value::Array(vec!["default".into()])
    );
    assert_eq!(
        component["build"]["command"].as_str(),
        Some("cargo xtask build")
    );
}

#[test]
fn hands_over_exactly_the_variables_that_are_read() {
    let manifest = manifest();
    let handed: BTreeSet<&str> = component(&manifest)["variables"]
        .as_table()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(handed, VARIABLES.iter().map(|(name, _, _)| *name).collect());
    for (name, secret, required) in VARIABLES {
        let declared = manifest["variables"][name].as_table().unwrap();
        let flag = |key: &str| declared.get(key).and_then(Value::as_bool).unwrap_or(false);
        assert_eq!(flag("secret"), secret, "{name}");
        assert_eq!(flag("required"), required, "{name}");
        assert_eq!(declared.contains_key("default"), !required, "{name}");
        let template = component(&manifest)["variables"][name].as_str().unwrap();
        assert_eq!(template, format!("{{{{ {name} }}}}"));
    }
}

#[test]
fn the_gateway_knows_the_variables() {
    let gateway = fs::read(dist("components/gateway.wasm").unwrap()).unwrap();
    for name in [
        "admin_key",
        "data_key",
        "token_secret",
        "vectra_config",
        "webhook_secret",
    ] {
        let found = gateway
            .windows(name.len())
            .any(|window| window == name.as_bytes());
        assert!(found, "{name} is not in gateway.wasm");
    }
}

#[test]
fn lets_out_only_what_a_variable_names() {
    let manifest = manifest();
    let hosts = component(&manifest)["allowed_outbound_hosts"]
        .as_array()
        .unwrap();
    assert_eq!(hosts, &[Value::from("{{ upstream_hosts }}")]);
    assert!(
        manifest["variables"]["upstream_hosts"]
            .get("default")
            .is_some()
    );
}
