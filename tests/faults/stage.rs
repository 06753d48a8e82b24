//! A real database, and the double's one place where calls fail.

use std::future::{Future, pending};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use vectra_postgres::{PostgresDatabase, PostgresOptions, Target};
use vectra_sqlite::{LocalDatabase, LocalOptions, Synchronous};

use crate::plan::{Fault, Manner, Plan, Said, Shape};
use crate::view::View;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A real database with a connection of its own to look at it.
pub struct Real {
    pub database: Database,
    pub view: View,
    /// Removed with the last user.
    _home: Box<dyn Send + Sync>,
}

pub enum Database {
    Sqlite(Box<LocalDatabase>),
    Postgres(PostgresDatabase),
}

impl Real {
    /// Without tables.
    async fn empty(engine: Engine) -> Result<Self> {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir()?;
                let file = folder.path().join("vectra.db");
                let options = LocalOptions {
                    synchronous: Synchronous::Normal,
                    ..LocalOptions::default()
                };
                let database = LocalDatabase::open(&file, options)?;
                Ok(Self {
                    database: Database::Sqlite(Box::new(database)),
                    view: View::of_file(&file).await?,
                    _home: Box::new(folder),
                })
            }
            Engine::Postgres => {
                let database = tokio::task::spawn_blocking(vectra_cluster::Database::fresh);
                let database = database.await??;
                let view = View::of_server(database.url()).await?;
                // Nothing is lost here by the loss of power.
                let name = database.name();
                let fast = format!(r#"ALTER DATABASE "{name}" SET synchronous_commit = off"#);
                view.run(&fast).await?;
                view.run("SET synchronous_commit = off").await?;
                // Many tests share one server.
                let options = PostgresOptions {
                    connections: 2,
                    ..PostgresOptions::default()
                };
                let pool = PostgresDatabase::open(&Target::parse(database.url())?, options)?;
                Ok(Self {
                    database: Database::Postgres(pool),
                    view,
                    _home: Box::new(database),
                })
            }
        }
    }
}

/// What guests are given instead of a database.
pub struct Stage {
    pub engine: Engine,
    pub plan: Plan,
    real: Mutex<Arc<Real>>,
}

/// The host is to give up.
#[derive(Debug)]
pub struct Trapped;

impl Stage {
    pub async fn new(engine: Engine) -> Result<Self> {
        Ok(Self {
            engine,
            plan: Plan::default(),
            real: Mutex::new(Arc::new(Real::empty(engine).await?)),
        })
    }

    pub fn real(&self) -> Arc<Real> {
        let real = self.real.lock();
        Arc::clone(&real.unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts an empty database in the place of the one that is there.
    pub async fn clear(&self) -> Result<()> {
        let real = Arc::new(Real::empty(self.engine).await?);
        *self.real.lock().unwrap_or_else(PoisonError::into_inner) = real;
        Ok(())
    }

    /// Gives a connection, or what is to happen instead.
    pub async fn open<T, E>(
        &self,
        real: impl Future<Output = Result<T, E>>,
        words: impl Fn(Said) -> E,
    ) -> Result<Result<T, E>, Trapped> {
        match self.plan.open() {
            None => Ok(real.await),
            Some(Fault::Said(said, _)) => Ok(Err(words(said))),
            Some(Fault::Silent(_)) => pending().await,
            Some(Fault::Trap(_)) => Err(Trapped),
            Some(Fault::Misshapen(shape)) => panic!("a connection has no shape: {shape:?}"),
        }
    }

    /// Runs a statement, or does what is to happen instead or afterwards.
    pub async fn statement<T, E>(
        &self,
        real: impl Future<Output = Result<T, E>>,
        words: impl Fn(Said) -> E,
        spoil: impl Fn(T, Shape) -> T,
    ) -> Result<Result<T, E>, Trapped> {
        let fault = self.plan.statement();
        let executed = match fault.as_ref().map(Fault::manner) {
            Some(Manner::Before) => None,
            Some(Manner::After) | None => Some(real.await),
        };
        if executed.is_some() {
            self.meanwhile().await;
        }
        match (executed, fault) {
            (Some(executed), None) => Ok(executed),
            (Some(executed), Some(Fault::Misshapen(shape))) => {
                Ok(executed.map(|rows| spoil(rows, shape)))
            }
            (_, Some(Fault::Said(said, _))) => Ok(Err(words(said))),
            (_, Some(Fault::Silent(_))) => pending().await,
            (_, Some(Fault::Trap(_))) => Err(Trapped),
            (None, _) => panic!("a statement without fault was not carried out"),
        }
    }

    async fn meanwhile(&self) {
        let real = self.real();
        if let Some(sql) = self.plan.interlude() {
            real.view.run(&sql).await.unwrap();
        }
        if let Some(agent) = self.plan.traced() {
            self.plan.trace(real.view.snapshot(&agent).await.unwrap());
        }
    }
}
