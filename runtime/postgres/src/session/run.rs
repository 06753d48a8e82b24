//! One statement.

use std::pin::pin;

use futures_util::TryStreamExt;
use tokio_postgres::Statement;
use vectra_connection::PostgresOptions;

use crate::classify::Kind;
use crate::connect::Backend;
use crate::failure::{Failure, unknown};
use crate::parameter::{bind, size};
use crate::status::State;
use crate::value::{data_type, take};
use crate::{Column, DbValue, Error, ParameterValue, RowSet};

/// Longer statements are not kept prepared.
const LONG: usize = 32 << 10;

/// What is wanted of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Rows,
    Count,
}

/// What a statement came to.
pub(super) struct Outcome {
    pub(super) rows: RowSet,
    pub(super) count: u64,
}

/// A statement to be run.
pub(super) struct Task<'a> {
    pub(super) client: &'a Backend,
    pub(super) sql: &'a str,
    pub(super) kind: Kind,
    pub(super) parameters: &'a [ParameterValue],
    pub(super) keep: Keep,
    pub(super) options: &'a PostgresOptions,
}

impl Task<'_> {
    /// Runs it; once more if the prepared statement was out of date and the failure
    /// cannot have ended a transaction.
    pub(super) async fn run(&self) -> Result<Outcome, Failure> {
        let sent = size(self.parameters);
        if sent > self.options.bytes {
            return Err(Failure::refused(Error::BadParameter(format!(
                "the parameters have more than {} bytes",
                self.options.bytes
            ))));
        }
        let may_repeat =
            self.client.state() == State::Idle && matches!(self.kind, Kind::Read | Kind::Write);
        match self.once().await {
            Err(failure) if failure.is_stale && may_repeat => {
                self.client.statement_cache.remove(self.sql, &[]);
                self.once().await
            }
            result => result,
        }
    }

    async fn once(&self) -> Result<Outcome, Failure> {
        let statement = self.prepare().await?;
        let parameters = bind(self.parameters, statement.params()).map_err(Failure::refused)?;
        let sending = self.client.query_raw(&statement, parameters).await;
        let mut stream = pin!(sending.map_err(|error| Failure::sent(&error))?);
        let mut rows = Rows::new(&statement);
        let mut inexpressible = None;
        while let Some(row) = stream
            .try_next()
            .await
            .map_err(|error| Failure::sent(&error))?
        {
            if self.keep == Keep::Count || inexpressible.is_some() {
                continue;
            }
            match take(&row) {
                Ok(values) => self.admit(rows.add(values, row.raw_size_bytes()))?,
                // The rest is read all the same: it is the end that counts.
                Err(error) => inexpressible = Some(error),
            }
        }
        match inexpressible {
            Some(error) => Err(Failure::refused(error)),
            None => Ok(Outcome {
                rows: rows.set,
                count: stream.rows_affected().unwrap_or_default(),
            }),
        }
    }

    async fn prepare(&self) -> Result<Statement, Failure> {
        let client = self.client;
        if self.sql.len() > LONG {
            let prepared = client.prepare(self.sql).await;
            return prepared.map_err(|error| Failure::preparing(&error));
        }
        match client.prepare_cached(self.sql).await {
            Ok(statement) => {
                if client.statement_cache.size() > self.options.prepared.max(1) {
                    client.statement_cache.clear();
                }
                Ok(statement)
            }
            Err(error) => {
                // The cache holds an empty place for it.
                client.statement_cache.remove(self.sql, &[]);
                Err(Failure::preparing(&error))
            }
        }
    }

    /// Whether a result of so many rows and bytes is small enough.
    fn admit(&self, (rows, bytes): (usize, usize)) -> Result<(), Failure> {
        let (what, limit) = match self.options {
            options if rows > options.rows => ("rows", options.rows),
            options if bytes > options.bytes => ("bytes", options.bytes),
            _ => return Ok(()),
        };
        let text = format!("the result has more than {limit} {what}");
        // The server does not know yet that nobody wants it.
        let text = if self.kind == Kind::Read {
            text
        } else {
            unknown(&text)
        };
        Err(Failure::given_up(Error::QueryFailed(text)))
    }
}

/// The rows so far.
struct Rows {
    set: RowSet,
    bytes: usize,
}

impl Rows {
    fn new(statement: &Statement) -> Self {
        let columns = statement.columns().iter().map(|column| Column {
            name: column.name().to_owned(),
            data_type: data_type(column.type_()),
        });
        let set = RowSet {
            columns: columns.collect(),
            rows: Vec::new(),
        };
        Self { set, bytes: 0 }
    }

    /// Adds a row and says how many rows and bytes there are.
    fn add(&mut self, row: Vec<DbValue>, raw: usize) -> (usize, usize) {
        let held = raw.saturating_add(row.len().saturating_mul(size_of::<DbValue>()));
        self.bytes = self.bytes.saturating_add(held);
        self.set.rows.push(row);
        (self.set.rows.len(), self.bytes)
    }
}
