//! Calls what a bundle wants to have called outside requests: once at the start,
//! and every minute.

mod files;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use vectra_host::{Admission, Event, Host, HostedError};

use crate::capabilities::Databases;
use crate::config::Config;

/// Time between two ticks.
const MINUTE: Duration = Duration::from_secs(60);
/// Rows of each kind that one tick may handle.
const BUDGET: u32 = 500;
/// Ticks in a row while there is more to do.
const ROUNDS: u32 = 20;
/// Waiting times between two attempts to start.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Whether the bundle's start has succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    Yes,
    NotYet,
}

/// Calls `lifecycle.start` once with the files it asks for. Until it has succeeded no
/// request is let through: files may say otherwise than the database still does.
pub async fn start(host: &Host<Databases>, config: &Config) -> Started {
    match try_start(host, config).await {
        Ok(events) => {
            host.admit(Admission::Open);
            log(events);
            Started::Yes
        }
        Err(error) => {
            tracing::error!(error.message = %error, "the start failed, it will be tried again");
            host.admit(Admission::Closed);
            Started::NotYet
        }
    }
}

async fn try_start(host: &Host<Databases>, config: &Config) -> Result<Vec<Event>, HostedError> {
    if !host.is_hosted() {
        tracing::info!("the bundle has no lifecycle");
        return Ok(Vec::new());
    }
    let requests = host.files(&config.component).await?;
    let files = files::read(&config.folder, requests)
        .await
        .map_err(HostedError::Refused)?;
    host.start(files).await
}

/// Tries again until the start succeeds, then ticks every minute. One thing at a
/// time: a tick that takes long delays the next.
pub async fn care(host: Arc<Host<Databases>>, config: Config, mut started: Started) {
    let mut pause = FIRST_PAUSE;
    while started == Started::NotYet {
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        started = start(&host, &config).await;
    }
    if !host.is_hosted() {
        return;
    }
    let mut minutes = interval(MINUTE);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        tick(&host).await;
    }
}

async fn tick(host: &Host<Databases>) {
    for _ in 0..ROUNDS {
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
}

fn log(events: Vec<Event>) {
    for event in events {
        match event {
            Event::Done(text) => tracing::info!("{text}"),
            Event::Warning(text) => tracing::warn!("{text}"),
        }
    }
}
