//! Whether an upstream is worth a try, and what is reported of a try. The rule by which
//! circuits open and close stands in `vectra:persistence/circuits`.

use http::StatusCode;
use vectra_domain::{
    AgentId, Circuit, CircuitState, Errand, Fate, Origin, Probe, Report, Timestamp,
};

use crate::gateway::Gateway;
use crate::ports::UpstreamError;
use crate::problem::{Kind, Refusal};

/// How a request passes the circuits of its origin.
pub(super) struct Passage {
    origin: Origin,
    errand: Errand,
    /// Whether a success has something to mend.
    blemished: bool,
}

impl<U> Gateway<'_, U> {
    /// Passes what the circuits let through. A probe still has to be claimed, which
    /// recording does.
    pub(super) fn passage(
        &self,
        origin: Origin,
        circuit: Option<Circuit>,
        now: Timestamp,
    ) -> Result<Passage, Refusal> {
        let circuit = circuit.filter(|_| self.settings.circuits.is_some());
        let errand = match circuit {
            None => Errand::Ordinary,
            Some(Circuit {
                state: CircuitState::Closed,
                ..
            }) => Errand::Ordinary,
            // A half-open circuit's time is the end of its probe's lease.
            Some(Circuit { opens_at, .. }) => match opens_at {
                Some(opens_at) if now < opens_at => {
                    return Err(closed_to_all(&origin.host, seconds(now, opens_at)));
                }
                _ => Errand::Probe,
            },
        };
        Ok(Passage {
            origin,
            errand,
            blemished: circuit.is_some(),
        })
    }

    /// The probe to claim, if this request is to be one. Should it claim the one for all,
    /// the agent waits for as long again as a circuit stays open, so that others may try.
    pub(super) fn probe(&self, passage: &Passage, now: Timestamp) -> Option<Probe> {
        let circuits = self.settings.circuits.as_ref()?;
        let micros = |seconds: u32| i64::from(seconds).saturating_mul(Timestamp::SECOND);
        let lease_until = now.plus(micros(circuits.probe_lease));
        (passage.errand == Errand::Probe).then(|| Probe {
            origin: passage.origin.clone(),
            lease_until,
            own_until: lease_until.plus(micros(circuits.rule.open)),
        })
    }

    /// Reports how a request fared. What is ordinary leaves no trace: only failures,
    /// and what mends them. A report that is lost is logged; the lease of a probe ends
    /// by itself.
    pub(super) fn report(&self, passage: Passage, agent_id: AgentId, fate: Fate) {
        let Some(circuits) = &self.settings.circuits else {
            return;
        };
        if fate == Fate::Answered && !passage.blemished {
            return;
        }
        let report = Report {
            origin: passage.origin,
            agent_id,
            fate,
            errand: passage.errand,
            now: self.ports.clock.now(),
        };
        if let Err(error) = self.ports.circuits.report(&report, circuits.rule) {
            let origin = &report.origin;
            self.log(&format!("circuit of {origin}: a report was lost: {error}"));
        }
    }
}

/// How a request fared: an answer of 500 or above, too late or none is a failure. What
/// the host did not let out says nothing of the origin, unless it was to be the probe.
pub(super) fn fate(answer: Result<StatusCode, &UpstreamError>, passage: &Passage) -> Option<Fate> {
    match answer {
        Ok(status) if status.is_server_error() => Some(Fate::Failed),
        Ok(_) => Some(Fate::Answered),
        Err(UpstreamError::Unreachable(_) | UpstreamError::NotSent(_)) => Some(Fate::Failed),
        Err(UpstreamError::Prohibited(_)) => {
            (passage.errand == Errand::Probe).then_some(Fate::Failed)
        }
    }
}

/// 503 until a probe may pass (OB §4.3).
pub(super) fn closed_to_all(host: &str, seconds: u32) -> Refusal {
    Refusal::new(Kind::CircuitOpen)
        .detail(format!("Upstream '{host}' is temporarily unavailable."))
        .retry_after(seconds)
}

/// Whole seconds from now until then, at least one.
fn seconds(now: Timestamp, then: Timestamp) -> u32 {
    let micros = then.micros().saturating_sub(now.micros()).max(1);
    let seconds = micros.saturating_add(Timestamp::SECOND - 1) / Timestamp::SECOND;
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
