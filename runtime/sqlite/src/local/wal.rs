//! Reads from the `-wal` file how many pages are in it.
//!
//! The file's size does not tell: it is written anew from its beginning after
//! a checkpoint, and never shrinks. But each beginning has its salt, which stands
//! in the file's header and in each page's (<https://sqlite.org/fileformat2.html#walformat>).
//! So two small reads tell whether a certain page has been written since.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What is before the first frame, and before the page of each frame, in bytes.
const HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// Tells one beginning of the file from another.
pub(super) type Salt = [u8; 8];

/// The file of a database. It exists as long as the database is open.
pub(super) struct Wal {
    path: PathBuf,
    file: Option<File>,
}

impl Wal {
    /// The file that belongs to a database.
    pub(super) fn of(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Self {
            path: path.into(),
            file: None,
        }
    }

    /// The size of the file in bytes; nothing if there is none.
    pub(super) fn size(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// The salt and the size of a page; nothing if nothing was written yet.
    pub(super) fn beginning(&mut self) -> Option<(Salt, u64)> {
        let header: [u8; 24] = self.read(0)?;
        let size = u32::from_be_bytes(*header.get(8..)?.first_chunk()?);
        Some((*header.get(16..)?.first_chunk()?, u64::from(size)))
    }

    /// Whether the file has a frame of this number (from 1) with this salt.
    pub(super) fn has(&mut self, frame: u64, salt: Salt, page: u64) -> bool {
        let offset = HEADER + frame.saturating_sub(1) * (FRAME_HEADER + page);
        self.read(offset + 8) == Some(salt)
    }

    fn read<const LENGTH: usize>(&mut self, offset: u64) -> Option<[u8; LENGTH]> {
        if self.file.is_none() {
            // Nobody locks this file, so closing it again releases no lock of SQLite's.
            self.file = File::open(&self.path).ok();
        }
        let mut bytes = [0; LENGTH];
        let read = read_at(self.file.as_ref()?, &mut bytes, offset);
        matches!(read, Ok(read) if read == LENGTH).then_some(bytes)
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, offset)
}
