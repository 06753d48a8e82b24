//! The exports a bundle may have beside HTTP. The host calls them blindly: it
//! passes text on and learns nothing of what it means.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use thiserror::Error;
use tokio::time::{error::Elapsed, timeout};
use wasmtime::Store;

use crate::bindings::hosted::Hosted;
use crate::guest::{Failure, failed};
use crate::limits::ticks;
use crate::meter::{Clock, Meter, Metered};
use crate::paths::{PathLimit, PathLimitError};
use crate::{Capabilities, Host, LimitReached, RequestState};

pub use crate::bindings::hosted::exports::vectra::gateway::lifecycle::{Event, File, Progress};
pub use crate::bindings::hosted::exports::vectra::gateway::settings::{
    FileRequest, Problem, Severity,
};

/// What such a call may take: computing, and in all.
pub(crate) const CPU: Duration = Duration::from_secs(30);
pub(crate) const TIME: Duration = Duration::from_secs(60);
/// What a tick may take in all: as a request does, it may wait for others.
const TICK_TIME: Duration = Duration::from_secs(180);

/// A call did not come to its end.
#[derive(Debug, Error)]
pub enum HostedError {
    /// It ran into one of its bounds.
    #[error(transparent)]
    Limit(#[from] LimitReached),
    /// It trapped; the log says where.
    #[error("the component failed")]
    Trap,
    /// It answered with an error of its own.
    #[error("{0}")]
    Refused(String),
    /// It asked for a limit that cannot be kept.
    #[error("the component asks for a limit that cannot be kept: {0}")]
    PathLimit(#[from] PathLimitError),
}

/// A call that is under way.
type Call<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>>;

impl<C: Capabilities> Host<C> {
    /// Whether the bundle has these exports. Without them the methods below
    /// answer that there is nothing to do.
    pub fn is_hosted(&self) -> bool {
        self.hosted.is_some()
    }

    /// `settings.check`: everything wrong with a configuration (JSON text).
    ///
    /// # Errors
    /// [`HostedError`] if the bundle did not come to an answer.
    pub async fn check(&self, config: &str) -> Result<Vec<Problem>, HostedError> {
        let config = config.to_owned();
        self.call(Vec::new(), move |hosted, store| {
            Box::pin(async move {
                hosted
                    .vectra_gateway_settings()
                    .call_check(store, &config)
                    .await
            })
        })
        .await
    }

    /// `settings.files`: the folders whose files [`start`](Self::start) wants.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn files(&self, config: &str) -> Result<Vec<FileRequest>, HostedError> {
        let config = config.to_owned();
        self.call(Vec::new(), move |hosted, store| {
            Box::pin(async move {
                hosted
                    .vectra_gateway_settings()
                    .call_files(store, &config)
                    .await
            })
        })
        .await
    }

    /// `settings.path-limits`: the paths below which it wants few requests at once.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`HostedError::PathLimit`] for what is no prefix of a
    /// path.
    pub async fn path_limits(&self, config: &str) -> Result<Vec<PathLimit>, HostedError> {
        let config = config.to_owned();
        let limits = self
            .call(Vec::new(), move |hosted, store| {
                Box::pin(async move {
                    hosted
                        .vectra_gateway_settings()
                        .call_path_limits(store, &config)
                        .await
                })
            })
            .await?;
        let checked = limits.into_iter().map(|limit| {
            Ok(PathLimit {
                prefix: limit.prefix.parse().map_err(PathLimitError::from)?,
                concurrent: limit.concurrent,
            })
        });
        checked.collect()
    }

    /// `lifecycle.start` with the files it asked for.
    ///
    /// # Errors
    /// As [`check`](Self::check), and the bundle's own.
    pub async fn start(&self, files: Vec<File>) -> Result<Vec<Event>, HostedError> {
        self.call(Ok(Vec::new()), move |hosted, store| {
            Box::pin(async move {
                hosted
                    .vectra_gateway_lifecycle()
                    .call_start(store, &files)
                    .await
            })
        })
        .await?
        .map_err(HostedError::Refused)
    }

    /// `lifecycle.tick`: a bounded step of what happens outside requests.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn tick(&self, budget: u32) -> Result<Progress, HostedError> {
        let nothing = || Progress {
            events: Vec::new(),
            more: false,
        };
        // A host that stops waits for this one, and lets none begin any more.
        let Ok(_turn) = self.ticks.acquire().await else {
            return Ok(nothing());
        };
        self.call_within(TICK_TIME, Ok(nothing()), move |hosted, store| {
            Box::pin(async move {
                hosted
                    .vectra_gateway_lifecycle()
                    .call_tick(store, budget)
                    .await
            })
        })
        .await?
        .map_err(HostedError::Refused)
    }

    /// `metrics.render`: the bundle's own numbers as Prometheus text; empty if it has
    /// none to tell.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(crate) async fn render(&self) -> Result<String, HostedError> {
        self.call(String::new(), |hosted, store| {
            Box::pin(async move { hosted.vectra_gateway_metrics().call_render(store).await })
        })
        .await
    }

    async fn call<T, F>(&self, otherwise: T, function: F) -> Result<T, HostedError>
    where
        F: for<'a> FnOnce(&'a Hosted, &'a mut Store<RequestState<C::State>>) -> Call<'a, T>,
    {
        self.call_within(TIME, otherwise, function).await
    }

    /// Calls an export in an instance of its own, or gives the answer of a
    /// bundle that has no such export.
    async fn call_within<T, F>(
        &self,
        time: Duration,
        otherwise: T,
        function: F,
    ) -> Result<T, HostedError>
    where
        F: for<'a> FnOnce(&'a Hosted, &'a mut Store<RequestState<C::State>>) -> Call<'a, T>,
    {
        let Some(hosted) = &self.hosted else {
            return Ok(otherwise);
        };
        let meter = self.bundle.ticker.meter(ticks(CPU), Clock::Passing);
        let mut store = self.store(&meter);
        let ended = bounded(time, meter, async {
            let instance = hosted.instantiate_async(&mut store).await?;
            function(&instance, &mut store).await
        })
        .await;
        concluded(ended, &store)
    }
}

/// How a call ended within its time, or that it did not.
type Ended<T> = Result<wasmtime::Result<T>, Elapsed>;

/// Runs a guest within the bounds of a call outside requests.
pub(crate) async fn bounded<T>(
    time: Duration,
    meter: Meter,
    guest: impl Future<Output = wasmtime::Result<T>>,
) -> Ended<T> {
    timeout(time, Metered::new(meter, guest)).await
}

/// The guest's answer, or what stopped it, which is logged.
pub(crate) fn concluded<S, T>(
    ended: Ended<T>,
    store: &Store<RequestState<S>>,
) -> Result<T, HostedError> {
    let (answer, result) = match ended {
        Ok(Ok(answer)) => (Some(answer), Ok(Ok(()))),
        Ok(Err(error)) => (None, Ok(Err(error))),
        Err(elapsed) => (None, Err(elapsed)),
    };
    match (answer, failed(result, store)) {
        (Some(answer), _) => Ok(answer),
        (None, Some(Failure::Limit(limit))) => Err(limit.into()),
        (None, _) => Err(HostedError::Trap),
    }
}
