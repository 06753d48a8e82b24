//! The manifests of `deploy/` fit `spin.toml` and `spin.postgres.toml`.

use std::collections::BTreeSet;
use std::fs;

use saphyr::{LoadableYamlNode as _, Yaml};
use toml::Table;
use vectra_tests::dist::repository;

fn yaml(file: &str) -> String {
    fs::read_to_string(repository("deploy/spinkube").join(file)).unwrap()
}

fn declared(manifest: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(repository(manifest)).unwrap();
    let manifest: Table = text.parse().unwrap();
    let variables = manifest["variables"].as_table().unwrap();
    variables.keys().cloned().collect()
}

/// The keys of the secret that is to be filled in.
fn secrets() -> BTreeSet<String> {
    let text = yaml("secrets.yaml");
    let documents = Yaml::load_from_str(&text).unwrap();
    let data = documents[0]["stringData"].as_mapping().unwrap();
    data.keys()
        .map(|key| key.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn spin_apps_are_given_exactly_the_variables_of_their_manifest() {
    for (file, manifest) in [
        ("postgres.yaml", "spin.postgres.toml"),
        ("libsql.yaml", "spin.toml"),
    ] {
        let text = yaml(file);
        let documents = Yaml::load_from_str(&text).unwrap();
        let app = &documents[0];
        assert_eq!(app["kind"].as_str(), Some("SpinApp"), "{file}");
        let variables = app["spec"]["variables"].as_sequence().unwrap();
        let names = variables
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned());
        assert_eq!(names.collect::<BTreeSet<_>>(), declared(manifest), "{file}");
        let spin: Table = fs::read_to_string(repository(manifest))
            .unwrap()
            .parse()
            .unwrap();
        for variable in variables {
            let name = variable["name"].as_str().unwrap();
            let is_secret = spin["variables"][name].get("secret").is_some();
            let from = variable.as_mapping_get("valueFrom");
            assert_eq!(from.is_some(), is_secret, "{file}: {name}");
            if let Some(from) = from {
                let key = from["secretKeyRef"]["key"].as_str().unwrap();
                assert!(secrets().contains(key), "{file}: {key}");
            }
        }
    }
}

#[test]
fn the_tick_reads_its_key_from_a_file() {
    let text = yaml("tick.yaml");
    let documents = Yaml::load_from_str(&text).unwrap();
    let pod = &documents[0]["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let arguments = pod["containers"][0]["args"].as_sequence().unwrap();
    let arguments: Vec<&str> = arguments.iter().map(|one| one.as_str().unwrap()).collect();
    assert!(
        arguments.contains(&"@/run/vectra/tick_header"),
        "{arguments:?}"
    );
    assert!(arguments.iter().any(|one| one.ends_with("/lifecycle/tick")));
    let key = pod["volumes"][0]["secret"]["items"][0]["key"]
        .as_str()
        .unwrap();
    assert!(secrets().contains(key), "{key}");
}
