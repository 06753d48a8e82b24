//! Every item of our own WIT has a doc comment.

use std::path::PathBuf;

use vectra_tests::dist::repository;
use wit_parser::{Docs, Resolve, TypeDefKind, TypeOwner, UnresolvedPackageGroup};

/// Our packages, by folder.
const OURS: [&str; 3] = ["decision", "persistence", "gateway"];

fn folders() -> (PathBuf, Vec<PathBuf>) {
    let mut others: Vec<PathBuf> = vec![repository("wit/decision"), repository("wit/persistence")];
    for entry in std::fs::read_dir(repository("wit/deps")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            others.push(path);
        }
    }
    (repository("wit/gateway"), others)
}

fn resolve() -> Resolve {
    let (main, others) = folders();
    let parse = |path: &PathBuf| UnresolvedPackageGroup::parse_dir(path).unwrap();
    let others = others.iter().map(parse).collect();
    let mut resolve = Resolve::default();
    resolve.push_groups(parse(&main), others).unwrap();
    resolve
}

/// Names of the undocumented things of our packages.
struct Missing {
    names: Vec<String>,
    seen: usize,
}

impl Missing {
    fn look(&mut self, docs: &Docs, name: String) {
        self.seen += 1;
        if docs
            .contents
            .as_deref()
            .is_none_or(|text| text.trim().is_empty())
        {
            self.names.push(name);
        }
    }
}

#[test]
fn every_item_says_what_it_is() {
    let resolve = resolve();
    let mut missing = Missing {
        names: Vec::new(),
        seen: 0,
    };
    let ours: Vec<_> = resolve
        .packages
        .iter()
        .filter(|(_, package)| package.name.namespace == "vectra")
        .map(|(id, package)| (id, package.name.name.clone()))
        .collect();
    let mut names: Vec<&str> = ours.iter().map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    let mut expected = OURS;
    expected.sort_unstable();
    assert_eq!(names, expected);

    for (id, package) in &ours {
        missing.look(&resolve.packages[*id].docs, package.clone());
        for world in resolve.packages[*id]
            .worlds
            .values()
            .map(|id| &resolve.worlds[*id])
        {
            missing.look(&world.docs, format!("{package}: world {}", world.name));
        }
        for interface in resolve.packages[*id]
            .interfaces
            .values()
            .map(|id| &resolve.interfaces[*id])
        {
            let place = format!(
                "{package}/{}",
                interface.name.as_deref().unwrap_or_default()
            );
            missing.look(&interface.docs, place.clone());
            for function in interface.functions.values() {
                missing.look(&function.docs, format!("{place}.{}", function.name));
            }
        }
    }
    look_at_types(&resolve, &mut missing);
    assert!(
        missing.seen > 100,
        "only {} items were looked at",
        missing.seen
    );
    assert!(
        missing.names.is_empty(),
        "without a doc comment: {:#?}",
        missing.names
    );
}

fn look_at_types(resolve: &Resolve, missing: &mut Missing) {
    for (_, definition) in resolve.types.iter() {
        let TypeOwner::Interface(owner) = definition.owner else {
            continue;
        };
        let Some(package) = resolve.interfaces[owner].package else {
            continue;
        };
        let Some(name) = &definition.name else {
            continue;
        };
        // What a `use` brings in is documented where it is defined.
        let used = matches!(definition.kind, TypeDefKind::Type(wit_parser::Type::Id(_)));
        if resolve.packages[package].name.namespace != "vectra" || used {
            continue;
        }
        let interface = resolve.interfaces[owner]
            .name
            .as_deref()
            .unwrap_or_default();
        let place = format!("{interface}.{name}");
        missing.look(&definition.docs, place.clone());
        let mut part = |name: &str, docs: &Docs| missing.look(docs, format!("{place}.{name}"));
        match &definition.kind {
            TypeDefKind::Record(record) => {
                record
                    .fields
                    .iter()
                    .for_each(|field| part(&field.name, &field.docs));
            }
            TypeDefKind::Variant(variant) => {
                variant
                    .cases
                    .iter()
                    .for_each(|case| part(&case.name, &case.docs));
            }
            TypeDefKind::Enum(kind) => {
                kind.cases
                    .iter()
                    .for_each(|case| part(&case.name, &case.docs));
            }
            TypeDefKind::Flags(flags) => {
                flags
                    .flags
                    .iter()
                    .for_each(|flag| part(&flag.name, &flag.docs));
            }
            _ => {}
        }
    }
}
