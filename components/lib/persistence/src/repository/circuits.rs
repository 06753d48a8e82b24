//! `vectra:persistence/circuits`.

use vectra_domain::repository::{CircuitRepository, Result};
use vectra_domain::{
    AgentId, CircuitChange, CircuitRule, Errand, Fate, Report, Timestamp, UpstreamCircuit,
};

use super::Repositories;
use crate::bind::Bind;
use crate::filter::{Filter, Kind, Order};
use crate::row::unexpected;
use crate::{Database, check, mapping};

/// Stands in the database for the agent of the circuit for all.
const ALL_AGENTS: &str = "00000000-0000-0000-0000-000000000000";

/// What a rule means for a report of now.
pub(crate) struct Moments {
    /// Failures count from here on.
    pub(crate) since: Timestamp,
    /// When a circuit that opens now may be probed.
    pub(crate) opens_at: Timestamp,
    /// When by the agent that failed with the probe for all: the others come first.
    pub(crate) own_opens_at: Timestamp,
}

impl Moments {
    pub(crate) fn at(now: Timestamp, rule: CircuitRule) -> Self {
        let seconds = |seconds: u32| i64::from(seconds) * Timestamp::SECOND;
        Self {
            since: now.plus(-seconds(rule.window)),
            opens_at: now.plus(seconds(rule.open)),
            own_opens_at: now.plus(2 * seconds(rule.open)),
        }
    }
}

impl<D: Database> CircuitRepository for Repositories<D> {
    fn report(&self, report: &Report, rule: CircuitRule) -> Result<()> {
        check::report(report, rule)?;
        let moments = Moments::at(report.now, rule);
        let bind = Bind::new()
            .text("UpstreamCircuit.Origin", &report.origin.to_string())
            .id(report.agent_id)
            .integer(i64::from(report.fate == Fate::Failed))
            .integer(i64::from(report.errand == Errand::Probe))
            .time(report.now)
            .time(moments.since)
            .time(moments.opens_at)
            .time(moments.own_opens_at)
            .integer(i64::from(rule.threshold))
            .integer(i64::from(rule.share()));
        self.rows(self.dialect.circuits.report, bind.finish()?)
            .map(drop)
    }

    fn list(
        &self,
        after: Option<&(String, Option<AgentId>)>,
        limit: u32,
    ) -> Result<Vec<UpstreamCircuit>> {
        let limit = check::limit(limit)?;
        let mut filter = Filter::new(self.dialect, self.dialect.circuits.list);
        if let Some((origin, agent)) = after {
            let columns = [("Origin", Kind::Text), ("AgentId", Kind::Id)];
            filter = filter.after(Order::Ascending, columns, |b| {
                b.text("UpstreamCircuit.Origin", origin)
                    .id(agent.map_or_else(|| ALL_AGENTS.to_owned(), String::from))
            });
        }
        let (statement, parameters) =
            filter.page(Order::Ascending, ["Origin", "AgentId"], limit)?;
        self.all(&statement, parameters, mapping::circuit)
    }

    fn list_changes(&self, before: Option<u64>, limit: u32) -> Result<Vec<CircuitChange>> {
        let before = before.and_then(|number| i64::try_from(number).ok());
        let bind = Bind::new()
            .integer(before.unwrap_or(i64::MAX))
            .integer(check::limit(limit)?);
        let statement = self.dialect.circuits.changes;
        self.all(statement, bind.finish()?, mapping::circuit_change)
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        let bind = Bind::new().time(before).integer(check::limit(limit)?);
        let row = self.first(self.dialect.circuits.prune, bind.finish()?)?;
        row.ok_or_else(|| unexpected("count"))?.count("count")
    }
}
