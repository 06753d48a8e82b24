//! Where rows are written to: one JSON text per line.

mod tail;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Range;

/// The rows cannot be written.
#[derive(Debug, Error)]
pub enum OutputError {
    /// There is a file already.
    #[error("`{}` is there already: say --resume to go on after its last row", .0.display())]
    Exists(PathBuf),
    /// The file is something else.
    #[error("`{}` is no export of the audit: it does not end with a row", .0.display())]
    NotAnExport(PathBuf),
    /// What it holds was asked for with other bounds.
    #[error(
        "the last row of `{}` is of {timestamp}, which is not within `{range}`: go on with the --from and --to that it was begun with, or begin another file",
        path.display()
    )]
    OtherRange {
        /// The file.
        path: PathBuf,
        /// When its last row was decided.
        timestamp: String,
        /// What is asked for now.
        range: Box<Range>,
    },
    /// Someone else has it.
    #[error("another process is writing to `{}`", .0.display())]
    InUse(PathBuf),
    /// It cannot be read or written.
    #[error("cannot write to `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Nobody reads the standard output any more, or it is full.
    #[error("cannot write to the standard output: {0}")]
    Stdout(io::Error),
}

/// Where rows go.
pub struct Output {
    to: BufWriter<Sink>,
}

enum Sink {
    Stdout(io::Stdout),
    File(File, PathBuf),
}

impl Output {
    /// The standard output.
    pub fn stdout() -> Self {
        Self::to(Sink::Stdout(io::stdout()))
    }

    /// A new file, readable for its owner only.
    ///
    /// # Errors
    /// [`OutputError::Exists`] and others.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(file) => Self::locked(file, path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(OutputError::Exists(path.to_owned()))
            }
            Err(error) => Err(failed(path)(error)),
        }
    }

    /// A file that an export of this range was written to before: an incomplete last
    /// line is cut off. Gives the audit id of its last row, if it has one. A file that
    /// is not there is made.
    ///
    /// # Errors
    /// [`OutputError::NotAnExport`] and [`OutputError::OtherRange`], with the file as
    /// it was, and others.
    pub fn resume(path: &Path, range: &Range) -> Result<(Self, Option<String>), OutputError> {
        let mut options = OpenOptions::new();
        let file = match options.read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((Self::create(path)?, None));
            }
            file => file.map_err(failed(path))?,
        };
        let mut output = Self::locked(file, path)?;
        let Sink::File(file, _) = output.to.get_mut() else {
            return Ok((output, None));
        };
        let last = tail::last_row(file)
            .map_err(failed(path))?
            .ok_or_else(|| OutputError::NotAnExport(path.to_owned()))?;
        if let Some(row) = last.row.as_ref().filter(|row| !range.holds(row.moment)) {
            return Err(OutputError::OtherRange {
                path: path.to_owned(),
                timestamp: row.timestamp.clone(),
                range: Box::new(range.clone()),
            });
        }
        file.set_len(last.end).map_err(failed(path))?;
        file.seek(SeekFrom::Start(last.end)).map_err(failed(path))?;
        Ok((output, last.row.map(|row| row.audit_id)))
    }

    fn to(sink: Sink) -> Self {
        Self {
            to: BufWriter::with_capacity(64 << 10, sink),
        }
    }

    fn locked(file: File, path: &Path) -> Result<Self, OutputError> {
        match file.try_lock() {
            Ok(()) => Ok(Self::to(Sink::File(file, path.to_owned()))),
            Err(TryLockError::WouldBlock) => Err(OutputError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(path)(error)),
        }
    }

    /// Writes a row. Line ends between its parts, if there are any, become spaces.
    ///
    /// # Errors
    /// If it cannot be written; so for all below.
    pub fn line(&mut self, row: &str) -> Result<(), OutputError> {
        let mut pieces = row.split(['\r', '\n']);
        let first = pieces.next().unwrap_or_default();
        let mut written = self.to.write_all(first.as_bytes());
        for piece in pieces {
            written = written
                .and_then(|()| self.to.write_all(b" "))
                .and_then(|()| self.to.write_all(piece.as_bytes()));
        }
        written
            .and_then(|()| self.to.write_all(b"\n"))
            .map_err(|error| self.failed(error))
    }

    /// Hands everything to the system.
    pub fn flush(&mut self) -> Result<(), OutputError> {
        self.to.flush().map_err(|error| self.failed(error))
    }

    /// Makes everything durable.
    pub fn finish(&mut self) -> Result<(), OutputError> {
        self.flush()?;
        let synced = match self.to.get_ref() {
            Sink::Stdout(_) => Ok(()),
            Sink::File(file, path) => file.sync_all().and_then(|()| sync_folder(path)),
        };
        synced.map_err(|error| self.failed(error))
    }

    fn failed(&self, source: io::Error) -> OutputError {
        match self.to.get_ref() {
            Sink::Stdout(_) => OutputError::Stdout(source),
            Sink::File(_, path) => failed(path)(source),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File(file, _) => file.flush(),
        }
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> OutputError {
    let path = path.to_owned();
    move |source| OutputError::File {
        path: path.clone(),
        source,
    }
}

/// A new file is durable when its name is.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
