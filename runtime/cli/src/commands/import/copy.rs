//! A copy of somebody else's database.
//!
//! SQLite cannot read a database without touching what lies beside it: one that is
//! in WAL mode gets a `-wal` and a `-shm`, and one that crashed is repaired. So the
//! files are copied, with the log or journal that belongs to them, and only the
//! copy is opened.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use libsql::Connection;

use crate::config::Config;

/// What SQLite may keep beside a database that was not closed.
const COMPANIONS: [&str; 2] = ["-wal", "-journal"];

/// How long SQLite may look at a copy: enough for a hundred gigabytes or more.
const TIME: Duration = Duration::from_secs(60 * 60);

/// What SQLite is told before it looks at somebody else's database: nothing in it
/// may call a function that does more than compute, and each page is checked when
/// it is read.
const DISTRUST: &str = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON";

/// What stands under the names of the tables that are read, without being one. SQLite
/// itself keeps every ordinary table's text with this beginning.
const NO_TABLES: &str = "SELECT name, type FROM sqlite_schema
    WHERE name COLLATE NOCASE IN ('Agents', 'AuditLogs', 'AgentHistories')
    AND (type <> 'table' OR sql IS NULL OR sql NOT LIKE 'CREATE TABLE%')";

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
/// look at all of it. It may be made by someone who means harm.
async fn check(file: &Path) -> Result<()> {
    let database = libsql::Builder::new_local(file).build().await?;
    let connection = database.connect()?;
    let watched = connection.clone();
    // SQLite occupies this thread, so another one must end it.
    let watch = tokio::spawn(async move {
        tokio::time::sleep(TIME).await;
        watched.interrupt()
    });
    let looked = look(&connection).await;
    watch.abort();
    match watch.await {
        Ok(_) => looked.with_context(|| format!("SQLite had {} s to check it", TIME.as_secs())),
        Err(_) => looked,
    }
}

async fn look(connection: &Connection) -> Result<()> {
    connection.execute_batch(DISTRUST).await?;
    let mut others = connection.query(NO_TABLES, ()).await?;
    if let Some(other) = others.next().await? {
        let (name, kind): (String, String) = (other.get(0)?, other.get(1)?);
        match kind.as_str() {
            "table" => bail!("`{name}` is no ordinary table in it"),
            _ => bail!("`{name}` is no table in it, but a {kind}"),
        }
    }
    drop(others);
    let mut rows = connection.query("PRAGMA quick_check(1)", ()).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`check`] says of a database that these statements have made.
    async fn checked(statements: &str) -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("original.db");
        let made = libsql::Builder::new_local(&file).build().await.unwrap();
        let made = made.connect().unwrap();
        made.execute_batch(statements).await.unwrap();
        drop(made);
        check(&file).await
    }

    #[tokio::test]
    async fn what_only_looks_like_a_table_of_the_original_is_refused() {
        for (statements, reason) in [
            (
                "CREATE VIEW agents AS SELECT 1 AS Id",
                "`agents` is no table in it, but a view",
            ),
            (
                "CREATE VIRTUAL TABLE AuditLogs USING fts5(Id)",
                "`AuditLogs` is no ordinary table in it",
            ),
            // As no honest program writes it.
            (
                "CREATE VIRTUAL TABLE AgentHistories USING fts5(Id);
                 PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET sql = replace(sql, 'CREATE VIRTUAL', 'CREATE/**/VIRTUAL')",
                "`AgentHistories` is no ordinary table in it",
            ),
        ] {
            let refused = checked(statements).await.unwrap_err();
            assert_eq!(refused.to_string(), reason);
        }
        let tables = "create  table if not exists \"Agents\" (Id);
            CREATE TABLE AuditLogs (Id CHECK (length(Id) > 1));
            CREATE INDEX Histories ON AuditLogs (Id);
            CREATE VIEW Other AS SELECT * FROM Agents";
        checked(tables).await.unwrap();
    }

    #[tokio::test]
    async fn a_database_that_is_looked_at_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("original.db");
        let made = libsql::Builder::new_local(&file).build().await.unwrap();
        let connection = made.connect().unwrap();
        // What a view may only read from where it is trusted.
        let view = "CREATE VIEW Harm AS SELECT file FROM pragma_database_list";
        connection.execute_batch(view).await.unwrap();
        connection.query("SELECT * FROM Harm", ()).await.unwrap();
        look(&connection).await.unwrap();
        let harm = connection.query("SELECT * FROM Harm", ()).await;
        let error = harm.err().unwrap().to_string();
        assert!(error.contains("unsafe use"), "{error}");
    }
}
