//! `openapi.yaml` and the routes say the same.

use std::collections::BTreeSet;
use std::fs;

use saphyr::{LoadableYamlNode, Yaml};
use vectra_api::Access;
use vectra_domain::OperatorRole;
use vectra_tests::dist::repository;

/// Methods that stand for the one route that takes any.
const ANY: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

fn with_document<T>(look: impl FnOnce(&Yaml<'_>) -> T) -> T {
    let text = fs::read_to_string(repository("openapi.yaml")).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    look(documents.first().unwrap())
}

/// Members of a mapping.
fn members<'y>(node: &'y Yaml<'_>) -> Vec<(&'y str, &'y Yaml<'y>)> {
    let mapping = node.as_mapping().unwrap();
    mapping
        .iter()
        .map(|(name, value)| (name.as_str().unwrap(), value))
        .collect()
}

/// The operations as (method, path), those of the proxy as one.
fn documented(document: &Yaml<'_>) -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for (path, item) in members(document.as_mapping_get("paths").unwrap()) {
        let methods: BTreeSet<String> = members(item)
            .iter()
            .map(|(name, _)| name.to_ascii_uppercase())
            .filter(|name| ANY.contains(&name.as_str()))
            .collect();
        let any = ANY.iter().all(|method| methods.contains(*method));
        let methods = if any {
            BTreeSet::from(["ANY".to_owned()])
        } else {
            methods
        };
        routes.extend(methods.into_iter().map(|method| (method, path.to_owned())));
    }
    routes
}

#[test]
fn documents_exactly_the_routes_there_are() {
    let routes: BTreeSet<(String, String)> = vectra_api::ROUTES
        .iter()
        .map(|route| (route.method.to_owned(), route.path.to_owned()))
        .collect();
    assert_eq!(with_document(documented), routes);
}

#[test]
fn every_operation_has_answers_and_says_who_may_call() {
    with_document(|document| {
        for (path, item) in members(document.as_mapping_get("paths").unwrap()) {
            for (method, operation) in members(item) {
                if !ANY.contains(&method.to_ascii_uppercase().as_str()) {
                    continue;
                }
                let place = format!("{method} {path}");
                let responses = members(operation.as_mapping_get("responses").expect(&place));
                let open = operation
                    .as_mapping_get("security")
                    .is_some_and(|schemes| schemes.as_sequence().unwrap().is_empty());
                let says_401 = responses.iter().any(|(status, _)| *status == "401");
                assert!(
                    responses.len() > 1,
                    "{place}: only {} answer",
                    responses.len()
                );
                assert!(open || says_401, "{place} needs a key and does not say 401");
                assert!(
                    operation.as_mapping_get("summary").is_some(),
                    "{place}: no summary"
                );
            }
        }
    });
}

/// Who may call, as the document says it: schemes, each with its roles.
fn admitted(operation: &Yaml<'_>) -> Vec<String> {
    let schemes = operation.as_mapping_get("security").unwrap();
    let scheme = |requirement: &Yaml<'_>| {
        let one = members(requirement);
        let [(name, roles)] = one.as_slice() else {
            panic!("{requirement:?}")
        };
        let roles: Vec<&str> = roles.as_sequence().unwrap().iter().map(text).collect();
        format!("{name} {}", roles.join(" ")).trim().to_owned()
    };
    schemes.as_sequence().unwrap().iter().map(scheme).collect()
}

fn text<'y>(node: &'y Yaml<'_>) -> &'y str {
    node.as_str().unwrap()
}

/// Who may call, as the routes say it.
fn access(access: Access) -> Vec<String> {
    let tokens = ["agentToken", "agentTokenInAuthorization"].map(str::to_owned);
    let key = |roles: &[OperatorRole]| {
        let roles: Vec<String> = roles.iter().map(|role| format!("{role:?}")).collect();
        format!("operatorKey {}", roles.join(" "))
    };
    match access {
        Access::Anyone => Vec::new(),
        Access::Agent => tokens.to_vec(),
        Access::Operators(roles) => vec![key(roles)],
        Access::Owner => tokens.to_vec(),
        Access::OperatorsOrOwner(roles) => [vec![key(roles)], tokens.to_vec()].concat(),
    }
}

#[test]
fn every_operation_says_who_may_call_as_the_routes_do() {
    with_document(|document| {
        let paths = document.as_mapping_get("paths").unwrap();
        for route in vectra_api::ROUTES {
            let place = format!("{} {}", route.method, route.path);
            let item = paths.as_mapping_get(route.path).expect(&place);
            let operations: Vec<_> = members(item)
                .into_iter()
                .filter(|(method, _)| {
                    let method = method.to_ascii_uppercase();
                    let any = route.method == "ANY" && ANY.contains(&method.as_str());
                    any || route.method == method
                })
                .collect();
            assert!(!operations.is_empty(), "{place}");
            for (_, operation) in operations {
                assert_eq!(admitted(operation), access(route.access), "{place}");
                if matches!(route.access, Access::Operators(_)) {
                    let responses = operation.as_mapping_get("responses").unwrap();
                    for status in ["401", "403", "503"] {
                        let documented = responses.as_mapping_get(status);
                        assert!(documented.is_some(), "{place} does not say {status}");
                    }
                }
            }
        }
    });
}

#[test]
fn every_reference_leads_somewhere() {
    with_document(|document| {
        let mut seen = 0;
        check_references(document, document, &mut seen);
        assert!(seen > 50, "only {seen} references were found");
    });
}

fn check_references(document: &Yaml<'_>, node: &Yaml<'_>, seen: &mut usize) {
    if let Some(items) = node.as_sequence() {
        for item in items {
            check_references(document, item, seen);
        }
    }
    if node.as_mapping().is_none() {
        return;
    }
    for (name, value) in members(node) {
        if name != "$ref" {
            check_references(document, value, seen);
            continue;
        }
        *seen += 1;
        let reference = value.as_str().unwrap();
        let mut place = Some(document);
        for step in reference.strip_prefix("#/").expect(reference).split('/') {
            place = place.and_then(|node| node.as_mapping_get(step));
        }
        assert!(place.is_some(), "`{reference}` leads nowhere");
    }
}
