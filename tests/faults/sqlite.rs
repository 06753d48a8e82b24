//! The double of `spin:sqlite`.

use std::sync::Arc;

use vectra_sqlite::Database as _;
use wasmtime::component::{HasData, Resource, ResourceTable};

use crate::bindings::spin::sqlite::sqlite::{
    Error, Host, HostConnection, QueryResult, RowResult, Value,
};
use crate::plan::{Said, Shape};
use crate::stage::{Database, Stage, Trapped};

/// A connection, as a guest sees it; there is one database.
pub struct Connection;

/// The double, beside the table that connections live in.
pub struct Double<'a> {
    pub stage: Arc<Stage>,
    pub table: &'a mut ResourceTable,
}

pub struct HasDouble;

impl HasData for HasDouble {
    type Data<'a> = Double<'a>;
}

impl Host for Double<'_> {}

impl HostConnection for Double<'_> {
    async fn open(
        &mut self,
        name: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let known = async move {
            match name.as_str() {
                crate::host::DATABASE => Ok(()),
                _ => Err(Error::NoSuchDatabase),
            }
        };
        match self.stage.open(known, words).await.map_err(trap)? {
            Ok(()) => Ok(Ok(self.table.push(Connection)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn execute(
        &mut self,
        _: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<QueryResult, Error>> {
        let executed = execute(&self.stage, statement, parameters);
        let outcome = self.stage.statement(executed, words, spoil).await;
        outcome.map_err(trap)
    }

    /// As on Spin's libsql backend, where components must not rely on it.
    async fn last_insert_rowid(&mut self, _: Resource<Connection>) -> wasmtime::Result<i64> {
        Ok(0)
    }

    async fn changes(&mut self, _: Resource<Connection>) -> wasmtime::Result<u64> {
        Ok(0)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

fn trap(_: Trapped) -> wasmtime::Error {
    wasmtime::Error::msg("the double gives up")
}

fn words(said: Said) -> Error {
    match said {
        Said::Sqlite(error) => error,
        Said::Postgres(error) => panic!("not of this interface: {error:?}"),
    }
}

async fn execute(
    stage: &Stage,
    statement: String,
    parameters: Vec<Value>,
) -> Result<QueryResult, Error> {
    let real = stage.real();
    let Database::Sqlite(database) = &real.database else {
        return Err(Error::NoSuchDatabase);
    };
    let parameters = parameters.into_iter().map(to_real).collect();
    let outcome = database.execute(statement, parameters).await;
    let rows = outcome.map_err(from_error)?.rows;
    Ok(QueryResult {
        columns: rows.columns,
        rows: rows
            .rows
            .into_iter()
            .map(|row| RowResult {
                values: row.values.into_iter().map(from_real).collect(),
            })
            .collect(),
    })
}

fn to_real(value: Value) -> vectra_sqlite::Value {
    use vectra_sqlite::Value as Real;
    match value {
        Value::Integer(integer) => Real::Integer(integer),
        Value::Real(real) => Real::Real(real),
        Value::Text(text) => Real::Text(text),
        Value::Blob(bytes) => Real::Blob(bytes),
        Value::Null => Real::Null,
    }
}

fn from_real(value: vectra_sqlite::Value) -> Value {
    use vectra_sqlite::Value as Real;
    match value {
        Real::Integer(integer) => Value::Integer(integer),
        Real::Real(real) => Value::Real(real),
        Real::Text(text) => Value::Text(text),
        Real::Blob(bytes) => Value::Blob(bytes),
        Real::Null => Value::Null,
    }
}

fn from_error(error: vectra_sqlite::Error) -> Error {
    use vectra_sqlite::Error as Real;
    match error {
        Real::NoSuchDatabase => Error::NoSuchDatabase,
        Real::AccessDenied => Error::AccessDenied,
        Real::InvalidConnection => Error::InvalidConnection,
        Real::DatabaseFull => Error::DatabaseFull,
        Real::Io(text) => Error::Io(text),
    }
}

fn spoil(mut result: QueryResult, shape: Shape) -> QueryResult {
    let value = match shape {
        Shape::NoRows => {
            result.rows.clear();
            return result;
        }
        Shape::NoColumns | Shape::OneColumn => {
            let left = usize::from(shape == Shape::OneColumn);
            result.columns.truncate(left);
            for row in &mut result.rows {
                row.values.truncate(left);
            }
            return result;
        }
        Shape::Nulls => Value::Null,
        Shape::Numbers => Value::Integer(i64::MIN),
        Shape::Words => Value::Text(crate::catalogue::INTERNAL.to_owned()),
        Shape::Fractions => Value::Real(f64::NAN),
        Shape::Bytes => Value::Blob(crate::catalogue::INTERNAL.as_bytes().to_vec()),
        Shape::Unsupported => panic!("this interface has a place for every value"),
    };
    for row in &mut result.rows {
        row.values.fill(value.clone());
    }
    result
}
