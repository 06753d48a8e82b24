//! The vendored WIT is what `wit/deps/VENDORED.md` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use vectra_tests::dist::repository;

/// File and hash of each row of the second table.
fn listed() -> BTreeMap<String, String> {
    let text = fs::read_to_string(repository("wit/deps/VENDORED.md")).unwrap();
    let (_, files) = text.split_once("## Files").unwrap();
    files
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('`');
            let (file, hash) = (cells.nth(1)?, cells.nth(1)?);
            Some((file.to_owned(), hash.to_owned()))
        })
        .collect()
}

fn found(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for package in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if !package.path().is_dir() {
            continue;
        }
        for file in fs::read_dir(package.path()).unwrap().map(Result::unwrap) {
            let name = format!(
                "{}/{}",
                package.file_name().to_string_lossy(),
                file.file_name().to_string_lossy()
            );
            let digest = Sha256::digest(fs::read(file.path()).unwrap());
            let hash = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            files.insert(name, hash);
        }
    }
    files
}

#[test]
fn every_vendored_file_has_the_listed_hash() {
    let listed = listed();
    assert!(listed.len() > 30, "only {} files are listed", listed.len());
    assert_eq!(found(&repository("wit/deps")), listed);
}
