//! Takes the rows of a statement.

use libsql::Statement;
use libsql::params::Params;

use super::LocalOptions;
use super::failure::Failure;
use super::value::{size, take};
use crate::{QueryResult, RowResult};

/// Steps a statement to its end and takes its rows, within bounds.
pub(super) async fn collect(
    statement: &Statement,
    parameters: Params,
    options: &LocalOptions,
) -> Result<QueryResult, Failure> {
    let mut rows = statement.query(parameters).await?;
    let width = rows.column_count();
    let columns = (0..width)
        .map(|column| rows.column_name(column).unwrap_or_default().to_owned())
        .collect();
    let (mut found, mut bytes) = (Vec::new(), 0_usize);
    while let Some(row) = rows.next().await? {
        if found.len() >= options.rows {
            return Err(Failure::new(format!(
                "the result has more than {} rows",
                options.rows
            )));
        }
        let mut values = Vec::new();
        for column in 0..width {
            let value = take(row.get_value(column)?);
            bytes = bytes.saturating_add(size(&value));
            values.push(value);
        }
        if bytes > options.bytes {
            return Err(Failure::new(format!(
                "the result has more than {} bytes",
                options.bytes
            )));
        }
        found.push(RowResult { values });
    }
    Ok(QueryResult {
        columns,
        rows: found,
    })
}
