//! An open file, and statements on it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::limits::Limit;
use rusqlite::{Batch, Connection, OpenFlags, Statement};

use crate::bindings::exports::spin::sqlite::sqlite::{QueryResult, RowResult, Value};
use crate::failure::Failure;
use crate::pool::{self, Pooled};
use crate::value::{check, size, take};
use crate::{authorizer, patience, vfs};

/// Rows and bytes of one result, at most: those of `runtime/sqlite`.
const ROWS: usize = 10_000;
const BYTES: usize = 16 << 20;

/// Bytes of a statement, and of one value, at most.
const STATEMENT: i32 = 1 << 20;
const VALUE: i32 = 16 << 20;

/// A commit is durable when it is answered; the journal is cut, not removed, which saves
/// the folder's own sync. What is temporary stays in memory: there is no place for it.
const SETTINGS: &str = "PRAGMA synchronous=FULL; PRAGMA journal_mode=TRUNCATE; \
     PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;";

/// A connection of the interface.
pub(crate) struct Session {
    /// There until it is dropped.
    pooled: RefCell<Option<Pooled>>,
    file: PathBuf,
    changed: Cell<Changed>,
}

/// What the last change on a connection came to.
#[derive(Clone, Copy, Default)]
struct Changed {
    rows: u64,
    last_insert_rowid: i64,
}

impl Session {
    /// Opens a file, and makes it if there is none.
    pub(crate) fn open(file: &Path) -> Result<Self, Failure> {
        patience::begin();
        let pooled = match pool::take(file) {
            Some(pooled) => pooled,
            None => Pooled {
                file: file.to_path_buf(),
                connection: connect(file)?,
                known: BTreeSet::new(),
                suspect: false,
            },
        };
        Ok(Self {
            pooled: RefCell::new(Some(pooled)),
            file: file.to_path_buf(),
            changed: Cell::default(),
        })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Runs one statement, and takes its rows.
    pub(crate) fn run(&self, sql: &str, parameters: &[Value]) -> Result<QueryResult, Failure> {
        patience::begin();
        // A transaction may work for long without touching the file. If it was superseded, it
        // is told when it does.
        vfs::renew();
        check(parameters)?;
        let mut pooled = self.pooled.borrow_mut();
        let Some(pooled) = pooled.as_mut() else {
            return Err(Failure::new("the connection is closed"));
        };
        let outcome = self.run_on(pooled, sql, parameters);
        let failed = outcome.as_ref().err();
        pooled.suspect |= failed.is_some_and(Failure::is_of_the_disk);
        outcome
    }

    fn run_on(
        &self,
        pooled: &mut Pooled,
        sql: &str,
        parameters: &[Value],
    ) -> Result<QueryResult, Failure> {
        let Pooled {
            connection, known, ..
        } = pooled;
        let (result, reads) = if known.contains(sql) {
            let mut statement = connection.prepare_cached(sql)?;
            (run(&mut statement, parameters)?, statement.readonly())
        } else {
            let mut statement = prepare(connection, sql)?;
            if known.len() < pool::STATEMENTS {
                known.insert(sql.to_owned());
            }
            (run(&mut statement, parameters)?, statement.readonly())
        };
        if !reads {
            self.changed.set(Changed {
                rows: connection.changes(),
                last_insert_rowid: connection.last_insert_rowid(),
            });
        }
        Ok(result)
    }

    pub(crate) fn last_insert_rowid(&self) -> i64 {
        self.changed.get().last_insert_rowid
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changed.get().rows
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(pooled) = self.pooled.take() {
            pool::give(pooled);
        }
    }
}

fn connect(file: &Path) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags_and_vfs(file, flags, vfs::name()?)?;
    connection.busy_handler(Some(patience::wait))?;
    connection.progress_handler(patience::STEPS, Some(patience::is_over))?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, STATEMENT)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_prepared_statement_cache_capacity(pool::STATEMENTS);
    connection.execute_batch(SETTINGS)?;
    connection.authorizer(Some(authorizer::authorize))?;
    Ok(connection)
}

/// Spin runs the first of several statements and drops the rest without a word; here,
/// as in `runtime/sqlite`, that is an error.
fn prepare<'c>(connection: &'c Connection, sql: &str) -> Result<Statement<'c>, Failure> {
    if sql.contains('\0') {
        return Err(Failure::new("a statement must not hold U+0000"));
    }
    let mut statements = Batch::new(connection, sql);
    let Some(first) = statements.next()? else {
        return Err(Failure::new("there is no statement"));
    };
    match statements.next() {
        Ok(None) => Ok(first),
        _ => Err(Failure::new("more than one statement in one call")),
    }
}

fn run(statement: &mut Statement<'_>, parameters: &[Value]) -> Result<QueryResult, Failure> {
    let (wanted, given) = (statement.parameter_count(), parameters.len());
    if wanted != given {
        return Err(Failure::new(format!(
            "the statement has {wanted} parameters and {given} are given"
        )));
    }
    for (place, value) in (1..).zip(parameters) {
        statement.raw_bind_parameter(place, value)?;
    }
    collect(statement)
}

fn collect(statement: &mut Statement<'_>) -> Result<QueryResult, Failure> {
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let (mut found, mut bytes) = (Vec::new(), 0_usize);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        if found.len() >= ROWS {
            let message = format!("the result has more than {ROWS} rows");
            return Err(Failure::new(message));
        }
        let mut values = Vec::with_capacity(columns.len());
        for column in 0..columns.len() {
            let value = row.get_ref(column)?;
            bytes = bytes.saturating_add(size(value));
            if bytes > BYTES {
                let message = format!("the result has more than {BYTES} bytes");
                return Err(Failure::new(message));
            }
            values.push(take(value)?);
        }
        found.push(RowResult { values });
    }
    Ok(QueryResult {
        columns,
        rows: found,
    })
}
