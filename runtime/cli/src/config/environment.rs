//! Environment variables over the file: `System__Server__Http__Port=8080`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Mistake, Severity, Tree, find};

/// Names at the root that variables may begin with; all others are none of ours.
const ROOTS: [&str; 13] = [
    "AgentQuarantine",
    "Audit",
    "Decision",
    "History",
    "HumanInTheLoop",
    "Observability",
    "Policy",
    "Proxy",
    "Risk",
    "Security",
    "Semantic",
    "System",
    "Trust",
];

/// Deepest nesting.
const DEPTH: usize = 16;

/// What variables say, before it meets the file.
#[derive(Default)]
struct Node {
    value: Option<String>,
    below: BTreeMap<String, Node>,
}

/// Lays variables over a tree. Names match in any case; numbers are places in a
/// list, each of which is replaced, or added at its end. Values stay text: who
/// reads a number or a flag takes it from text too.
pub(super) fn lay_over(
    tree: &mut Tree,
    variables: impl IntoIterator<Item = (String, String)>,
    mistakes: &mut Vec<Mistake>,
) {
    let mut root = Node::default();
    for (name, value) in variables {
        let mut parts = name.split("__");
        let first = parts.next().unwrap_or_default();
        let Some(known) = ROOTS.iter().find(|root| root.eq_ignore_ascii_case(first)) else {
            continue;
        };
        let path: Vec<&str> = parts.collect();
        if path.is_empty() {
            continue;
        }
        if path.len() > DEPTH || path.iter().any(|part| part.is_empty()) {
            mistake(mistakes, &name, "is not a key: names are separated by `__`");
            continue;
        }
        let mut node = root.entry(known);
        for part in path {
            node = node.entry(part);
        }
        node.value = Some(value);
    }
    for (name, node) in root.below {
        let key = find(tree, &name).unwrap_or(&name).to_owned();
        apply(
            tree.entry(key).or_insert(Value::Null),
            node,
            &name,
            mistakes,
        );
    }
}

impl Node {
    /// The node below of this name, in whatever case.
    fn entry(&mut self, name: &str) -> &mut Node {
        let known = self
            .below
            .keys()
            .find(|key| key.eq_ignore_ascii_case(name))
            .cloned();
        self.below
            .entry(known.unwrap_or_else(|| name.to_owned()))
            .or_default()
    }
}

fn apply(place: &mut Value, node: Node, key: &str, mistakes: &mut Vec<Mistake>) {
    if node.below.is_empty() {
        *place = node.value.map_or(Value::Null, Value::String);
        return;
    }
    if node.value.is_some() {
        mistake(mistakes, key, "is given both a value and keys below it");
    }
    let places: Option<BTreeMap<usize, &String>> = node
        .below
        .keys()
        .map(|name| Some((name.parse().ok()?, name)))
        .collect();
    match places.map(|places| {
        places
            .into_iter()
            .map(|(at, name)| (at, name.clone()))
            .collect()
    }) {
        Some(order) => apply_list(place, node, order, key, mistakes),
        None => apply_object(place, node, key, mistakes),
    }
}

fn apply_object(place: &mut Value, node: Node, key: &str, mistakes: &mut Vec<Mistake>) {
    if !place.is_object() {
        *place = Value::Object(Tree::new());
    }
    let Value::Object(tree) = place else { return };
    for (name, below) in node.below {
        let known = find(tree, &name).unwrap_or(&name).to_owned();
        let key = format!("{key}.{known}");
        apply(
            tree.entry(known).or_insert(Value::Null),
            below,
            &key,
            mistakes,
        );
    }
}

fn apply_list(
    place: &mut Value,
    mut node: Node,
    order: Vec<(usize, String)>,
    key: &str,
    mistakes: &mut Vec<Mistake>,
) {
    if !place.is_array() {
        *place = Value::Array(Vec::new());
    }
    let Value::Array(list) = place else { return };
    for (at, name) in order {
        let Some(below) = node.below.remove(&name) else {
            continue;
        };
        let key = format!("{key}[{at}]");
        if at == list.len() {
            list.push(Value::Null);
        }
        match list.get_mut(at) {
            Some(place) => apply(place, below, &key, mistakes),
            None => mistake(mistakes, &key, "leaves a gap in the list"),
        }
    }
}

fn mistake(mistakes: &mut Vec<Mistake>, key: &str, message: &str) {
    let (key, message) = (key.to_owned(), message.to_owned());
    mistakes.push(Mistake {
        severity: Severity::Error,
        key,
        message,
    });
}
