//! A copy of somebody else's database.
//!
//! SQLite cannot read a database without touching what lies beside it: one that is
//! in WAL mode gets a `-wal` and a `-shm`, and one that crashed is repaired. So the
//! files are copied, with the log or journal that belongs to them, and only the
//! copy is opened.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};

use crate::config::Config;

/// What SQLite may keep beside a database that was not closed.
const COMPANIONS: [&str; 2] = ["-wal", "-journal"];

/// The copy, in a folder of its own that only this user can read. Removed when this
/// is dropped.
pub(super) struct Copy {
    folder: PathBuf,
    file: PathBuf,
}

/// Length and time of change of a file, if it is there.
type State = Option<(u64, Option<SystemTime>)>;

impl Copy {
    /// Copies a database into a new folder beside the configured one, and checks
    /// that the copy is whole.
    ///
    /// # Errors
    /// If it cannot be read, is no database, or was written to meanwhile.
    pub(super) async fn of(original: &Path, config: &Config) -> Result<Self> {
        ensure!(original.metadata()?.is_file(), "it is no file");
        let folder = config.beside(&format!("import-{:016x}", random()?));
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
        let copy = Self {
            file: folder.join("original.db"),
            folder,
        };
        let before = states(original)?;
        for ((from, to), state) in places(original).zip(places(&copy.file)).zip(&before) {
            if state.is_some() {
                copy_file(&from, &to)?;
            }
        }
        if states(original)? != before {
            bail!("it is being written to: stop the program that uses it");
        }
        check(&copy.file).await?;
        Ok(copy)
    }

    /// The copied database.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(
                error.message = %error,
                "cannot remove the copy in `{}`", self.folder.display()
            );
        }
    }
}

/// A database and what may belong to it.
fn places(file: &Path) -> impl Iterator<Item = PathBuf> {
    [""].into_iter().chain(COMPANIONS).map(|companion| {
        let mut name = file.as_os_str().to_owned();
        name.push(companion);
        name.into()
    })
}

fn states(file: &Path) -> Result<Vec<State>> {
    places(file)
        .map(|place| match place.metadata() {
            Ok(metadata) => Ok(Some((metadata.len(), metadata.modified().ok()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| place.display().to_string()),
        })
        .collect()
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new().write(true).create_new(true).open(to)?;
    io::copy(&mut source, &mut target)
        .with_context(|| format!("cannot copy it to `{}`", to.display()))?;
    Ok(())
}

/// Opens the copy, which completes what its log or journal says, and lets SQLite
/// look at all of it.
async fn check(file: &Path) -> Result<()> {
    let database = libsql::Builder::new_local(file).build().await?;
    let mut rows = database
        .connect()?
        .query("PRAGMA quick_check(1)", ())
        .await?;
    let row = rows.next().await?.context("SQLite does not check it")?;
    let found: String = row.get(0)?;
    ensure!(found == "ok", "it is damaged: {found}");
    Ok(())
}

fn random() -> Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).context("there are no random bytes")?;
    Ok(u64::from_ne_bytes(bytes))
}
