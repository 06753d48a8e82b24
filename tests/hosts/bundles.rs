//! Which components are under test: the same on all hosts, whatever they are composed with.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Failed, Trial};
use sha2::{Digest, Sha256};
use vectra_tests::conformance::Program;
use vectra_tests::dist::dist;
use wasmparser::{Parser, Payload};

/// The components that every bundle under test is composed of, as in `dist/components`.
const COMPONENTS: [&str; 5] = [
    "gateway",
    "decision",
    "policy-rules",
    "semantic-none",
    "repositories-sqlite",
];

/// Prints the hash of each bundle and component under test.
pub fn print(programs: &[Program]) -> Result<()> {
    for program in programs {
        let bundle = program.bundle()?;
        let name = bundle.file_name().unwrap_or_default().to_string_lossy();
        let hash = hash(&fs::read(&bundle)?);
        eprintln!("{hash}  dist/{name} on {}", program.name());
    }
    for name in COMPONENTS {
        let path = dist(&format!("components/{name}.wasm"))?;
        eprintln!("{}  dist/components/{name}.wasm", hash(&fs::read(path)?));
    }
    Ok(())
}

pub fn trials(programs: &[Program]) -> Vec<Trial> {
    let programs = programs.to_vec();
    let name = "every_host_runs_the_same_components";
    vec![Trial::test(name, move || {
        are_the_same(&programs).map_err(|error| Failed::from(format!("{error:#}")))
    })]
}

fn are_the_same(programs: &[Program]) -> Result<()> {
    let mut ours = vec![Program::Node];
    ours.extend_from_slice(programs);
    for program in &ours {
        let bundle = program.bundle()?;
        let inside = inside(&bundle).with_context(|| bundle.display().to_string())?;
        for name in COMPONENTS {
            let component = fs::read(dist(&format!("components/{name}.wasm"))?)?;
            let hash = hash(&component);
            ensure!(
                inside.values().any(|there| *there == hash),
                "{} holds no component {hash} ({name})",
                bundle.display()
            );
        }
    }
    // Our own runtime's other bundle differs in its repositories alone.
    let postgres = inside(&dist("vectra-postgres.wasm")?)?;
    for name in COMPONENTS
        .iter()
        .filter(|name| !name.starts_with("repositories"))
    {
        let hash = hash(&fs::read(dist(&format!("components/{name}.wasm"))?)?);
        let holds = postgres.values().any(|there| *there == hash);
        ensure!(
            holds,
            "vectra-postgres.wasm holds no component {hash} ({name})"
        );
    }
    Ok(())
}

/// The hashes of the components that a bundle is composed of, by their places.
fn inside(bundle: &Path) -> Result<BTreeMap<usize, String>> {
    let bytes = fs::read(bundle)?;
    let mut hashes = BTreeMap::new();
    let mut until = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        if let Payload::ComponentSection {
            unchecked_range, ..
        } = payload?
        {
            // Those inside of one that has been seen are its own matter.
            if unchecked_range.start >= until {
                until = unchecked_range.end;
                let component = bytes.get(unchecked_range.clone());
                let component = component.context("a component beyond the end")?;
                hashes.insert(unchecked_range.start, hash(component));
            }
        }
    }
    Ok(hashes)
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
