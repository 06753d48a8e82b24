//! What the components import and export.
//!
//! `golden/imports.txt` is the list. After a wanted change, run the test with
//! `UPDATE_GOLDEN=1` and look at the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use vectra_tests::dist::{dist, repository};
use wasmparser::{Parser, Payload};

/// The shells, as in `dist/components`.
const COMPONENTS: [&str; 11] = [
    "decision",
    "gateway",
    "import",
    "policy-rules",
    "repositories-postgres",
    "repositories-sqlite",
    "semantic-llm",
    "semantic-local",
    "semantic-none",
    "sqlite-embedded",
    "variables-env",
];

/// Those that decide: nothing outside may reach them.
const PURE: [&str; 4] = [
    "decision",
    "policy-rules",
    "semantic-local",
    "semantic-none",
];

#[derive(Default)]
struct Surface {
    imports: BTreeSet<String>,
    exports: BTreeSet<String>,
}

/// Imports and exports of the component itself, not of those inside it.
fn surface(file: &Path) -> Surface {
    let bytes = fs::read(file).unwrap();
    let mut surface = Surface::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                surface.imports.extend(
                    imports
                        .into_iter()
                        .map(|one| one.unwrap().name.name.to_owned()),
                );
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                surface.exports.extend(
                    exports
                        .into_iter()
                        .map(|one| one.unwrap().name.name.to_owned()),
                );
            }
            _ => {}
        }
    }
    surface
}

fn component(name: &str) -> Surface {
    surface(&dist(&format!("components/{name}.wasm")).unwrap())
}

fn bundle(name: &str) -> Surface {
    surface(&dist(&format!("{name}.wasm")).unwrap())
}

#[test]
fn deciding_components_reach_nothing_outside() {
    for name in PURE {
        let imports = component(name).imports;
        let outside: Vec<&String> = imports
            .iter()
            // Records and enums only: there is no function to call in it.
            .filter(|import| *import != "vectra:decision/types@0.1.0")
            .filter(|import| !import.starts_with("wasi:cli/") && !import.starts_with("wasi:io/"))
            .collect();
        assert!(outside.is_empty(), "{name} imports {outside:?}");
    }
}

#[test]
fn the_bundle_wires_everything_of_ours() {
    let Surface { imports, exports } = bundle("vectra-sqlite");
    let ours: Vec<&String> = imports
        .iter()
        .filter(|import| import.starts_with("vectra:"))
        .filter(|import| *import != "vectra:decision/types@0.1.0")
        .collect();
    assert!(ours.is_empty(), "the bundle still imports {ours:?}");
    let databases: Vec<&str> = imports
        .iter()
        .map(String::as_str)
        .filter(|import| import.starts_with("spin:"))
        .collect();
    assert_eq!(databases, ["spin:sqlite/sqlite@3.0.0"]);
    assert_eq!(exports, component("gateway").exports);
}

#[test]
fn the_standalone_bundle_needs_nothing_but_wasi() {
    let Surface { imports, exports } = bundle("vectra-standalone");
    let others: Vec<&String> = imports
        .iter()
        .filter(|import| !import.starts_with("wasi:"))
        // Records and enums only: there is no function to call in it.
        .filter(|import| *import != "vectra:decision/types@0.1.0")
        .collect();
    assert!(others.is_empty(), "it imports {others:?}");
    assert_eq!(exports, component("gateway").exports);
}

#[test]
fn imports_and_exports_are_the_golden_ones() {
    let mut text = String::from("# Imports (<) and exports (>) of each component.\n");
    let surfaces = COMPONENTS.iter().map(|name| (*name, component(name)));
    let bundles = ["vectra-sqlite", "vectra-standalone"].map(|name| (name, bundle(name)));
    for (name, surface) in surfaces.chain(bundles) {
        text.push_str(&format!("\n{name}\n"));
        surface
            .imports
            .iter()
            .for_each(|import| text.push_str(&format!("  < {import}\n")));
        surface
            .exports
            .iter()
            .for_each(|export| text.push_str(&format!("  > {export}\n")));
    }
    let golden = repository("tests/golden/imports.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &text).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(text, expected, "run with UPDATE_GOLDEN=1 if this is wanted");
}
