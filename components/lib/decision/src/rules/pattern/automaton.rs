//! Finite automata as bytes that are searched as they are.
//!
//! A text is searched in one pass, one step for each byte and one for the end, whatever
//! the expression. Nothing is read ahead of the search and each step is checked, so
//! damaged bytes cost nothing more and do no harm.
//!
//! The bytes, all numbers little-endian: how many columns a row has (u16), the state to
//! begin in (u16), the column of each byte (256), and for each state from the second on
//! a row of states (u16) to go to. The last column is the end of the text.

use std::borrow::Cow;

/// The state in which nothing can be found any more.
pub(super) const REJECT: u16 = 0;
/// The state in which something has been found.
pub(super) const ACCEPT: u16 = 1;
/// The first state that has a row.
pub(super) const ROWS: u16 = 2;

/// An automaton.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Automaton<'a>(pub(in crate::rules) Cow<'a, [u8]>);

impl Automaton<'_> {
    /// Whether it accepts some part of a text; none if it is damaged.
    pub(in crate::rules) fn finds(&self, text: &[u8]) -> Option<bool> {
        let (width, rest) = self.0.split_first_chunk::<2>()?;
        let (start, rest) = rest.split_first_chunk::<2>()?;
        let (columns, rows) = rest.split_first_chunk::<256>()?;
        let width = usize::from(u16::from_le_bytes(*width));
        let mut state = u16::from_le_bytes(*start);
        for byte in text {
            if state < ROWS {
                return Some(state == ACCEPT);
            }
            let column = columns.get(usize::from(*byte))?;
            state = next(rows, width, state, usize::from(*column))?;
        }
        if state >= ROWS {
            state = next(rows, width, state, width.checked_sub(1)?)?;
        }
        Some(state == ACCEPT)
    }
}

fn next(rows: &[u8], width: usize, state: u16, column: usize) -> Option<u16> {
    let row = usize::from(state.checked_sub(ROWS)?);
    let at = row
        .checked_mul(width)?
        .checked_add(column)?
        .checked_mul(2)?;
    let next = rows.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*next))
}
