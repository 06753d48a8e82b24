//! The double behind `spin:postgres`: at the seam that our host offers.

use std::sync::Arc;

use vectra_postgres::{Answer, Database as Port, DbValue, Error, ParameterValue, RowSet, Session};

use crate::plan::{Said, Shape};
use crate::stage::{Database, Real, Stage, Trapped};

/// A database that fails as it is told.
pub struct Double(pub Arc<Stage>);

/// A connection of the real one.
struct Connection {
    stage: Arc<Stage>,
    session: Box<dyn Session>,
    // The last to go.
    _real: Arc<Real>,
}

impl Port for Double {
    fn connect(&self) -> Answer<'_, Box<dyn Session>> {
        let real = self.0.real();
        Box::pin(async move {
            let connected = async {
                let Database::Postgres(database) = &real.database else {
                    return Err(Error::ConnectionFailed("another engine".to_owned()));
                };
                Port::connect(database).await
            };
            let session = untrapped(self.0.open(connected, words).await)?;
            Ok(Box::new(Connection {
                stage: Arc::clone(&self.0),
                session,
                _real: real,
            }) as Box<dyn Session>)
        })
    }
}

impl Session for Connection {
    fn query(&mut self, statement: String, parameters: Vec<ParameterValue>) -> Answer<'_, RowSet> {
        let executed = self.session.query(statement, parameters);
        let stage = &self.stage;
        Box::pin(async move { untrapped(stage.statement(executed, words, spoil).await) })
    }

    fn execute(&mut self, statement: String, parameters: Vec<ParameterValue>) -> Answer<'_, u64> {
        let executed = self.session.execute(statement, parameters);
        let stage = &self.stage;
        Box::pin(async move { untrapped(stage.statement(executed, words, |rows, _| rows).await) })
    }
}

fn untrapped<T>(outcome: Result<Result<T, Error>, Trapped>) -> Result<T, Error> {
    outcome.expect("there is no way to trap behind this seam")
}

fn words(said: Said) -> Error {
    match said {
        Said::Postgres(error) => error,
        Said::Sqlite(error) => panic!("not of this interface: {error:?}"),
    }
}

fn spoil(mut result: RowSet, shape: Shape) -> RowSet {
    let value = match shape {
        Shape::NoRows => {
            result.rows.clear();
            return result;
        }
        Shape::NoColumns | Shape::OneColumn => {
            let left = usize::from(shape == Shape::OneColumn);
            result.columns.truncate(left);
            for row in &mut result.rows {
                row.truncate(left);
            }
            return result;
        }
        Shape::Nulls => DbValue::DbNull,
        Shape::Numbers => DbValue::Int64(i64::MIN),
        Shape::Words => DbValue::Str(crate::catalogue::INTERNAL.to_owned()),
        Shape::Fractions => DbValue::Floating64(f64::NAN),
        Shape::Bytes => DbValue::Binary(crate::catalogue::INTERNAL.as_bytes().to_vec()),
        Shape::Unsupported => DbValue::Unsupported,
    };
    for row in &mut result.rows {
        row.fill(value.clone());
    }
    result
}
