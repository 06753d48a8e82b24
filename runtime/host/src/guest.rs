//! A guest that runs: how it ends, and who ends it.

use std::sync::{Arc, OnceLock};

use hyper::{Method, Response, StatusCode};
use tokio::task::AbortHandle;
use wasmtime::Store;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::body::{GuestBody, ResponseBody};
use crate::problem::Refusal;
use crate::{LimitReached, RequestState, framing};

/// Why a guest did not come to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    Limit(LimitReached),
    Trap,
}

/// A guest that runs, or has run.
#[derive(Clone)]
pub(crate) struct Run {
    task: AbortHandle,
    failure: Arc<OnceLock<Failure>>,
}

impl Run {
    /// A guest's task, and the place where it says why it failed.
    pub(crate) fn new(task: AbortHandle, failure: Arc<OnceLock<Failure>>) -> Self {
        Self { task, failure }
    }

    pub(crate) fn failed(&self) -> bool {
        self.failure.get().is_some()
    }

    pub(crate) fn abort(&self) {
        self.task.abort();
    }

    fn refusal(&self) -> Refusal {
        match self.failure.get() {
            Some(Failure::Limit(LimitReached::Time)) => Refusal::Late,
            Some(_) => Refusal::Failed,
            None => {
                tracing::warn!("the guest ended without an answer");
                Refusal::Failed
            }
        }
    }
}

/// Stops its guest when it is dropped before it was released.
pub(crate) struct Watched {
    run: Run,
    armed: bool,
}

impl Watched {
    pub(crate) fn new(run: Run) -> Self {
        Self { run, armed: true }
    }

    /// What the client is told of a guest that ended without an answer.
    pub(crate) fn refusal(&self) -> Refusal {
        self.run.refusal()
    }

    /// Leaves the watch to the body of the guest's response.
    pub(crate) fn release(
        mut self,
        response: Response<HyperOutgoingBody>,
        method: &Method,
    ) -> Response<ResponseBody> {
        self.armed = false;
        let run = self.run.clone();
        let bodiless = *method == Method::HEAD
            || matches!(
                response.status(),
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let promised = match bodiless {
            true => Some(0),
            false => framing::length(response.headers()),
        };
        response.map(|body| ResponseBody::guest(GuestBody::new(body, run, promised)))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.armed {
            self.run.abort();
        }
    }
}

/// Names what stopped a guest, logs and counts it.
pub(crate) fn failed<S>(
    result: Result<wasmtime::Result<()>, tokio::time::error::Elapsed>,
    store: &Store<RequestState<S>>,
) -> Option<Failure> {
    let failure = match result {
        Ok(Ok(())) => return None,
        Err(_) => Failure::Limit(LimitReached::Time),
        Ok(Err(error)) => match error.downcast_ref::<LimitReached>() {
            Some(limit) => Failure::Limit(*limit),
            None if store.data().memory.refused() => Failure::Limit(LimitReached::Memory),
            None => {
                tracing::error!(error.message = %error.root_cause(), "the guest trapped");
                tracing::debug!(error.message = format!("{error:#}"), "where it trapped");
                Failure::Trap
            }
        },
    };
    if let Failure::Limit(limit) = failure {
        tracing::warn!(guest.limit = ?limit, "{limit}");
    }
    store.data().metrics.ends.of(failure).add(1);
    Some(failure)
}
