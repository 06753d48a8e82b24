//! A bundle that answers requests: one fresh instance each.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;
use wasmtime::component::Linker;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::bindings::hosted::HostedPre;
use crate::bindings::variables::fermyon::spin::variables;
use crate::body::{RequestBody, ResponseBody};
use crate::guest::{Run, Watched, failed};
use crate::meter::{Meter, Metered, out_of_cpu};
use crate::outbound::{Outbound, OutboundOptions};
use crate::problem::Refusal;
use crate::variables::HasVariables;
use crate::{Bundle, Capabilities, HostError, Limits, RequestState, Variables, framing};

/// What a host needs beside its bundle.
#[derive(Clone, Debug, Default)]
pub struct HostOptions {
    /// What `fermyon:spin/variables` answers.
    pub variables: Variables,
    /// Where guests may connect to.
    pub outbound: OutboundOptions,
    /// Fields of every answer the host gives by itself.
    pub answer_headers: Vec<(HeaderName, HeaderValue)>,
}

/// Whether requests reach the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// They do.
    Open,
    /// They are answered with 503, since the bundle's start has not succeeded: what
    /// it would serve now may be what it must not serve any more.
    Closed,
}

/// A bundle that is linked and ready to answer requests.
pub struct Host<C: Capabilities> {
    pub(crate) bundle: Arc<Bundle>,
    pub(crate) hosted: Option<HostedPre<RequestState<C::State>>>,
    proxy: ProxyPre<RequestState<C::State>>,
    capabilities: C,
    variables: Variables,
    outbound: Arc<Outbound>,
    answer_headers: Vec<(HeaderName, HeaderValue)>,
    places: Arc<Semaphore>,
    closed: AtomicBool,
}

impl<C: Capabilities> Host<C> {
    /// Links a bundle with everything it imports.
    ///
    /// # Errors
    /// [`HostError::Link`] if an import is missing or the bundle does not export
    /// `wasi:http/incoming-handler`.
    pub fn new(
        bundle: &Arc<Bundle>,
        capabilities: C,
        options: HostOptions,
    ) -> Result<Self, HostError> {
        let linker = linker::<C>(bundle).map_err(HostError::Link)?;
        let instance = linker
            .instantiate_pre(&bundle.component)
            .map_err(HostError::Link)?;
        Ok(Self {
            hosted: HostedPre::new(instance.clone()).ok(),
            proxy: ProxyPre::new(instance).map_err(HostError::Link)?,
            capabilities,
            variables: options.variables,
            outbound: Arc::new(Outbound::new(options.outbound)?),
            answer_headers: options.answer_headers,
            places: Arc::new(Semaphore::new(bundle.limits.concurrent_requests as usize)),
            closed: AtomicBool::new(false),
            bundle: bundle.clone(),
        })
    }

    /// Lets requests through to the bundle, or not. Open at first.
    pub fn admit(&self, admission: Admission) {
        self.closed.store(admission == Admission::Closed, Relaxed);
    }

    /// Tells the outgoing client where this host itself listens, so that guests
    /// do not reach it.
    pub fn set_own_address(&self, address: SocketAddr) {
        self.outbound.set_own_address(address);
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.bundle.limits
    }

    /// A store whose guest may compute for so many ticks.
    pub(crate) fn store(&self, cpu_ticks: u64) -> (Store<RequestState<C::State>>, Meter) {
        let state = RequestState::new(
            self.capabilities.state(),
            self.variables.clone(),
            self.outbound.clone(),
            self.limits().memory,
        );
        store(&self.bundle, state, cpu_ticks)
    }

    /// Answers one request; never fails, since the client is always answered.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<ResponseBody> {
        let (method, begun) = (request.method().clone(), Instant::now());
        let response = match self.try_answer(request, peer).await {
            Ok(response) => response,
            Err(refusal) => refusal.response(&self.answer_headers),
        };
        // Not the path: it may hold secrets.
        tracing::debug!(
            http.method = %method,
            http.status = response.status().as_u16(),
            http.duration_us = begun.elapsed().as_micros(),
            "answered"
        );
        response
    }

    async fn try_answer(
        &self,
        mut request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response<ResponseBody>, Refusal> {
        framing::check(&request).map_err(Refusal::Framing)?;
        if framing::length(request.headers()).is_some_and(|length| length > self.limits().body) {
            return Err(Refusal::TooLarge);
        }
        framing::prepare(request.headers_mut(), peer);
        if self.closed.load(Relaxed) {
            return Err(Refusal::Starting);
        }
        let place = self.place().await?;
        let method = request.method().clone();
        let too_large = Arc::new(AtomicBool::new(false));
        let (answer, run) = self.run(request, place, too_large.clone())?;
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

    /// Waits until no guest runs any more.
    pub(crate) async fn idle(&self) {
        // Never closed, so this waits for all places.
        let _ = self
            .places
            .acquire_many(self.limits().concurrent_requests)
            .await;
    }

    /// Waits for a place, not longer than the limits say.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let places = self.places.clone();
        match timeout(self.limits().queue_time, places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Refusal::Busy),
        }
    }

    /// Starts a guest in a task of its own, since it may go on after its answer.
    fn run(
        &self,
        request: Request<Incoming>,
        place: OwnedSemaphorePermit,
        too_large: Arc<AtomicBool>,
    ) -> Result<(Answer, Run), Refusal> {
        let limits = *self.limits();
        let (mut store, meter) = self.store(limits.cpu_ticks());
        let request =
            request.map(|body| RequestBody::new(body, limits.body, limits.body_pause, too_large));
        let (sender, answer) = oneshot::channel();
        let resources = store
            .data_mut()
            .http()
            .new_incoming_request(Scheme::Http, request)
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
        let task = tokio::spawn(async move {
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
            drop(place);
        });
        Ok((answer, Run::new(task.abort_handle(), failure)))
    }
}

type Answer = oneshot::Receiver<Result<Response<HyperOutgoingBody>, ErrorCode>>;

/// A store in which a guest may compute for so many ticks.
pub(crate) fn store<S: 'static>(
    bundle: &Bundle,
    state: RequestState<S>,
    cpu_ticks: u64,
) -> (Store<RequestState<S>>, Meter) {
    let mut store = Store::new(&bundle.engine, state);
    let meter = bundle.ticker.meter(cpu_ticks);
    let watch = meter.clone();
    store.limiter(|state| &mut state.memory);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| match watch.exhausted() {
        true => Err(out_of_cpu()),
        // Others get their turn once per tick.
        false => Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(tokio::task::yield_now()),
        )),
    });
    (store, meter)
}

/// Everything that can be imported from the host.
pub(crate) fn linker<C: Capabilities>(
    bundle: &Bundle,
) -> wasmtime::Result<Linker<RequestState<C::State>>> {
    let mut linker = Linker::new(&bundle.engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    variables::add_to_linker::<_, HasVariables>(
        &mut linker,
        |state: &mut RequestState<C::State>| &mut state.variables,
    )?;
    C::link(&mut linker)?;
    Ok(linker)
}
