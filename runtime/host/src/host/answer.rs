//! How one request is answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{timeout, timeout_at};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::Host;
use crate::body::{Inflow, RequestBody, ResponseBody, gather};
use crate::guest::{Run, Watched, failed};
use crate::meter::{Clock, Metered};
use crate::metrics::{Metrics, Source};
use crate::paths::Slot;
use crate::problem::Refusal;
use crate::{Capabilities, framing, request_id};

/// Who sent a request, and how it came.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// The other end of the connection.
    pub(crate) peer: SocketAddr,
    /// Whether the connection is encrypted.
    pub(crate) scheme: Scheme,
}

/// What a request holds while its guest runs.
struct Admitted {
    slot: Option<Slot>,
    _place: OwnedSemaphorePermit,
}

/// A request without an answer; dropped as such, its client has left.
struct Pending<'a>(Option<&'a Metrics>);

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(metrics) = self.0 {
            metrics.abandoned.add(1);
        }
    }
}

type Answer = oneshot::Receiver<Result<Response<HyperOutgoingBody>, ErrorCode>>;

impl<C: Capabilities> Host<C> {
    /// Answers one request; never fails, since the client is always answered.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        client: Client,
    ) -> Response<ResponseBody> {
        let (method, begun) = (request.method().clone(), Instant::now());
        let id = request_id::of(request.headers());
        let in_flight = self.metrics.in_flight.hold();
        let mut pending = Pending(Some(&self.metrics));
        let (source, mut response) = match self.try_answer(request, client).await {
            Ok(response) => (Source::Guest, response),
            Err(refusal) => {
                self.metrics.refusals.of(refusal).add(1);
                let id = id.or_else(request_id::fresh);
                (Source::Host, refusal.response(&self.answer_headers, id))
            }
        };
        pending.0 = None;
        response.body_mut().in_flight = Some(in_flight);
        let (status, duration) = (response.status(), begun.elapsed());
        self.metrics.responses.observe(source, status, duration);
        // Not the path: it may hold secrets.
        tracing::debug!(
            request.id = response.headers().get(request_id::REQUEST_ID).and_then(|id| id.to_str().ok()),
            http.method = %method,
            http.status = status.as_u16(),
            http.duration_us = duration.as_micros(),
            "answered"
        );
        response
    }

    async fn try_answer(
        &self,
        mut request: Request<Incoming>,
        client: Client,
    ) -> Result<Response<ResponseBody>, Refusal> {
        if !framing::fits(&request) {
            return Err(Refusal::Head);
        }
        framing::check(&request).map_err(Refusal::Framing)?;
        if framing::length(request.headers()).is_some_and(|length| length > self.limits().body) {
            return Err(Refusal::TooLarge);
        }
        let address = self.trusted.client(client.peer, request.headers());
        framing::prepare(request.headers_mut(), address);
        if self.closed.load(Relaxed) {
            return Err(Refusal::Starting);
        }
        let (request, admitted) = self.admit_to(request).await?;
        let method = request.method().clone();
        let too_large = Arc::new(AtomicBool::new(false));
        let (answer, run) = self.run(request, client.scheme, admitted, too_large.clone())?;
        // From here on a client that leaves takes its guest with it.
        let watched = Watched::new(run);
        let answer = answer.await;
        if too_large.load(Relaxed) {
            return Err(Refusal::TooLarge);
        }
        match answer {
            Ok(Ok(response)) => Ok(watched.release(response, &method)),
            Ok(Err(code)) => {
                tracing::warn!(error.code = ?code, "the guest answered with an error");
                Err(Refusal::Failed)
            }
            Err(_) => Err(watched.refusal()),
        }
    }

    /// Waits for a slot of the path, if it is limited, and then for a place, not longer
    /// than the limits say. Below a limited path the body comes first: a slot is for
    /// computing, and who sends slowly must not keep it from others.
    async fn admit_to(
        &self,
        request: Request<Incoming>,
    ) -> Result<(Request<Inflow>, Admitted), Refusal> {
        let deadline = || tokio::time::Instant::now() + self.limits().queue_time;
        let path = request.uri().path();
        let lane = self.paths.as_ref().and_then(|paths| paths.find(path));
        let (request, slot, turn) = match lane {
            None => (request.map(Inflow::Incoming), None, deadline()),
            Some(lane) => {
                let (head, body) = request.into_parts();
                let body = gather(body, deadline()).await?;
                let turn = deadline();
                let slot = lane.enter(turn).await?;
                let body = Inflow::Gathered(Full::new(body));
                (Request::from_parts(head, body), Some(slot), turn)
            }
        };
        let waiting = self.metrics.waiting.hold();
        let place = timeout_at(turn, self.places.clone().acquire_owned()).await;
        drop(waiting);
        match place {
            Ok(Ok(place)) => Ok((
                request,
                Admitted {
                    slot,
                    _place: place,
                },
            )),
            _ => Err(Refusal::Busy),
        }
    }

    /// Starts a guest in a task of its own, since it may go on after its answer.
    fn run(
        &self,
        request: Request<Inflow>,
        scheme: Scheme,
        admitted: Admitted,
        too_large: Arc<AtomicBool>,
    ) -> Result<(Answer, Run), Refusal> {
        let limits = *self.limits();
        let (clock, background) = match (&self.paths, &admitted.slot) {
            (Some(paths), Some(_)) => (Clock::Thread, Some(&paths.background)),
            _ => (Clock::Passing, None),
        };
        let meter = self.bundle.ticker.meter(limits.cpu_ticks(), clock);
        let mut store = self.store(&meter);
        let request =
            request.map(|body| RequestBody::new(body, limits.body, limits.body_pause, too_large));
        let (sender, answer) = oneshot::channel();
        let resources = store
            .data_mut()
            .http()
            .new_incoming_request(scheme, request)
            .and_then(|request| {
                Ok((
                    request,
                    store.data_mut().http().new_response_outparam(sender)?,
                ))
            });
        let (request, out) = resources.map_err(|error| {
            tracing::error!(
                error.message = format!("{error:#}"),
                "cannot hand over a request"
            );
            Refusal::Failed
        })?;
        let (proxy, failure) = (self.proxy.clone(), Arc::new(OnceLock::new()));
        let outcome = failure.clone();
        let task = async move {
            let guest = Metered::new(meter, async {
                let instance = proxy.instantiate_async(&mut store).await?;
                instance
                    .wasi_http_incoming_handler()
                    .call_handle(&mut store, request, out)
                    .await
            });
            let result = timeout(limits.time, guest).await;
            // Before the store goes, and the channels in it close.
            if let Some(failed) = failed(result, &store) {
                let _ = outcome.set(failed);
            }
            drop(store);
            drop(admitted);
        };
        let task = match background {
            Some(background) => background.spawn(task),
            None => tokio::spawn(task).abort_handle(),
        };
        Ok((answer, Run::new(task, failure)))
    }
}
