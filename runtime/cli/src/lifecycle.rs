//! Calls what a bundle wants to have called outside requests: once at the start,
//! and every minute.

mod files;

use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, sleep};
use vectra_host::{Admission, Event, Host, HostedError};
use vectra_sqlite::OpenError;

use crate::capabilities::Databases;
use crate::config::Config;
use crate::database::{Database, Unusable};

/// Time between two ticks.
const MINUTE: Duration = Duration::from_secs(60);
/// Rows of each kind that one tick may handle.
const BUDGET: u32 = 500;
/// How long ticks follow each other while there is more to do. Half of the time, so
/// that what piles up faster than this is seen in the log.
const ROUNDS: Duration = Duration::from_secs(30);
/// Waiting times between two attempts to start.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A bundle with its database.
pub struct Lifecycle {
    pub host: Arc<Host<Databases>>,
    pub database: Database,
    pub config: Config,
}

/// The start did not succeed.
#[derive(Debug, Error)]
enum StartError {
    #[error("the database is not available: {0}")]
    Database(#[from] Unusable),
    #[error(transparent)]
    Bundle(#[from] HostedError),
}

/// What the first attempt to start came to: an error only if further ones are useless.
pub type FirstAttempt = Result<(), OpenError>;

impl Lifecycle {
    /// Starts, again and again until it succeeds, then ticks every minute. One thing
    /// at a time: a tick that takes long delays the next. The first attempt is told.
    pub async fn care(self, tried: oneshot::Sender<FirstAttempt>) {
        let mut tried = Some(tried);
        let mut tell = |outcome| {
            // Nobody listens any more if it took long.
            let _ = tried.take().map(|tried| tried.send(outcome));
        };
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.start().await {
            let message = error.to_string();
            match error {
                StartError::Database(Unusable::AsConfigured(error)) => tell(Err(error)),
                _ => tell(Ok(())),
            }
            tracing::error!(
                error.message = message,
                "the start failed, it will be tried again"
            );
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        tell(Ok(()));
        if !self.host.is_hosted() {
            return;
        }
        let mut minutes = interval(MINUTE);
        minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            minutes.tick().await;
            tick(&self.host).await;
        }
    }

    /// Opens the database and calls `lifecycle.start` with the files it asks for. Until
    /// it has succeeded no request is let through: files may say otherwise than the
    /// database still does.
    async fn start(&self) -> Result<(), StartError> {
        self.host.admit(Admission::Closed);
        self.database.ready().await?;
        log(self.start_bundle().await?);
        self.host.admit(Admission::Open);
        Ok(())
    }

    async fn start_bundle(&self) -> Result<Vec<Event>, HostedError> {
        if !self.host.is_hosted() {
            tracing::info!("the bundle has no lifecycle");
            return Ok(Vec::new());
        }
        let requests = self.host.files(&self.config.component).await?;
        let files = files::read(&self.config.folder, requests)
            .await
            .map_err(HostedError::Refused)?;
        self.host.start(files).await
    }
}

async fn tick(host: &Host<Databases>) {
    let begun = Instant::now();
    while begun.elapsed() < ROUNDS {
        match host.tick(BUDGET).await {
            Ok(progress) => {
                log(progress.events);
                if !progress.more {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(error.message = %error, "a tick failed");
                return;
            }
        }
    }
    tracing::warn!("there is more to tidy up than fits between two ticks");
}

fn log(events: Vec<Event>) {
    for event in events {
        match event {
            Event::Done(text) => tracing::info!("{text}"),
            Event::Warning(text) => tracing::warn!("{text}"),
        }
    }
}
