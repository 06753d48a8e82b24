//! What the components of the engines import: nothing that reaches the outside.

use std::collections::BTreeSet;
use std::fs;

use vectra_tests::dist::dist;
use wasmparser::{Parser, Payload};

use crate::ENGINES;

#[test]
fn engines_reach_nothing_outside() {
    for engine in ENGINES {
        let bytes = fs::read(dist(&format!("examples/policy-{engine}.wasm")).unwrap()).unwrap();
        let mut depth = 0_u32;
        let mut imports = BTreeSet::new();
        for payload in Parser::new(0).parse_all(&bytes) {
            match payload.unwrap() {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => imports.extend(
                    section
                        .into_iter()
                        .map(|import| import.unwrap().name.name.to_owned()),
                ),
                _ => {}
            }
        }
        assert!(!imports.is_empty());
        imports.retain(|import| {
            !import.starts_with("wasi:cli/")
                && !import.starts_with("wasi:io/")
                && import != "vectra:decision/types@0.1.0"
        });
        assert!(imports.is_empty(), "{engine} imports {imports:?}");
    }
}
