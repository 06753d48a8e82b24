//! What is written to a journal and not yet given to the host.
//!
//! SQLite writes a journal in three small pieces for each page, and each write is a call of the
//! host. It needs them in the file no sooner than it syncs the journal, and writes no page of the
//! database before it has.

/// Bytes that are kept, at most, beside the last write.
const MOST: usize = 1 << 20;

/// Writes that follow each other.
#[derive(Default)]
pub(super) struct Pending {
    at: i64,
    bytes: Vec<u8>,
}

impl Pending {
    /// Adds a write; says no if it does not follow those before it, or they are many.
    pub(super) fn add(&mut self, bytes: &[u8], at: i64) -> bool {
        if self.bytes.is_empty() {
            self.at = at;
        }
        let length = i64::try_from(self.bytes.len()).unwrap_or(i64::MAX);
        if self.at.checked_add(length) != Some(at) || self.bytes.len() >= MOST {
            return false;
        }
        self.bytes.extend_from_slice(bytes);
        true
    }

    /// Takes all there is, and where it belongs; `None` if there is nothing.
    pub(super) fn take(&mut self) -> Option<(Vec<u8>, i64)> {
        match std::mem::take(&mut self.bytes) {
            bytes if bytes.is_empty() => None,
            bytes => Some((bytes, self.at)),
        }
    }
}
