//! Raw SQL, for what the repositories do not offer.

use vectra_persistence::{Database, Row, Value};

/// Statements that must go one way or the other.
pub trait Sql: Database {
    /// Executes a statement that must succeed.
    fn run(&self, statement: &str) -> Vec<Row> {
        self.execute(statement, Vec::new())
            .unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// Executes a statement that must fail, and gives what the database says.
    fn refusal(&self, statement: &str) -> String {
        match self.execute(statement, Vec::new()) {
            Ok(_) => panic!("not refused: {statement}"),
            Err(error) => error.to_string(),
        }
    }

    /// The one integer that a query gives.
    fn integer(&self, statement: &str) -> i64 {
        match self.run(statement).as_slice() {
            [row] => match row.as_slice() {
                [Value::Integer(integer)] => *integer,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

impl<D: Database> Sql for D {}
