//! A bundle that answers requests: one fresh instance each.

mod answer;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use hyper::header::{HeaderName, HeaderValue};
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use crate::bindings::hosted::HostedPre;
use crate::bindings::variables::fermyon::spin::variables;
use crate::meter::{Meter, out_of_cpu};
use crate::metrics::{Metrics, Scrape};
use crate::outbound::{Outbound, OutboundOptions};
use crate::paths::Paths;
use crate::variables::HasVariables;
use crate::{
    Bundle, Capabilities, HostError, Limits, PathLimit, PathLimitError, RequestState,
    TrustedProxies, Variables,
};
pub(crate) use answer::Client;

/// The package of what a bundle may export beside HTTP.
const HOSTED: &str = "vectra:gateway/";

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
    pub(crate) places: Arc<Semaphore>,
    /// One tick at a time; closed when the host stops.
    pub(crate) ticks: Semaphore,
    pub(crate) paths: Option<Paths>,
    trusted: TrustedProxies,
    pub(crate) closed: AtomicBool,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) scrape: Scrape,
}

impl<C: Capabilities> Host<C> {
    /// Links a bundle with everything it imports.
    ///
    /// # Errors
    /// [`HostError::Link`] if an import is missing, the bundle does not export
    /// `wasi:http/incoming-handler`, or what it exports of `vectra:gateway` is not what
    /// this host calls: then it must not be served as one that exports nothing of it.
    pub fn new(
        bundle: &Arc<Bundle>,
        capabilities: C,
        options: HostOptions,
    ) -> Result<Self, HostError> {
        let linker = linker::<C>(bundle).map_err(HostError::Link)?;
        let instance = linker
            .instantiate_pre(&bundle.component)
            .map_err(HostError::Link)?;
        let hosted = match HostedPre::new(instance.clone()) {
            Ok(hosted) => Some(hosted),
            Err(error) if bundle.exports_any_of(HOSTED) => return Err(HostError::Link(error)),
            Err(_) => None,
        };
        let metrics = Arc::<Metrics>::default();
        Ok(Self {
            hosted,
            proxy: ProxyPre::new(instance).map_err(HostError::Link)?,
            capabilities,
            variables: options.variables,
            outbound: Arc::new(Outbound::new(options.outbound, metrics.clone())?),
            answer_headers: options.answer_headers,
            places: Arc::new(Semaphore::new(bundle.limits.concurrent_requests as usize)),
            ticks: Semaphore::new(1),
            paths: None,
            trusted: TrustedProxies::default(),
            closed: AtomicBool::new(false),
            metrics,
            scrape: Scrape::default(),
            bundle: bundle.clone(),
        })
    }

    /// Lets requests through to the bundle, or not. Open at first.
    pub fn admit(&self, admission: Admission) {
        self.closed.store(admission == Admission::Closed, Relaxed);
    }

    /// Bounds the requests under way at once below these paths, and has their guests
    /// compute on threads of a lower priority. None at first.
    ///
    /// # Errors
    /// [`PathLimitError`], and what held before holds.
    pub fn limit_paths(&mut self, limits: Vec<PathLimit>) -> Result<(), PathLimitError> {
        self.paths = Paths::new(limits)?;
        Ok(())
    }

    /// Believes these peers who their clients are. Nobody at first.
    pub fn trust_proxies(&mut self, trusted: TrustedProxies) {
        self.trusted = trusted;
    }

    /// Tells the outgoing client where this host itself listens, so that guests
    /// do not reach it.
    pub fn set_own_addresses(&self, addresses: Vec<SocketAddr>) {
        self.outbound.set_own_addresses(addresses);
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.bundle.limits
    }

    /// A store whose guest may compute until the meter is exhausted.
    pub(crate) fn store(&self, meter: &Meter) -> Store<RequestState<C::State>> {
        let state = RequestState::new(
            self.capabilities.state(),
            self.variables.clone(),
            self.outbound.clone(),
            self.limits().memory,
        );
        store(&self.bundle, state, meter)
    }

    /// Waits until no guest runs any more; no tick begins from here on.
    pub(crate) async fn idle(&self) {
        // Never closed, so this waits for all places.
        let _ = self
            .places
            .acquire_many(self.limits().concurrent_requests)
            .await;
        let _ = self.ticks.acquire().await;
        self.ticks.close();
    }
}

/// A store in which a guest may compute until the meter is exhausted.
pub(crate) fn store<S: 'static>(
    bundle: &Bundle,
    state: RequestState<S>,
    meter: &Meter,
) -> Store<RequestState<S>> {
    let mut store = Store::new(&bundle.engine, state);
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
    store
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
