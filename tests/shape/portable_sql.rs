//! The SQL of the SQLite repositories keeps to what every host of `spin:sqlite` does alike:
//! a libsql server behind it says 0 of changed rows and last ids, and knows few PRAGMAs.

use std::fs;
use std::path::{Path, PathBuf};

use vectra_tests::dist::{dist, repository};

/// What no statement may hold, in lower case.
const UNPORTABLE: [&str; 6] = [
    "pragma",
    "changes(",
    "last_insert_rowid",
    "attach ",
    "begin transaction",
    "begin immediate",
];

fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, endings, found);
        } else if endings
            .iter()
            .any(|ending| path.extension().is_some_and(|it| it == *ending))
        {
            found.push(path);
        }
    }
}

#[test]
fn no_statement_needs_a_pragma_a_transaction_or_a_count_of_changes() {
    let mut found = Vec::new();
    let lib = repository("components/lib/persistence");
    files(&lib.join("sql/sqlite"), &["sql"], &mut found);
    files(&lib.join("src/dialect"), &["rs"], &mut found);
    assert!(found.len() > 10, "{found:?}");
    for file in found {
        let text = fs::read_to_string(&file).unwrap().to_lowercase();
        for line in text.lines().filter(|line| {
            let line = line.trim_start();
            !line.starts_with("--") && !line.starts_with("//")
        }) {
            let used = UNPORTABLE.iter().find(|word| line.contains(**word));
            assert_eq!(used, None, "{}: {line}", file.display());
        }
    }
}

/// What a component does not call is not in its imports.
#[test]
fn the_component_calls_nothing_but_open_and_execute() {
    let component = fs::read(dist("components/repositories-sqlite.wasm").unwrap()).unwrap();
    let holds = |name: &str| {
        component
            .windows(name.len())
            .any(|part| part == name.as_bytes())
    };
    assert!(holds("[method]connection.execute"));
    for name in ["connection.changes", "connection.last-insert-rowid"] {
        assert!(!holds(name), "{name}");
    }
}
