//! What the last complete line of a file says.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::super::{Row, range};

/// Longest line that a row may be.
const MAX_LINE: u64 = 64 << 20;
/// How much of a file is looked at first.
const BLOCK: u64 = 64 << 10;

/// The last row of a file.
pub(super) struct LastRow {
    /// Where the next one begins.
    pub(super) end: u64,
    /// What it says; nothing if no row is complete.
    pub(super) row: Option<Last>,
}

/// What is needed of it.
pub(super) struct Last {
    pub(super) audit_id: String,
    /// As written.
    pub(super) timestamp: String,
    /// The same in microseconds since 1970.
    pub(super) moment: i64,
}

/// Looks for the last complete row, from the end. Nothing if the file is something
/// else than an export.
pub(super) fn last_row(file: &mut File) -> io::Result<Option<LastRow>> {
    let length = file.metadata()?.len();
    let mut size = BLOCK.min(length);
    loop {
        let at = length - size;
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        Read::by_ref(file).take(size).read_to_end(&mut tail)?;
        match line_ends(&tail) {
            (Some(last), Some(before)) => return Ok(row(&tail, at, before + 1, last)),
            (Some(last), None) if at == 0 => return Ok(row(&tail, at, 0, last)),
            (None, _) if at == 0 => {
                // The first row may not have come to its end.
                let none = LastRow { end: 0, row: None };
                return Ok(matches!(tail.first(), None | Some(b'{')).then_some(none));
            }
            // An incomplete line and a complete one.
            _ if size > 2 * MAX_LINE => return Ok(None),
            _ => size = (size * 2).min(length),
        }
    }
}

/// The last line end and the one before it.
fn line_ends(bytes: &[u8]) -> (Option<usize>, Option<usize>) {
    let ends = bytes.iter().enumerate().rev();
    let mut ends = ends.filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    (ends.next(), ends.next())
}

fn row(tail: &[u8], at: u64, start: usize, end: usize) -> Option<LastRow> {
    let row: Row = serde_json::from_slice(tail.get(start..end)?).ok()?;
    Some(LastRow {
        end: at + end as u64 + 1,
        row: Some(Last {
            moment: range::micros(&row.timestamp)?,
            audit_id: row.audit_id,
            timestamp: row.timestamp,
        }),
    })
}
