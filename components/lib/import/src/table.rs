//! Reading the original's tables.

use std::vec::IntoIter;

use crate::cell::{Cell, MAX_TEXT};

/// A value that goes into a statement or comes out of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A double.
    Real(f64),
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// The original's database, a SQLite one. It is only read.
pub trait Original {
    /// Executes one SELECT and gives its rows.
    ///
    /// # Errors
    /// What the database said.
    fn query(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Vec<Value>>, String>;
}

/// A row, whose cells are taken one after the other.
pub(crate) struct Row {
    /// `rowid`, which tables of EF Core have.
    pub id: i64,
    cells: IntoIter<Cell>,
}

impl Row {
    pub(crate) fn new(id: i64, cells: Vec<Cell>) -> Self {
        let cells = cells.into_iter();
        Self { id, cells }
    }

    /// The next cell; NULL after the last.
    pub(crate) fn next(&mut self) -> Cell {
        self.cells.next().unwrap_or(Cell::Null)
    }
}

/// Names of a table's columns; none if there is no such table.
pub(crate) fn columns(original: &dyn Original, table: &str) -> Result<Vec<String>, String> {
    let rows = original.query(
        "SELECT name FROM pragma_table_info(?1)",
        vec![Value::Text(table.to_owned())],
    )?;
    let names = rows.into_iter().filter_map(|row| match row.first() {
        Some(Value::Text(name)) => Some(name.clone()),
        _ => None,
    });
    Ok(names.collect())
}

/// Whether a column is among those that there are.
pub(crate) fn has(present: &[String], column: &str) -> bool {
    present.iter().any(|name| name.eq_ignore_ascii_case(column))
}

/// A page of a table.
pub(crate) struct Page<'a> {
    pub table: &'a str,
    /// Columns that there are.
    pub present: &'a [String],
    /// Columns to read; one that is not there reads as NULL.
    pub wanted: &'a [&'a str],
    /// Beside them an expression that gives NULL, an integer, or text as a blob.
    pub expression: Option<&'a str>,
    /// The first `rowid`.
    pub from: i64,
    /// Rows at most.
    pub limit: u32,
}

impl Page<'_> {
    /// Reads it, in the order of `rowid`.
    pub(crate) fn read(&self, original: &dyn Original) -> Result<Vec<Row>, String> {
        let parameters = vec![
            Value::Integer(self.from),
            Value::Integer(i64::from(self.limit)),
        ];
        let rows = original.query(&self.statement(), parameters)?;
        rows.into_iter().map(row).collect()
    }

    /// Text comes as bytes, cut: it may be long, no UTF-8, or hold U+0000. Blobs do
    /// not come at all.
    fn statement(&self) -> String {
        let mut select = String::from("SELECT rowid");
        for column in self.wanted {
            if has(self.present, column) {
                let most = MAX_TEXT + 1;
                select.push_str(&format!(
                    ", typeof({column}), CASE typeof({column}) \
                     WHEN 'text' THEN substr(CAST({column} AS BLOB), 1, {most}) \
                     WHEN 'blob' THEN NULL ELSE {column} END"
                ));
            } else {
                select.push_str(", 'null', NULL");
            }
        }
        if let Some(expression) = self.expression {
            select.push_str(&format!(", 'text', {expression}"));
        }
        select.push_str(&format!(
            " FROM {} WHERE rowid >= ?1 ORDER BY rowid LIMIT ?2",
            self.table
        ));
        select
    }
}

fn row(values: Vec<Value>) -> Result<Row, String> {
    let mut values = values.into_iter();
    let Some(Value::Integer(id)) = values.next() else {
        return Err("a row has no `rowid`".to_owned());
    };
    let mut cells = Vec::new();
    while let (Some(kind), Some(value)) = (values.next(), values.next()) {
        cells.push(Cell::new(&kind, value));
    }
    Ok(Row::new(id, cells))
}
