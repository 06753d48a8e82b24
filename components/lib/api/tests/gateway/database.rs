//! The repositories in memory, which may be told to fail.

#[path = "database/callers.rs"]
mod callers;
#[path = "database/circuits.rs"]
mod circuits;
#[path = "database/held.rs"]
mod held;
#[path = "database/intents.rs"]
mod intents;

use std::cell::{Cell, RefCell};

use vectra_domain::repository::{
    AgentHistoryRepository, AgentPage, AgentRepository, AuditPage, AuditRange, AuditRepository,
    Ledger, PolicyRepository, RefusalsPage, Result, Schema,
};
use vectra_domain::{
    Agent, AgentChange, AgentHistory, AgentId, AuditId, AuditOutcome, AuditRecord, AuditTrail,
    Context, Counter, Entry, HeldRequest, PersistenceError, Policy, PolicySource, PutResult, Query,
    Recorded, Refusals, Timestamp,
};
use vectra_persistence::memory::Memory;

/// Which calls fail.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    /// The nth from now on, from 1.
    Nth(usize),
    /// Every one of this name.
    Call(&'static str),
}

/// Whether a call that fails has done its work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Manner {
    Before,
    After,
}

pub struct Database {
    memory: Memory,
    plan: RefCell<Option<(Place, PersistenceError, Manner)>>,
    calls: RefCell<Vec<&'static str>>,
    /// The most bytes that one read of explanations gives.
    pub bound: Cell<usize>,
    /// What somebody has written into the tables past the gateway.
    pub forgery: Forgery,
}

/// Changes a row.
type Rewriting<T> = Box<dyn Fn(&mut T)>;

/// Changes rows as they are read.
#[derive(Default)]
pub struct Forgery {
    pub held: RefCell<Option<Rewriting<HeldRequest>>>,
    pub audit: RefCell<Option<Rewriting<AuditRecord>>>,
}

impl Database {
    pub fn new(memory: Memory) -> Self {
        Self {
            memory,
            plan: RefCell::default(),
            calls: RefCell::default(),
            bound: Cell::new(usize::MAX),
            forgery: Forgery::default(),
        }
    }

    /// Makes calls fail; a missing table is there once `schema.ensure` was called.
    pub fn fail(&self, place: Place, failure: PersistenceError, manner: Manner) {
        self.calls.borrow_mut().clear();
        self.plan.replace(Some((place, failure, manner)));
    }

    /// Makes every call work again.
    pub fn mend(&self) {
        self.plan.replace(None);
    }

    /// The calls since they were asked for, or made to fail, the last time.
    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.take()
    }

    fn call<T>(&self, name: &'static str, work: impl FnOnce(&Memory) -> Result<T>) -> Result<T> {
        let nth = {
            let mut calls = self.calls.borrow_mut();
            calls.push(name);
            calls.len()
        };
        let plan = self.plan.borrow().clone();
        let hit = |place: Place| place == Place::Nth(nth) || place == Place::Call(name);
        match plan {
            Some((place, failure, manner)) if hit(place) => {
                if manner == Manner::After {
                    let _ = work(&self.memory);
                }
                Err(failure)
            }
            Some((_, PersistenceError::SchemaMissing, _)) if name == "schema.ensure" => {
                self.plan.replace(None);
                work(&self.memory)
            }
            _ => work(&self.memory),
        }
    }
}

impl Schema for Database {
    fn ensure(&self) -> Result<u32> {
        self.call("schema.ensure", Schema::ensure)
    }

    fn version(&self) -> Result<u32> {
        self.call("schema.version", Schema::version)
    }
}

impl AgentRepository for Database {
    fn insert(&self, agent: &Agent) -> Result<()> {
        self.call("agents.insert", |memory| memory.insert(agent))
    }

    fn find(&self, id: AgentId) -> Result<Option<Agent>> {
        self.call("agents.find", |memory| AgentRepository::find(memory, id))
    }

    fn update(&self, id: AgentId, change: &AgentChange) -> Result<Agent> {
        self.call("agents.update", |memory| memory.update(id, change))
    }

    fn delete(&self, id: AgentId, now: Timestamp) -> Result<()> {
        self.call("agents.delete", |memory| memory.delete(id, now))
    }

    fn list(&self, page: &AgentPage) -> Result<Vec<Agent>> {
        self.call("agents.list", |memory| AgentRepository::list(memory, page))
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        self.call("agents.prune", |memory| {
            AgentRepository::prune(memory, before, limit)
        })
    }
}

impl AgentHistoryRepository for Database {
    fn append(&self, entry: &AgentHistory) -> Result<()> {
        self.call("history.append", |memory| {
            AgentHistoryRepository::append(memory, entry)
        })
    }

    fn recent(&self, agent: AgentId, since: Timestamp, limit: u32) -> Result<Vec<AgentHistory>> {
        self.call("history.recent", |memory| {
            memory.recent(agent, since, limit)
        })
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        self.call("history.prune", |memory| {
            AgentHistoryRepository::prune(memory, before, limit)
        })
    }
}

impl AuditRepository for Database {
    fn append(&self, entry: &AuditTrail, explanation: &str) -> Result<()> {
        self.call("audit.append", |memory| {
            AuditRepository::append(memory, entry, explanation)
        })
    }

    fn complete(&self, id: AuditId, outcome: &AuditOutcome) -> Result<()> {
        self.call("audit.complete", |memory| {
            AuditRepository::complete(memory, id, outcome)
        })
    }

    fn find(&self, id: AuditId) -> Result<Option<AuditRecord>> {
        let mut found = self.call("audit.find", |memory| AuditRepository::find(memory, id))?;
        if let (Some(record), Some(forge)) = (&mut found, &*self.forgery.audit.borrow()) {
            forge(record);
        }
        Ok(found)
    }

    fn list(&self, page: &AuditPage) -> Result<Vec<AuditTrail>> {
        self.call("audit.list", |memory| AuditRepository::list(memory, page))
    }

    fn range(&self, range: &AuditRange) -> Result<Vec<(AuditTrail, String)>> {
        let rows = self.call("audit.range", |memory| memory.range(range))?;
        let bytes: usize = rows.iter().map(|(_, explanation)| explanation.len()).sum();
        if bytes > self.bound.get() {
            return Err(PersistenceError::Other("too large".to_owned()));
        }
        Ok(rows)
    }
}

impl PolicyRepository for Database {
    fn put(&self, policy: &Policy) -> Result<PutResult> {
        self.call("policies.put", |memory| memory.put(policy))
    }

    fn find(&self, name: &str, revision: Option<u32>) -> Result<Option<Policy>> {
        self.call("policies.find", |memory| {
            PolicyRepository::find(memory, name, revision)
        })
    }

    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Policy>> {
        self.call("policies.list", |memory| {
            PolicyRepository::list(memory, after, limit)
        })
    }

    fn revisions(&self, name: &str, before: Option<u32>, limit: u32) -> Result<Vec<Policy>> {
        self.call("policies.revisions", |memory| {
            memory.revisions(name, before, limit)
        })
    }

    fn retire_missing(
        &self,
        source: PolicySource,
        keep: &[String],
        now: Timestamp,
    ) -> Result<Vec<String>> {
        self.call("policies.retire_missing", |memory| {
            memory.retire_missing(source, keep, now)
        })
    }
}

impl Ledger for Database {
    fn load(&self, query: &Query) -> Result<Context> {
        self.call("ledger.load", |memory| memory.load(query))
    }

    fn record(&self, entry: &Entry) -> Result<Recorded> {
        self.call("ledger.record", |memory| memory.record(entry))
    }

    fn list_refusals(&self, page: &RefusalsPage) -> Result<Vec<Refusals>> {
        self.call("ledger.list_refusals", |memory| memory.list_refusals(page))
    }

    fn counters(&self) -> Result<Vec<Counter>> {
        self.call("ledger.counters", Ledger::counters)
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        self.call("ledger.prune", |memory| {
            Ledger::prune(memory, before, limit)
        })
    }
}
