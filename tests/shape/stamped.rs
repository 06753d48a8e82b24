//! What the components and bundles say of themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use vectra_tests::dist::{dist, repository};
use wasmparser::{Parser, Payload};

/// The components and bundles that are shipped.
fn shipped() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ["dist", "dist/components"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(repository(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "wasm"))
        .filter(|path| {
            let is_bundle = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("vectra-"));
            is_bundle
                || path
                    .parent()
                    .is_some_and(|folder| folder.ends_with("components"))
        })
        .collect();
    files.sort();
    files
}

/// The custom sections of a component itself, not those of what is inside it.
fn sections(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut depth = 0;
    let mut sections = BTreeMap::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if depth == 1 => {
                sections.insert(section.name().to_owned(), section.data().to_vec());
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
    // Sources that are unpacked somewhere are of no commit that could be told.
    let told = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(repository(""))
        .output();
    let is_repository = told.is_ok_and(|output| output.status.success());
    for file in shipped {
        let sections = sections(&fs::read(&file).unwrap());
        let of = |name: &str| {
            let data = sections.get(name).map(Vec::as_slice).unwrap_or_default();
            std::str::from_utf8(data).unwrap()
        };
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let name = format!("vectra-{}", stem.trim_start_matches("vectra-"));
        let mut named = sections["component-name"].windows(name.len());
        assert!(named.any(|part| part == name.as_bytes()), "{name}");
        let file = file.display();
        assert_eq!(of("version"), env!("CARGO_PKG_VERSION"), "{file}");
        assert_eq!(of("licenses"), "Apache-2.0", "{file}");
        assert_eq!(of("source"), env!("CARGO_PKG_REPOSITORY"), "{file}");
        assert!(!of("description").is_empty(), "{file}");
        if !is_repository {
            assert_eq!(of("revision"), "", "{file}");
            continue;
        }
        let revision = of("revision").trim_end_matches("-dirty");
        let is_commit =
            revision.len() == 40 && revision.chars().all(|char| char.is_ascii_hexdigit());
        assert!(is_commit, "{file}: `{revision}`");
    }
}
