//! Statements, and what is refused.

use wasmtime_wasi::WasiCtxBuilder;

use crate::bindings::sqlite::exports::spin::sqlite::sqlite::{Error, Value};
use crate::instance::{Instance, RUNTIME, text};

/// Runs `test` with an instance over an empty folder.
fn with_instance(test: impl AsyncFnOnce(&mut Instance)) {
    let folder = tempfile::tempdir().unwrap();
    RUNTIME.block_on(async {
        let mut instance = Instance::over(folder.path()).await;
        test(&mut instance).await;
    });
}

/// To compare values: `Real` has no equality.
fn shown(value: &Value) -> String {
    format!("{value:?}")
}

#[test]
fn values_of_every_type_come_back_as_they_went() {
    with_instance(async |instance| {
        let connection = instance.open("default").await.unwrap();
        let values = [
            Value::Integer(i64::MIN),
            Value::Integer(i64::MAX),
            Value::Real(-0.1),
            Value::Real(f64::INFINITY),
            Value::Text("é 🦀 'quoted'".to_owned()),
            Value::Text(String::new()),
            Value::Blob(vec![0, 255, 0]),
            Value::Blob(Vec::new()),
            Value::Null,
        ];
        for value in values {
            let sql = "SELECT ?1 AS it, typeof(?1)";
            let found = instance.execute(connection, sql, std::slice::from_ref(&value));
            let found = found.await.unwrap();
            assert_eq!(found.columns, ["it", "typeof(?1)"]);
            assert_eq!(shown(&found.rows[0].values[0]), shown(&value));
        }
    });
}

#[test]
fn rows_stay_and_changes_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    RUNTIME.block_on(async {
        let mut first = Instance::over(folder.path()).await;
        let connection = first.open("default").await.unwrap();
        assert_eq!(first.changed(connection).await, (0, 0));
        for sql in [
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)",
            "INSERT INTO t (b) VALUES ('x'), ('y'), ('z')",
            "UPDATE t SET b = 'w' WHERE a > 1",
        ] {
            first.execute(connection, sql, &[]).await.unwrap();
        }
        assert_eq!(first.changed(connection).await, (2, 3));
        first.close(connection).await;
        // Another's connection begins anew, even if the instance keeps the old one.
        let connection = first.open("default").await.unwrap();
        assert_eq!(first.changed(connection).await, (0, 0));
        assert!(folder.path().join("vectra.db").is_file());

        let mut second = Instance::over(folder.path()).await;
        let connection = second.open("default").await.unwrap();
        let found = second.integer(connection, "SELECT count(*) FROM t WHERE b = 'w'");
        assert_eq!(found.await, 2);
    });
}

#[test]
fn only_the_default_and_configured_databases_are_there() {
    with_instance(async |instance| {
        for (name, there) in [
            ("default", true),
            ("second", true),
            ("third", true),
            ("vectra", false),
            ("fourth", false),
            ("", false),
            ("../second", false),
        ] {
            let opened = instance.open(name).await;
            assert_eq!(opened.is_ok(), there, "{name}");
            if let Err(error) = opened {
                assert!(matches!(error, Error::NoSuchDatabase), "{name}: {error:?}");
            }
        }
    });
}

const ATTACH: &str = "`ATTACH`, and `VACUUM`, which needs it, is refused";

/// Statements that fail, and what is said; each also works as often as it is asked.
const REFUSED: [(&str, &str); 22] = [
    ("INSERT INTO t VALUES (1)", "UNIQUE constraint failed: t.a"),
    (
        "INSERT INTO t VALUES (NULL)",
        "NOT NULL constraint failed: t.a",
    ),
    ("SELECT * FROM missing", "no such table: missing"),
    ("SELEC 1", "near \"SELEC\": syntax error"),
    ("SELECT 1; SELECT 2", "more than one statement in one call"),
    ("SELECT 1; nonsense", "more than one statement in one call"),
    (
        "BEGIN; DELETE FROM t; COMMIT",
        "more than one statement in one call",
    ),
    ("", "there is no statement"),
    (" -- nothing\n;", "there is no statement"),
    ("SELECT 1\0", "a statement must not hold U+0000"),
    (
        "SELECT ?1",
        "the statement has 1 parameters and 0 are given",
    ),
    ("ATTACH '/data/other.db' AS other", ATTACH),
    ("ATTACH '' AS other", ATTACH),
    ("DETACH main", "`DETACH` is refused"),
    ("VACUUM", ATTACH),
    ("VACUUM INTO '/data/copy.db'", ATTACH),
    (
        "PRAGMA journal_mode = WAL",
        "`PRAGMA journal_mode` with a value (there is no WAL in the sandbox) is refused",
    ),
    (
        "PRAGMA locking_mode = EXCLUSIVE",
        "`PRAGMA locking_mode` (instances share the file, none may keep it) is refused",
    ),
    (
        "PRAGMA synchronous = OFF",
        "`PRAGMA synchronous` is refused",
    ),
    (
        "PRAGMA main.user_version = 1",
        "`PRAGMA user_version` is refused",
    ),
    ("PRAGMA database_list", "`PRAGMA database_list` is refused"),
    ("CREATE TEMP TABLE u (a)", "a temporary object is refused"),
];

#[test]
fn what_cannot_be_done_is_said_and_does_no_harm() {
    with_instance(async |instance| {
        let connection = instance.open("default").await.unwrap();
        let table = "CREATE TABLE t (a UNIQUE NOT NULL)";
        instance.execute(connection, table, &[]).await.unwrap();
        let insert = "INSERT INTO t VALUES (1)";
        instance.execute(connection, insert, &[]).await.unwrap();
        for (sql, expected) in REFUSED.iter().chain(&REFUSED) {
            let error = instance.execute(connection, sql, &[]).await.unwrap_err();
            assert_eq!(text(&error), *expected, "{sql}");
        }
        for (value, expected) in [
            (Value::Real(f64::NAN), "a parameter is not a number (NaN)"),
            (
                Value::Text("a\0b".to_owned()),
                "a text parameter holds U+0000",
            ),
        ] {
            let sql = "INSERT INTO t VALUES (?1)";
            let error = instance.execute(connection, sql, &[value]).await;
            assert_eq!(text(&error.unwrap_err()), expected);
        }
        assert_eq!(
            instance.integer(connection, "SELECT count(*) FROM t").await,
            1
        );
    });
}

#[test]
fn it_reads_settings_that_make_commits_durable() {
    with_instance(async |instance| {
        let connection = instance.open("default").await.unwrap();
        assert_eq!(instance.integer(connection, "PRAGMA synchronous").await, 2);
        assert_eq!(instance.integer(connection, "PRAGMA foreign_keys").await, 1);
        let mode = instance.execute(connection, "PRAGMA journal_mode", &[]);
        let mode = mode.await.unwrap();
        let truncate = Value::Text("truncate".to_owned());
        assert_eq!(shown(&mode.rows[0].values[0]), shown(&truncate));
    });
}

#[test]
fn a_result_has_bounds() {
    const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         LIMIT 10001) SELECT i FROM n";
    const LARGE: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         LIMIT 20) SELECT zeroblob(1000000) FROM n";
    with_instance(async |instance| {
        let connection = instance.open("default").await.unwrap();
        let fine = MANY.replace("10001", "10000");
        let found = instance.execute(connection, &fine, &[]).await.unwrap();
        assert_eq!(found.rows.len(), 10_000);
        for (sql, expected) in [
            (MANY, "the result has more than 10000 rows"),
            (LARGE, "the result has more than 16777216 bytes"),
        ] {
            let error = instance.execute(connection, sql, &[]).await.unwrap_err();
            assert_eq!(text(&error), expected);
        }
    });
}

#[test]
fn a_database_that_was_left_in_wal_mode_and_a_missing_folder_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vectra.db");
    let made = std::process::Command::new("sqlite3")
        .arg(&file)
        .arg("PRAGMA journal_mode=WAL; CREATE TABLE t (a);")
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    RUNTIME.block_on(async {
        let mut instance = Instance::over(folder.path()).await;
        let error = instance.open("default").await.err().unwrap();
        let wal = "`/data/vectra.db` is in WAL mode, which the sandbox has not";
        assert!(text(&error).contains(wal), "{error:?}");

        let mut instance = Instance::new(&mut WasiCtxBuilder::new()).await;
        let error = instance.open("default").await.err().unwrap();
        let missing = "there is no folder `/data` that the host gives";
        assert!(text(&error).contains(missing), "{error:?}");
    });
}
