//! What the components and bundles say of themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use vectra_tests::dist::{dist, repository};
use wasmparser::{Parser, Payload};

/// The components and bundles that are shipped.
fn shipped() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ["dist", "dist/components"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(repository(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "wasm"))
        .collect();
    files.sort();
    files
}

/// The custom sections of a component itself that are text, not those of what is inside it.
fn sections(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut depth = 0;
    let mut sections = BTreeMap::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if depth == 1 => {
                if let Ok(text) = std::str::from_utf8(section.data()) {
                    sections.insert(section.name().to_owned(), text.to_owned());
                }
            }
            _ => {}
        }
    }
    sections
}

#[test]
fn every_component_says_its_version_licence_source_and_revision() {
    dist("components/gateway.wasm").unwrap();
    let shipped = shipped();
    assert!(shipped.len() > 15, "{shipped:?}");
    for file in shipped {
        let sections = sections(&fs::read(&file).unwrap());
        let of = |name: &str| sections.get(name).map(String::as_str).unwrap_or_default();
        let file = file.display();
        assert_eq!(of("version"), env!("CARGO_PKG_VERSION"), "{file}");
        assert_eq!(of("licenses"), "Apache-2.0", "{file}");
        assert_eq!(of("source"), env!("CARGO_PKG_REPOSITORY"), "{file}");
        assert!(!of("description").is_empty(), "{file}");
        let revision = of("revision").trim_end_matches("-dirty");
        let is_commit =
            revision.len() == 40 && revision.chars().all(|char| char.is_ascii_hexdigit());
        assert!(is_commit, "{file}: `{revision}`");
    }
}
