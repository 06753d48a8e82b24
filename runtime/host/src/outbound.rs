//! `wasi:http/outgoing-handler`: one pooled client for all guests, and the one
//! place that decides where they may connect to.
//!
//! A name is resolved here, *every* address it has is checked, and the connection
//! goes to a checked address, never to a name again. Addresses that are not on
//! the public internet are refused, unless `host:port` is in the list of those
//! that are allowed, as written in the URL.

mod address;
mod allowed;
mod client;
mod connect;
mod failure;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

pub use allowed::{Upstream, UpstreamError};
use client::Client;
pub(crate) use connect::ConnectError;
use connect::{Connector, Rules};

use crate::HostError;
use crate::metrics::Metrics;

/// Where guests may connect to.
#[derive(Clone, Debug, Default)]
pub struct OutboundOptions {
    /// Upstreams whose addresses may be anything, also loopback.
    pub allowed: Vec<Upstream>,
}

/// The outgoing client.
pub(crate) struct Outbound {
    client: Client,
    own_addresses: Arc<OnceLock<Vec<SocketAddr>>>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Outbound {
    pub(crate) fn new(options: OutboundOptions, metrics: Arc<Metrics>) -> Result<Self, HostError> {
        let own_addresses = Arc::new(OnceLock::new());
        let rules = Rules {
            allowed: options.allowed,
            own_addresses: own_addresses.clone(),
        };
        Ok(Self {
            client: Client::new(Connector::new(rules, metrics.clone()))?,
            own_addresses,
            metrics,
        })
    }

    pub(crate) fn set_own_addresses(&self, addresses: Vec<SocketAddr>) {
        // A second server of the same host changes nothing.
        let _ = self.own_addresses.set(addresses);
    }
}

/// The hooks of one request.
pub(crate) struct Hooks(Arc<Outbound>);

impl Hooks {
    pub(crate) fn new(outbound: Arc<Outbound>) -> Self {
        Self(outbound)
    }
}

/// What becomes of a connection once its response is there; nothing to do here.
type Rest = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: hyper::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Rest,
    ) -> Box<dyn Future<Output = Result<(hyper::Response<WasiBody>, Rest), Error>> + Send> {
        let outbound = self.0.clone();
        Box::new(async move {
            let metrics = &outbound.metrics;
            let (begun, in_flight) = (Instant::now(), metrics.outbound_in_flight.hold());
            let sent = outbound.client.send(request, options.unwrap_or_default());
            let sent = sent.await;
            drop(in_flight);
            match &sent {
                Ok(_) => metrics.outbound.observe(begun.elapsed()),
                Err(_) => metrics.outbound_failed.add(1),
            }
            let response = sent?;
            Ok((response, Box::new(async { Ok(()) }) as Rest))
        })
    }
}
