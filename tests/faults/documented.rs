//! What `openapi.yaml` promises.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use saphyr::{LoadableYamlNode, Yaml};
use vectra_tests::dist::repository;

/// An answer as it is documented.
#[derive(Clone, Debug)]
pub struct Documented {
    pub description: String,
    pub headers: Vec<String>,
    pub media: Vec<String>,
}

type Key = (String, String, String);

static ANSWERS: LazyLock<BTreeMap<Key, Documented>> = LazyLock::new(read);

/// The answer of an endpoint with this status.
pub fn documented(route: (&str, &str), status: u16) -> Option<&'static Documented> {
    // All methods of the proxy are one.
    let method = if route.0 == "ANY" { "GET" } else { route.0 };
    let key = (method.to_owned(), route.1.to_owned(), status.to_string());
    ANSWERS.get(&key)
}

fn read() -> BTreeMap<Key, Documented> {
    let text = std::fs::read_to_string(repository("openapi.yaml")).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let document = &documents[0];
    let mut answers = BTreeMap::new();
    for (path, item) in members(document.as_mapping_get("paths").unwrap()) {
        for (method, operation) in members(item) {
            let Some(responses) = operation.as_mapping_get("responses") else {
                continue;
            };
            for (status, response) in members(responses) {
                let key = (method.to_ascii_uppercase(), path.clone(), status);
                answers.insert(key, answer(followed(document, response)));
            }
        }
    }
    answers
}

fn answer(response: &Yaml<'_>) -> Documented {
    let names = |of: &str| {
        let found = response.as_mapping_get(of).map(members);
        let found = found.unwrap_or_default();
        found.into_iter().map(|(name, _)| name).collect()
    };
    let description = response.as_mapping_get("description");
    Documented {
        description: description.unwrap().as_str().unwrap().to_owned(),
        headers: names("headers"),
        media: names("content"),
    }
}

fn members<'y>(node: &'y Yaml<'y>) -> Vec<(String, &'y Yaml<'y>)> {
    let Some(mapping) = node.as_mapping() else {
        return Vec::new();
    };
    let named =
        |(name, value): (&Yaml<'_>, &'y Yaml<'y>)| (name.as_str().unwrap().to_owned(), value);
    mapping.iter().map(named).collect()
}

fn followed<'y>(document: &'y Yaml<'y>, node: &'y Yaml<'y>) -> &'y Yaml<'y> {
    let Some(reference) = node.as_mapping_get("$ref") else {
        return node;
    };
    let steps = reference.as_str().unwrap().trim_start_matches("#/");
    steps
        .split('/')
        .fold(document, |node, step| node.as_mapping_get(step).unwrap())
}
