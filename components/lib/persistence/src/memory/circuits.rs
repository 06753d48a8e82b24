//! `vectra:persistence/circuits`.

use std::collections::BTreeMap;

use vectra_domain::repository::{CircuitRepository, Result};
use vectra_domain::{
    AgentId, Circuit, CircuitChange, CircuitRule, CircuitState, Errand, Fate, Probe, Report,
    Timestamp, UpstreamCircuit,
};

use super::{Memory, remove, take};
use crate::check;
use crate::repository::circuits::Moments;

/// Origin, and the agent; none for all.
type Key = (String, Option<AgentId>);

/// The circuits and the changes of their states.
#[derive(Default)]
pub(super) struct Circuits {
    rows: BTreeMap<Key, Row>,
    changes: BTreeMap<u64, CircuitChange>,
    last_number: u64,
}

#[derive(Clone, Copy)]
struct Row {
    state: CircuitState,
    failures: u32,
    window_start: Timestamp,
    opens_at: Option<Timestamp>,
    changed_at: Timestamp,
    /// Who holds the probe for all.
    claimed_by: Option<AgentId>,
}

impl Row {
    const fn closed(failures: u32, now: Timestamp) -> Self {
        Self {
            state: CircuitState::Closed,
            failures,
            window_start: now,
            opens_at: None,
            changed_at: now,
            claimed_by: None,
        }
    }

    fn is_closed(&self) -> bool {
        self.state == CircuitState::Closed
    }
}

/// The one for all comes first, as in the database.
fn both(origin: &str, agent: AgentId) -> [Key; 2] {
    [None, Some(agent)].map(|agent| (origin.to_owned(), agent))
}

impl Circuits {
    fn state(&self, key: &Key) -> CircuitState {
        let row = self.rows.get(key);
        row.map_or(CircuitState::Closed, |row| row.state)
    }

    /// Moves a circuit and keeps the change; one that closes is forgotten.
    fn move_to(
        &mut self,
        key: &Key,
        state: CircuitState,
        opens_at: Option<Timestamp>,
        now: Timestamp,
    ) {
        let before = self.state(key);
        if before != state {
            self.last_number = self.last_number.saturating_add(1);
            let change = CircuitChange {
                number: self.last_number,
                origin: key.0.clone(),
                agent_id: key.1,
                before,
                after: state,
                timestamp: now,
            };
            self.changes.insert(change.number, change);
        }
        if state == CircuitState::Closed {
            self.rows.remove(key);
            return;
        }
        let row = self.rows.entry(key.clone());
        let row = row.or_insert(Row::closed(0, now));
        (row.state, row.opens_at, row.changed_at) = (state, opens_at, now);
        row.claimed_by = None;
    }

    /// Both circuits as one; none if neither has a failure to its name.
    pub(super) fn of(&self, origin: &str, agent: AgentId) -> Option<Circuit> {
        let rows = both(origin, agent).map(|key| self.rows.get(&key).copied());
        let rows = || rows.iter().flatten();
        let any = |state| rows().any(|row| row.state == state);
        rows().next()?;
        let strict = [CircuitState::Open, CircuitState::HalfOpen];
        let state = strict.into_iter().find(|state| any(*state));
        Some(Circuit {
            state: state.unwrap_or(CircuitState::Closed),
            opens_at: rows().filter_map(|row| row.opens_at).max(),
        })
    }

    /// Until when a probe may not pass, if it may not.
    pub(super) fn in_the_way(
        &self,
        probe: &Probe,
        agent: AgentId,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let circuit = self.of(&probe.origin.to_string(), agent)?;
        circuit.opens_at.filter(|opens_at| *opens_at > now)
    }

    /// Takes the probe for all and that of the agent's own with it, or of its own alone,
    /// as far as they are not closed.
    pub(super) fn claim(&mut self, probe: &Probe, agent: AgentId, now: Timestamp) {
        let [all, own] = both(&probe.origin.to_string(), agent);
        let lease_until = Some(probe.lease_until);
        if self.state(&all) != CircuitState::Closed {
            self.move_to(&own, CircuitState::HalfOpen, Some(probe.own_until), now);
            self.move_to(&all, CircuitState::HalfOpen, lease_until, now);
            if let Some(row) = self.rows.get_mut(&all) {
                row.claimed_by = Some(agent);
            }
        } else if self.state(&own) != CircuitState::Closed {
            self.move_to(&own, CircuitState::HalfOpen, lease_until, now);
        }
    }

    /// Whether a circuit is half-open, and a report of the agent's probe moves it.
    fn moves(&self, key: &Key, agent: AgentId) -> bool {
        let row = self.rows.get(key);
        let row = row.filter(|row| row.state == CircuitState::HalfOpen);
        row.is_some_and(|row| key.1.is_some() || row.claimed_by == Some(agent))
    }

    fn failed(&mut self, origin: &str, report: &Report, rule: CircuitRule, moments: &Moments) {
        let now = report.now;
        let [all, own] = both(origin, report.agent_id);
        let row = self.rows.entry(own.clone()).or_insert(Row::closed(0, now));
        if row.is_closed() {
            if row.window_start < moments.since {
                (row.failures, row.window_start) = (0, now);
            }
            row.failures = row.failures.saturating_add(1);
            if row.failures >= rule.threshold {
                self.move_to(&own, CircuitState::Open, Some(moments.opens_at), now);
            }
        }
        if self.state(&all) == CircuitState::Closed && self.opens_for_all(origin, rule, moments) {
            self.move_to(&all, CircuitState::Open, Some(moments.opens_at), now);
        }
    }

    fn opens_for_all(&self, origin: &str, rule: CircuitRule, moments: &Moments) -> bool {
        let counted = self.rows.iter().filter(|((of, agent), row)| {
            of == origin && agent.is_some() && row.failures > 0 && row.window_start >= moments.since
        });
        let shares: Vec<u32> = counted
            .map(|(_, row)| row.failures.min(rule.share()))
            .collect();
        shares.len() >= 2 && shares.iter().sum::<u32>() >= rule.threshold
    }

    fn probe_failed(&mut self, origin: &str, report: &Report, moments: &Moments) {
        let [all, own] = both(origin, report.agent_id);
        let for_all = self.moves(&all, report.agent_id);
        if self.moves(&own, report.agent_id) {
            let opens_at = if for_all {
                moments.own_opens_at
            } else {
                moments.opens_at
            };
            self.move_to(&own, CircuitState::Open, Some(opens_at), report.now);
        }
        if for_all {
            self.move_to(&all, CircuitState::Open, Some(moments.opens_at), report.now);
        }
    }

    fn answered(&mut self, origin: &str, report: &Report) {
        let keys = both(origin, report.agent_id);
        if report.errand == Errand::Probe {
            let [all, _] = &keys;
            if self.moves(all, report.agent_id) {
                self.forget_failures(origin);
            }
            for key in &keys {
                if self.moves(key, report.agent_id) {
                    self.move_to(key, CircuitState::Closed, None, report.now);
                }
            }
        }
        for key in &keys {
            if self.state(key) == CircuitState::Closed {
                self.rows.remove(key);
            }
        }
    }

    /// Failures from before the circuit for all closed do not open it again.
    fn forget_failures(&mut self, origin: &str) {
        self.rows
            .retain(|(of, agent), row| of != origin || agent.is_none() || !row.is_closed());
        for ((of, _), row) in &mut self.rows {
            if of == origin {
                row.failures = 0;
            }
        }
    }
}

impl CircuitRepository for Memory {
    fn report(&self, report: &Report, rule: CircuitRule) -> Result<()> {
        check::report(report, rule)?;
        let origin = report.origin.to_string();
        let moments = Moments::at(report.now, rule);
        self.call(|state| {
            let circuits = &mut state.circuits;
            match (report.fate, report.errand) {
                (Fate::Failed, Errand::Ordinary) => {
                    circuits.failed(&origin, report, rule, &moments);
                }
                (Fate::Failed, Errand::Probe) => circuits.probe_failed(&origin, report, &moments),
                (Fate::Answered, _) => circuits.answered(&origin, report),
            }
            Ok(())
        })
    }

    fn list(
        &self,
        after: Option<&(String, Option<AgentId>)>,
        limit: u32,
    ) -> Result<Vec<UpstreamCircuit>> {
        let limit = check::limit(limit)?;
        if let Some((origin, _)) = after {
            check::text("UpstreamCircuit.Origin", origin)?;
        }
        self.call(|state| {
            let rows = state.circuits.rows.iter();
            let rows = rows.filter(|(key, _)| after.is_none_or(|after| *key > after));
            Ok(take(
                limit,
                rows.map(|((origin, agent_id), row)| UpstreamCircuit {
                    origin: origin.clone(),
                    agent_id: *agent_id,
                    state: row.state,
                    failures: row.failures,
                    opens_at: row.opens_at,
                    changed_at: row.changed_at,
                }),
            ))
        })
    }

    fn list_changes(&self, before: Option<u64>, limit: u32) -> Result<Vec<CircuitChange>> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let changes = state.circuits.changes.range(..before.unwrap_or(u64::MAX));
            Ok(take(limit, changes.rev().map(|(_, change)| change.clone())))
        })
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let Circuits { rows, changes, .. } = &mut state.circuits;
            let old = changes.iter().map(|(key, row)| (row.timestamp, *key));
            let old = oldest(old, before, limit);
            let removed = remove(changes, &old);
            let age = |row: &Row| row.opens_at.unwrap_or(row.window_start);
            let old = rows.iter().map(|(key, row)| (age(row), key.clone()));
            let old = oldest(old, before, limit);
            Ok(removed.saturating_add(remove(rows, &old)))
        })
    }
}

/// The keys of the `limit` oldest rows from before a time.
fn oldest<K: Ord>(
    rows: impl Iterator<Item = (Timestamp, K)>,
    before: Timestamp,
    limit: i64,
) -> Vec<K> {
    let mut old: Vec<_> = rows.filter(|(at, _)| *at < before).collect();
    old.sort();
    take(limit, old.into_iter().map(|(_, key)| key))
}
