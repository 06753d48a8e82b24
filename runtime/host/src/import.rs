//! A bundle that brings over what another program kept. The host calls it step by
//! step and learns nothing of what it brings.

use std::sync::Arc;

use crate::bindings::importer::HostedImporterPre;
use crate::host::{linker, store};
use crate::hosted::{CPU, TIME, bounded, concluded};
use crate::limits::ticks;
use crate::meter::Clock;
use crate::metrics::Metrics;
use crate::outbound::{Outbound, OutboundOptions};
use crate::{Bundle, Capabilities, HostError, HostedError, RequestState, Variables};

pub use crate::bindings::importer::exports::vectra::gateway::importer::{
    Count, Note, Progress as ImportProgress,
};

/// A linked bundle with the export `vectra:gateway/importer`.
pub struct Importer<C: Capabilities> {
    bundle: Arc<Bundle>,
    importer: HostedImporterPre<RequestState<C::State>>,
    capabilities: C,
    variables: Variables,
    outbound: Arc<Outbound>,
}

impl<C: Capabilities> Importer<C> {
    /// Links a bundle with everything it imports. It may connect to public addresses
    /// only.
    ///
    /// # Errors
    /// [`HostError::Link`] if an import is missing or the bundle does not export
    /// the interface.
    pub fn new(
        bundle: &Arc<Bundle>,
        capabilities: C,
        variables: Variables,
    ) -> Result<Self, HostError> {
        let linker = linker::<C>(bundle).map_err(HostError::Link)?;
        let instance = linker
            .instantiate_pre(&bundle.component)
            .map_err(HostError::Link)?;
        Ok(Self {
            importer: HostedImporterPre::new(instance).map_err(HostError::Link)?,
            outbound: Arc::new(Outbound::new(
                OutboundOptions::default(),
                Arc::<Metrics>::default(),
            )?),
            capabilities,
            variables,
            bundle: bundle.clone(),
        })
    }

    /// `importer.step` in an instance of its own: at most `budget` rows from a
    /// position on; none is the beginning.
    ///
    /// # Errors
    /// [`HostedError`] if it did not come to its end, or answered with an error. What
    /// it had done by then is kept, and the step may be repeated.
    pub async fn step(
        &self,
        from: Option<&str>,
        budget: u32,
    ) -> Result<ImportProgress, HostedError> {
        let state = RequestState::new(
            self.capabilities.state(),
            self.variables.clone(),
            self.outbound.clone(),
            self.bundle.limits.memory,
        );
        let meter = self.bundle.ticker.meter(ticks(CPU), Clock::Passing);
        let mut store = store(&self.bundle, state, &meter);
        let ended = bounded(TIME, meter, async {
            let instance = self.importer.instantiate_async(&mut store).await?;
            instance
                .vectra_gateway_importer()
                .call_step(&mut store, from, budget)
                .await
        })
        .await;
        concluded(ended, &store)?.map_err(HostedError::Refused)
    }
}
