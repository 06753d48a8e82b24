//! What the host keeps for one request.

use std::sync::Arc;

use vectra_metrics::Held;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::meter::MemoryBudget;
use crate::metrics::Metrics;
use crate::outbound::{Hooks, Outbound};
use crate::stdio::{LogStream, Stream};
use crate::variables::Variables;

/// Most handles a guest may hold at once.
const HANDLES: usize = 10_000;

/// The data of one request's store. `S` is the state of the caller's capabilities.
pub struct RequestState<S> {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    table: ResourceTable,
    pub(crate) variables: Variables,
    pub(crate) memory: MemoryBudget,
    capabilities: S,
    pub(crate) metrics: Arc<Metrics>,
    _instance: Held,
}

impl<S> RequestState<S> {
    pub(crate) fn new(
        capabilities: S,
        variables: Variables,
        outbound: Arc<Outbound>,
        memory: usize,
    ) -> Self {
        let wasi = WasiCtx::builder()
            .stdout(LogStream::new(Stream::Out))
            .stderr(LogStream::new(Stream::Err))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        let metrics = outbound.metrics.clone();
        metrics.instantiated.add(1);
        Self {
            wasi,
            http: WasiHttpCtx::new(),
            hooks: Hooks::new(outbound),
            table,
            variables,
            memory: MemoryBudget::new(memory),
            capabilities,
            _instance: metrics.instances.hold(),
            metrics,
        }
    }

    /// The capabilities' state, with the table their resources live in.
    pub fn capabilities(&mut self) -> (&mut S, &mut ResourceTable) {
        (&mut self.capabilities, &mut self.table)
    }
}

impl<S: Send> WasiView for RequestState<S> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl<S: Send> WasiHttpView for RequestState<S> {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
