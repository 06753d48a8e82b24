//! The configured database: opened, or waited for.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use thiserror::Error;
use vectra_postgres::{Postgres, PostgresDatabase, Target};
use vectra_sqlite::{LocalDatabase, LocalOptions, OpenError, Sqlite};

use crate::capabilities::Databases;
use crate::config::Storage;

/// The name the component opens its database by.
pub const NAME: &str = "default";

/// The configured database, and where it is offered once it is open.
pub struct Database {
    databases: Databases,
    kind: Kind,
}

enum Kind {
    File {
        path: PathBuf,
        options: LocalOptions,
    },
    Server {
        /// `host:port`, for the log.
        place: String,
        server: Arc<PostgresDatabase>,
    },
}

/// The database cannot be used.
#[derive(Debug, Error)]
pub enum Unusable {
    /// It may be later.
    #[error("{0}")]
    Now(String),
    /// The file never will be, the way it is configured.
    #[error("{0}")]
    AsConfigured(#[from] OpenError),
}

impl Database {
    /// Takes the configured database. A file is not opened yet, a server not asked.
    ///
    /// # Errors
    /// If a certificate that the configuration names cannot be used.
    pub fn new(storage: &Storage, databases: Databases) -> Result<Self> {
        let kind = match storage {
            Storage::Sqlite { file, synchronous } => Kind::File {
                path: file.clone(),
                options: LocalOptions {
                    synchronous: *synchronous,
                    ..LocalOptions::default()
                },
            },
            Storage::Postgres { target, options } => {
                let server = Arc::new(PostgresDatabase::open(target, *options)?);
                databases.show_postgres(server.clone());
                databases.offer_postgres(Postgres::new([(NAME.to_owned(), server.clone() as _)]));
                Kind::Server {
                    place: place(target),
                    server,
                }
            }
        };
        Ok(Self { databases, kind })
    }

    /// Makes sure that the database can be used: opens the file, or asks the server
    /// for a connection.
    ///
    /// # Errors
    /// [`Unusable`], with the reason for the log.
    pub async fn ready(&self) -> Result<(), Unusable> {
        match &self.kind {
            Kind::File { .. } if self.databases.has_sqlite() => Ok(()),
            Kind::File { path, options } => {
                let database = open(path.clone(), *options).await?;
                let database = Arc::new(database);
                self.databases.show_sqlite(database.clone());
                self.databases
                    .offer_sqlite(Sqlite::new([(NAME.to_owned(), database as _)]));
                Ok(())
            }
            Kind::Server { place, server } => match server.connect().await {
                Ok(_) => Ok(()),
                Err(error) => Err(Unusable::Now(format!("{place}: {}", reason(error)))),
            },
        }
    }
}

/// Opens a file. It blocks, so on a thread for that.
async fn open(path: PathBuf, options: LocalOptions) -> Result<LocalDatabase, Unusable> {
    let opening = tokio::task::spawn_blocking(move || LocalDatabase::open(&path, options));
    match opening.await {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(error)) if may_pass(&error) => Err(Unusable::Now(error.to_string())),
        Ok(Err(error)) => Err(error.into()),
        Err(error) => Err(Unusable::Now(format!("opening it failed: {error}"))),
    }
}

/// Whether the file may be opened later: another process has it, or the disk is full.
fn may_pass(error: &OpenError) -> bool {
    match error {
        OpenError::File { source, .. } => source.kind() == ErrorKind::StorageFull,
        OpenError::Database { message, .. } => ["busy", "locked", "full"]
            .iter()
            .any(|part| message.contains(part)),
        OpenError::InUse { .. } | OpenError::Thread(_) => true,
    }
}

fn place(target: &Target) -> String {
    match target.host.contains(':') {
        true => format!("[{}]:{}", target.host, target.port),
        false => format!("{}:{}", target.host, target.port),
    }
}

/// What an error says, without its kind.
fn reason(error: vectra_postgres::Error) -> String {
    use vectra_postgres::Error::{
        BadParameter, ConnectionFailed, Other, QueryFailed, ValueConversionFailed,
    };
    match error {
        ConnectionFailed(text)
        | BadParameter(text)
        | QueryFailed(text)
        | ValueConversionFailed(text)
        | Other(text) => text,
    }
}
