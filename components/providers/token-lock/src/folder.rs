//! Where the token is.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// What the lock asks of a folder. Each call is atomic, but for the listing.
pub trait Folder {
    /// Whether there is a folder, whatever is in it.
    ///
    /// # Errors
    /// If it is not known.
    fn is_there(&self) -> io::Result<bool>;

    /// The names in it; none if there is no folder.
    ///
    /// # Errors
    /// If it cannot be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Renames a file. Says whether there was one of that name.
    ///
    /// # Errors
    /// If it could not be renamed, or it is not known whether it was.
    fn rename(&self, from: &str, to: &str) -> io::Result<bool>;

    /// Makes the folder with one empty file in it, in one step, unless it is there and holds
    /// anything. `unique` is a word that no other caller uses.
    ///
    /// # Errors
    /// If it could not be made.
    fn make(&self, file: &str, unique: &str) -> io::Result<()>;
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Takes its path. Whatever lies beside under a name that begins with it is the
    /// lock's as well.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Folder for Disk {
    fn is_there(&self) -> io::Result<bool> {
        self.path.try_exists()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        // What was renamed between its name and the rest is told of as an error.
        let entries = entries.filter_map(Result::ok);
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        Ok(names.collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<bool> {
        match fs::rename(self.path.join(from), self.path.join(to)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn make(&self, file: &str, unique: &str) -> io::Result<()> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{unique}"));
        let draft = PathBuf::from(name);
        fs::create_dir(&draft)?;
        let made = fs::write(draft.join(file), b"").and_then(|()| fs::rename(&draft, &self.path));
        if made.is_ok() {
            return Ok(());
        }
        // Only what was just made is removed.
        let _ = fs::remove_file(draft.join(file));
        let _ = fs::remove_dir(&draft);
        // An empty folder would have been replaced: it holds what another made, who was
        // quicker. Systems differ in what they call that.
        match self.is_there() {
            Ok(true) => Ok(()),
            _ => made,
        }
    }
}
