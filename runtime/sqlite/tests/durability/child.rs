//! The child: writes rows and says on its standard output what became of each.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use vectra_sqlite::{Database, Error, LocalDatabase, LocalOptions, Value};

/// Where its database is. Only the child has it.
pub const DATABASE: &str = "VECTRA_DURABILITY_DATABASE";
/// `Full` or `Normal`.
pub const SYNCHRONOUS: &str = "VECTRA_DURABILITY_SYNCHRONOUS";

/// Rows that are written at once, and how often.
pub const CALLERS: usize = 8;
pub const ROUNDS: usize = 30;

/// What they are written to.
pub const TABLE: &str = "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, marker TEXT)";

/// What stands in a row, for nobody to mistake.
pub fn marker(row: usize) -> String {
    format!("<row {row:06}>")
}

/// Is the child if it is one.
pub fn run_if_asked() -> Option<ExitCode> {
    let database = PathBuf::from(std::env::var_os(DATABASE)?);
    let synchronous = std::env::var(SYNCHRONOUS).unwrap().parse().unwrap();
    let options = LocalOptions {
        synchronous,
        // Checkpoints are part of what is watched.
        checkpoint: 50,
        wal_cap: 100,
        ..LocalOptions::default()
    };
    let database = match LocalDatabase::open(&database, options) {
        Ok(database) => Arc::new(database),
        Err(error) => {
            say(&format!("closed {error}"));
            return Some(ExitCode::SUCCESS);
        }
    };
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap()
        .block_on(write(&database));
    Some(ExitCode::SUCCESS)
}

async fn write(database: &Arc<LocalDatabase>) {
    if let Err(error) = database.execute(TABLE.into(), vec![]).await {
        return say(&format!("closed {}", text(&error)));
    }
    for round in 0..ROUNDS {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let row = round * CALLERS + caller;
                tokio::spawn(insert(database.clone(), row))
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
    }
    let rows = database.execute("SELECT id FROM t ORDER BY id".into(), vec![]);
    for row in rows.await.unwrap().rows.rows {
        if let Value::Integer(id) = row.values[0] {
            say(&format!("there {id}"));
        }
    }
}

/// One in eight rows is written in a transaction of its own.
async fn insert(database: Arc<LocalDatabase>, row: usize) {
    let sql = "INSERT INTO t VALUES (?1, ?2)".to_owned();
    let values = vec![Value::Integer(row as i64), Value::Text(marker(row))];
    let result = match row % CALLERS {
        0 => transact(&database, sql, values).await,
        _ => database.execute(sql, values).await.map(drop),
    };
    match result {
        Ok(()) => say(&format!("ack {row}")),
        Err(error) => say(&format!("failed {row} {}", text(&error))),
    }
}

async fn transact(database: &LocalDatabase, sql: String, values: Vec<Value>) -> Result<(), Error> {
    let mut transaction = database.begin("BEGIN IMMEDIATE".into(), vec![]).await?;
    transaction.execute(sql, values).await?;
    transaction.execute("COMMIT".into(), vec![]).await.map(drop)
}

fn text(error: &Error) -> String {
    match error {
        Error::Io(message) => message.clone(),
        Error::DatabaseFull => "full".to_owned(),
        other => format!("{other:?}"),
    }
}

/// One line, in one call of the system.
fn say(line: &str) {
    std::io::stdout()
        .write_all(format!("{line}\n").as_bytes())
        .unwrap();
}
