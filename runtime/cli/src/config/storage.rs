//! `System.Storage`: which database, and where it is.

use std::fmt;
use std::path::{Path, PathBuf};

use vectra_connection::{PostgresOptions, Target, postgres, sqlite_file};
use vectra_sqlite::{Synchronous, UnknownSynchronous};

use super::section::Section;
use super::{Mistake, Tree};

/// The database that is used.
#[derive(Clone, Debug)]
pub enum Storage {
    /// A file.
    Sqlite {
        /// The file, absolute.
        file: PathBuf,
        /// When what was written is on the disk.
        synchronous: Synchronous,
    },
    /// A server.
    Postgres {
        /// Where it is, and who asks.
        target: Box<Target>,
        /// Bounds of its use.
        options: PostgresOptions,
    },
}

/// The kinds of databases (`System.Storage.Database.DefaultProvider`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    Sqlite,
    Postgres,
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "Sqlite",
            Self::Postgres => "Postgres",
        })
    }
}

impl Storage {
    /// Its kind.
    pub fn provider(&self) -> Provider {
        match self {
            Self::Sqlite { .. } => Provider::Sqlite,
            Self::Postgres { .. } => Provider::Postgres,
        }
    }
}

/// What is used when the configuration names no file.
const FILE: &str = "Data Source=vectra.db";
/// What stands in for a server that is not named; nothing is started then.
const STAND_IN: &str = "Host=localhost;Username=vectra";
const CONNECTION_STRING: &str = "ConnectionString";

/// Reads the section and takes it out of the tree. Relative paths start from the
/// folder. What is wrong with the provider that is not used is only a warning: it
/// may be there, ready for the day it is chosen.
pub(super) fn read(system: &mut Tree, folder: &Path, mistakes: &mut Vec<Mistake>) -> Storage {
    let mut storage = Section::take(system, "System.", "Storage", mistakes);
    storage.inert("Cache");
    let mut database = storage.section("Database");
    let provider = provider(&mut database);
    let mut providers = database.section("Providers");
    let sqlite = sqlite(&mut providers, folder, provider);
    let postgres = postgres_server(&mut providers, folder, provider);
    providers.end();
    database.end();
    storage.end();
    match (provider, postgres) {
        (Provider::Postgres, Some((target, options))) => Storage::Postgres {
            target: Box::new(target),
            options,
        },
        _ => sqlite,
    }
}

fn provider(database: &mut Section<'_>) -> Provider {
    let Some(name) = database.text("DefaultProvider") else {
        return Provider::Sqlite;
    };
    let known = [Provider::Sqlite, Provider::Postgres];
    let found = known
        .into_iter()
        .find(|known| name.trim().eq_ignore_ascii_case(&known.to_string()));
    found.unwrap_or_else(|| {
        let message = format!("must be `Sqlite` or `Postgres`, not `{name}`");
        database.refuse("DefaultProvider", message);
        Provider::Sqlite
    })
}

fn sqlite(providers: &mut Section<'_>, folder: &Path, used: Provider) -> Storage {
    let mut sqlite = providers.section("Sqlite");
    let text = sqlite.text_or_nothing(CONNECTION_STRING);
    let file = sqlite_file(text.as_deref().unwrap_or(FILE)).unwrap_or_else(|error| {
        say(&mut sqlite, Provider::Sqlite, used, error.to_string());
        "vectra.db".into()
    });
    let synchronous = match sqlite.text("Synchronous").map(|text| text.trim().parse()) {
        Some(Ok(synchronous)) => synchronous,
        Some(Err(error)) => {
            let error: UnknownSynchronous = error;
            sqlite.refuse("Synchronous", error.to_string());
            Synchronous::Full
        }
        None => Synchronous::Full,
    };
    sqlite.end();
    Storage::Sqlite {
        file: folder.join(file),
        synchronous,
    }
}

fn postgres_server(
    providers: &mut Section<'_>,
    folder: &Path,
    used: Provider,
) -> Option<(Target, PostgresOptions)> {
    let mut section = providers.section("Postgres");
    let text = section.text_or_nothing(CONNECTION_STRING);
    let server = match text.map(|text| postgres(&text, folder)) {
        Some(Ok(server)) => Some(server),
        Some(Err(error)) => {
            say(&mut section, Provider::Postgres, used, error.to_string());
            None
        }
        None if used == Provider::Postgres => {
            let message = "must be set, since `DefaultProvider` is `Postgres`: as in \
                `Host=localhost;Database=vectra;Username=vectra;Password=secret`";
            section.refuse(CONNECTION_STRING, message);
            None
        }
        None => None,
    };
    section.end();
    server.or_else(|| postgres(STAND_IN, folder).ok())
}

/// Says that a provider's connection string is wrong.
fn say(section: &mut Section<'_>, of: Provider, used: Provider, message: String) {
    if of == used {
        section.refuse(CONNECTION_STRING, message);
    } else {
        let message = format!("{message} (`{of}` is not used now)");
        section.warn(CONNECTION_STRING, message);
    }
}
