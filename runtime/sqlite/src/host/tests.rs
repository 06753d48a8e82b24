//! What a guest's resources hold, and what is left when they are dropped.

use super::*;
use crate::{LocalDatabase, LocalOptions};

type Guest = (SqliteCtx, ResourceTable);

fn databases() -> (Sqlite, tempfile::TempDir) {
    let Ok(folder) = tempfile::tempdir() else {
        panic!("no folder")
    };
    let path = folder.path().join("test.db");
    match LocalDatabase::open(&path, LocalOptions::default()) {
        Ok(database) => {
            let database: Arc<dyn Database> = Arc::new(database);
            (Sqlite::new([("default".to_owned(), database)]), folder)
        }
        Err(error) => panic!("{error}"),
    }
}

async fn open(guest: &mut Guest) -> u32 {
    let mut view = SqliteView::new(&mut guest.0, &mut guest.1);
    match view.open("default".into()).await {
        Ok(Ok(connection)) => connection.rep(),
        other => panic!("{other:?}"),
    }
}

/// The first value of a statement's result, if it has one.
async fn run(guest: &mut Guest, connection: u32, sql: &str) -> Result<Option<Value>, Error> {
    let mut view = SqliteView::new(&mut guest.0, &mut guest.1);
    let connection = Resource::new_borrow(connection);
    match view.execute(connection, sql.into(), vec![]).await {
        Ok(result) => result.map(|result| {
            let values = result.rows.into_iter().flat_map(|row| row.values);
            values.into_iter().next()
        }),
        Err(error) => panic!("{error}"),
    }
}

async fn must(guest: &mut Guest, connection: u32, sql: &str) -> Option<Value> {
    match run(guest, connection, sql).await {
        Ok(value) => value,
        Err(error) => panic!("{sql}: {error:?}"),
    }
}

#[tokio::test]
async fn a_transaction_belongs_to_the_connection_that_opened_it() {
    let (sqlite, _folder) = databases();
    let mut guest: Guest = (sqlite.context(), ResourceTable::new());
    let (one, other) = (open(&mut guest).await, open(&mut guest).await);
    must(&mut guest, one, "CREATE TABLE t (v)").await;
    must(&mut guest, one, "BEGIN").await;
    must(&mut guest, one, "INSERT INTO t VALUES (7)").await;
    let mut view = SqliteView::new(&mut guest.0, &mut guest.1);
    let borrowed = Resource::new_borrow(one);
    assert!(matches!(view.last_insert_rowid(borrowed).await, Ok(1)));
    for (connection, rows) in [(one, 1), (other, 0)] {
        let found = must(&mut guest, connection, "SELECT count(*) FROM t").await;
        assert!(matches!(found, Some(Value::Integer(count)) if count == rows));
    }
    assert!(run(&mut guest, other, "COMMIT").await.is_err());
    must(&mut guest, one, "COMMIT").await;
    // From now on it writes like all others.
    must(&mut guest, one, "INSERT INTO t VALUES (8)").await;
    let found = must(&mut guest, other, "SELECT count(*) FROM t").await;
    assert!(matches!(found, Some(Value::Integer(2))));
    assert_eq!(guest.0.statements, 9);
}

#[tokio::test]
async fn what_a_guest_leaves_open_is_rolled_back_with_its_connection_or_its_state() {
    let (sqlite, _folder) = databases();
    let mut first: Guest = (sqlite.context(), ResourceTable::new());
    let connection = open(&mut first).await;
    must(&mut first, connection, "CREATE TABLE t (v)").await;
    must(&mut first, connection, "BEGIN IMMEDIATE").await;
    must(&mut first, connection, "INSERT INTO t VALUES (1)").await;
    let mut view = SqliteView::new(&mut first.0, &mut first.1);
    let dropped = HostConnection::drop(&mut view, Resource::new_own(connection)).await;
    assert!(dropped.is_ok());
    let connection = open(&mut first).await;
    must(&mut first, connection, "SAVEPOINT a").await;
    must(&mut first, connection, "INSERT INTO t VALUES (2)").await;
    // This is all that is left of a guest that traps or is given up.
    drop(first);
    let mut next: Guest = (sqlite.context(), ResourceTable::new());
    let connection = open(&mut next).await;
    must(&mut next, connection, "INSERT INTO t VALUES (3)").await;
    let found = must(&mut next, connection, "SELECT sum(v) FROM t").await;
    assert!(matches!(found, Some(Value::Integer(3))));
}
