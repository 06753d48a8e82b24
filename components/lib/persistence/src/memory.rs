//! The repositories in memory: the same behaviour without a database, for native tests
//! of what stands above. Nothing is durable.

mod access;
mod acts;
mod agents;
mod circuits;
mod credentials;
mod held;
mod intents;
mod issuers;
mod ledger;
mod lockouts;
mod notifications;
mod operators;
mod policies;
mod records;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use vectra_domain::repository::{Result, Schema};
use vectra_domain::{
    Act, ActId, ActOutcome, Agent, AgentAccess, AgentHistory, AgentId, AuditId, AuditRecord,
    Credential, CredentialId, Failures, HistoryId, Operator, OperatorId, PersistenceError, Policy,
    Timestamp,
};

use crate::SCHEMA_VERSION;

/// Every port of [`vectra_domain::repository`] in memory. Clones share their rows.
#[derive(Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
}

/// The tables.
#[derive(Default)]
struct State {
    version: Option<u32>,
    agents: BTreeMap<AgentId, Agent>,
    history: BTreeMap<HistoryId, AgentHistory>,
    audit: BTreeMap<AuditId, AuditRecord>,
    activity: BTreeMap<(AgentId, Span, Timestamp), Counters>,
    /// How often what was decided, by the name of the counter.
    decisions: BTreeMap<String, u64>,
    /// Answers of classifiers by key, and until when they hold.
    intents: BTreeMap<u16, (String, String, Timestamp)>,
    /// Revisions by name, oldest first.
    policies: BTreeMap<String, Vec<Policy>>,
    held: held::Held,
    credentials: BTreeMap<CredentialId, Credential>,
    access: BTreeMap<AgentId, AgentAccess>,
    operators: BTreeMap<OperatorId, Operator>,
    acts: BTreeMap<ActId, (Act, Option<ActOutcome>)>,
    /// The subject of each place and its failures.
    lockouts: BTreeMap<u16, (String, Failures)>,
    issuers: BTreeMap<String, issuers::Issuer>,
    circuits: circuits::Circuits,
    failure: Option<PersistenceError>,
    calls: u64,
}

/// Length of an activity bucket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Span {
    Minute,
    Hour,
}

/// What is counted in a bucket.
#[derive(Clone, Copy, Default)]
struct Counters {
    requests: u32,
    violations: u32,
    refused: u32,
}

impl Memory {
    /// A database whose tables are made.
    #[must_use]
    pub fn new() -> Self {
        let memory = Self::default();
        memory.with(|state| state.version = Some(SCHEMA_VERSION));
        memory
    }

    /// A database without tables: every call but `ensure` fails with
    /// [`PersistenceError::SchemaMissing`].
    #[must_use]
    pub fn bare() -> Self {
        Self::default()
    }

    /// Makes every call from now on fail with `failure` and change nothing; with
    /// `None` they work again.
    pub fn fail(&self, failure: Option<PersistenceError>) {
        self.with(|state| state.failure = failure);
    }

    /// How many repository calls were made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.with(|state| state.calls)
    }

    /// How many requests of this agent a limit refused in the minute of `at`.
    #[must_use]
    pub fn refused(&self, agent: AgentId, at: Timestamp) -> u32 {
        let key = (agent, Span::Minute, at.floor(Timestamp::MINUTE));
        self.with(|state| {
            state
                .activity
                .get(&key)
                .map_or(0, |counters| counters.refused)
        })
    }

    /// A panic elsewhere does not make the rows unreadable.
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs one repository call on tables that are there.
    fn call<T>(&self, work: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        self.with(|state| {
            state.calls = state.calls.saturating_add(1);
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            if state.version.is_none() {
                return Err(PersistenceError::SchemaMissing);
            }
            work(state)
        })
    }
}

impl Schema for Memory {
    fn ensure(&self) -> Result<u32> {
        self.with(|state| match &state.failure {
            Some(_) => {}
            None => state.version = Some(SCHEMA_VERSION),
        });
        self.version()
    }

    fn version(&self) -> Result<u32> {
        self.call(|state| state.version.ok_or(PersistenceError::SchemaMissing))
    }
}

/// The first `limit` of them.
fn take<T>(limit: i64, items: impl Iterator<Item = T>) -> Vec<T> {
    items.take(usize::try_from(limit).unwrap_or(0)).collect()
}

/// Takes these rows out and says how many there were.
fn remove<K: Ord, V>(rows: &mut BTreeMap<K, V>, keys: &[K]) -> u32 {
    let found = keys.iter().filter(|key| rows.remove(key).is_some()).count();
    u32::try_from(found).unwrap_or(u32::MAX)
}

/// Adds a row unless its key is taken.
fn insert<K: Ord, V>(rows: &mut BTreeMap<K, V>, key: K, column: &str, row: V) -> Result<()> {
    if rows.contains_key(&key) {
        return Err(PersistenceError::Conflict(column.to_owned()));
    }
    rows.insert(key, row);
    Ok(())
}
