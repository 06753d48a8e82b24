//! What is refused of origins and of what is told of them.

use vectra_domain::repository::Result;
use vectra_domain::{AuditTrail, CircuitRule, Origin, Probe, Report};

use super::{invalid, sized};

/// Longest host of an origin, in characters (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;

/// Most failures that a circuit may wait for.
const MAX_THRESHOLD: u32 = 1_000;

pub(super) fn probe(probe: &Probe, audit: &AuditTrail) -> Result<()> {
    origin(&probe.origin)?;
    if probe.lease_until <= audit.timestamp {
        return invalid("the lease of a probe ends before it begins");
    }
    if probe.own_until < probe.lease_until {
        return invalid("who claims a probe may try again before its lease ends");
    }
    Ok(())
}

/// Checks where a request is to go.
pub(crate) fn origin(origin: &Origin) -> Result<()> {
    if !matches!(origin.scheme.as_str(), "http" | "https") {
        return invalid("the scheme of an origin is neither `http` nor `https`");
    }
    sized("UpstreamCircuit.Origin", &origin.host, MAX_HOST)
}

/// Checks a report to circuits.
pub(crate) fn report(report: &Report, rule: CircuitRule) -> Result<()> {
    origin(&report.origin)?;
    if report.agent_id.uuid().is_nil() {
        return invalid("no agent has the id of all");
    }
    if !(1..=MAX_THRESHOLD).contains(&rule.threshold) {
        return invalid(format!(
            "threshold {} is not from 1 to {MAX_THRESHOLD}",
            rule.threshold
        ));
    }
    Ok(())
}
