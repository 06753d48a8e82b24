//! Answers as columns.

use serde_json::Value;

use crate::text;

/// Characters of a cell in a list that are shown; JSON has the rest.
const LIST_CELL: usize = 60;
/// Characters of a value of a single thing that are shown.
const RECORD_CELL: usize = 10_000;

/// A field of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What stands above or beside it.
    pub title: &'static str,
    /// Its name in JSON.
    pub field: &'static str,
}

/// Short for a column.
pub const fn column(title: &'static str, field: &'static str) -> Column {
    Column { title, field }
}

/// Things, one per line, below their titles.
pub fn list(columns: &[Column], items: &[Value]) -> String {
    let head = columns.iter().map(|column| column.title.to_uppercase());
    let mut rows = vec![head.collect::<Vec<_>>()];
    rows.extend(items.iter().map(|item| {
        let cells = columns.iter().map(|column| cell(item, column, LIST_CELL));
        cells.collect()
    }));
    aligned(&rows)
}

/// One thing, a field per line. Fields that the answer does not have are left out.
pub fn record(columns: &[Column], item: &Value) -> String {
    let there = columns
        .iter()
        .filter(|column| item.get(column.field).is_some());
    let rows = there.map(|column| {
        let value = cell(item, column, RECORD_CELL);
        vec![column.title.to_owned(), value]
    });
    aligned(&rows.collect::<Vec<_>>())
}

fn cell(item: &Value, column: &Column, longest: usize) -> String {
    let value = match item.get(column.field) {
        None | Some(Value::Null) => return "-".to_owned(),
        Some(Value::String(text)) => without_fraction(text),
        // A score; JSON has all its digits.
        Some(Value::Number(number)) if number.is_f64() => {
            format!("{:.3}", number.as_f64().unwrap_or_default())
        }
        Some(value) => value.to_string(),
    };
    match value.as_str() {
        "" => "\"\"".to_owned(),
        value => text::line(value, longest),
    }
}

/// A time of the gateway (`2026-01-31T12:00:00.000000Z`) to the second; other texts as
/// they are.
fn without_fraction(text: &str) -> String {
    const SECOND: usize = "2026-01-31T12:00:00".len();
    let is_time = text.len() == SECOND + ".000000Z".len()
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            SECOND => byte == b'.',
            26 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    match text.get(..SECOND) {
        Some(second) if is_time => format!("{second}Z"),
        _ => text.to_owned(),
    }
}

/// Rows with their cells below each other, two spaces apart.
fn aligned(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(at) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[Column] = &[
        column("name", "name"),
        column("owner", "ownerId"),
        column("trust", "trustScore"),
        column("since", "createdAt"),
    ];

    #[test]
    fn columns_are_aligned_and_nothing_is_a_dash() {
        let items = [
            json!({ "name": "größe", "ownerId": null, "trustScore": 0.30000000000000004, "createdAt": "2026-01-31T12:00:00.123456Z" }),
            json!({ "name": "b", "ownerId": "team-payments", "trustScore": 1, "createdAt": "" }),
        ];
        assert_eq!(
            list(COLUMNS, &items),
            "NAME   OWNER          TRUST  SINCE\n\
             größe  -              0.300  2026-01-31T12:00:00Z\n\
             b      team-payments  1      \"\"\n"
        );
        assert_eq!(list(COLUMNS, &[]), "NAME  OWNER  TRUST  SINCE\n");
    }

    #[test]
    fn a_record_has_a_line_per_field_that_is_there() {
        let item = json!({ "name": "b\u{1b}c\nd", "trustScore": 0.5, "other": 1 });
        assert_eq!(
            record(COLUMNS, &item),
            "name   b\\u{1b}c\\u{a}d\ntrust  0.500\n"
        );
    }

    #[test]
    fn a_long_cell_is_cut_in_a_list_only() {
        let item = json!({ "name": "x".repeat(200) });
        let columns = [column("name", "name")];
        let shown = list(&columns, std::slice::from_ref(&item));
        assert!(
            shown.ends_with(&format!("\n{}…\n", "x".repeat(59))),
            "{shown}"
        );
        assert!(record(&columns, &item).contains(&"x".repeat(200)));
    }

    #[test]
    fn only_times_lose_their_fraction() {
        for text in [
            "2026-01-31T12:00:00.00000Z",
            "2026-01-31 12:00:00.000000Z",
            "0c7f0b0e-9c2e-4f0e-8f43-1f1",
            "éééééééééééééa",
        ] {
            assert_eq!(without_fraction(text), text);
        }
    }
}
