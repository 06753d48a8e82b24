//! The repositories of `vectra:persistence` as ports.

// With their paths, since the tests of the components include this file too.
#[path = "persistence/audit.rs"]
mod audit;
#[path = "persistence/callers.rs"]
mod callers;
#[path = "persistence/circuits.rs"]
mod circuits;
#[path = "persistence/held.rs"]
mod held;
#[path = "persistence/hot.rs"]
mod hot;
#[path = "persistence/records.rs"]
mod records;

use vectra_domain::repository::{
    AgentHistoryRepository, AgentPage, AgentRepository, IntentCache, PolicyRepository, Result,
    Schema,
};
use vectra_domain::{
    Agent, AgentChange, AgentHistory, AgentId, Policy, PolicySource, PutResult, Timestamp,
};

use crate::bindings::vectra::persistence as wit;
use records::{
    agent_from, agent_to, change_to, error, history_from, history_to, policy_from, policy_to,
    source_to,
};

/// The composed repositories component.
pub struct Repositories;

impl Schema for Repositories {
    fn ensure(&self) -> Result<u32> {
        wit::schema::ensure().map_err(error)
    }

    fn version(&self) -> Result<u32> {
        wit::schema::version().map_err(error)
    }
}

impl AgentRepository for Repositories {
    fn insert(&self, agent: &Agent) -> Result<()> {
        wit::agents::insert(&agent_to(agent)).map_err(error)
    }

    fn find(&self, id: AgentId) -> Result<Option<Agent>> {
        wit::agents::find(&id.to_string())
            .map_err(error)?
            .map(agent_from)
            .transpose()
    }

    fn update(&self, id: AgentId, change: &AgentChange) -> Result<Agent> {
        let changed = wit::agents::update(&id.to_string(), &change_to(change));
        agent_from(changed.map_err(error)?)
    }

    fn delete(&self, id: AgentId, now: Timestamp) -> Result<()> {
        wit::agents::delete(&id.to_string(), now.micros()).map_err(error)
    }

    fn list(&self, page: &AgentPage) -> Result<Vec<Agent>> {
        let after = page.after.as_ref().map(|(name, id)| wit::agents::Cursor {
            name: name.clone(),
            id: id.to_string(),
        });
        let query = wit::agents::PageQuery {
            after,
            limit: page.limit,
            status: page.status.map(records::status_to),
            owner_id: page.owner_id.clone(),
            policy_name: page.policy_name.clone(),
            name: page.name.clone(),
        };
        wit::agents::list(&query)
            .map_err(error)?
            .into_iter()
            .map(agent_from)
            .collect()
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        wit::agents::prune(before.micros(), limit).map_err(error)
    }
}

impl AgentHistoryRepository for Repositories {
    fn append(&self, entry: &AgentHistory) -> Result<()> {
        wit::agent_history::append(&history_to(entry)).map_err(error)
    }

    fn recent(&self, agent: AgentId, since: Timestamp, limit: u32) -> Result<Vec<AgentHistory>> {
        wit::agent_history::recent(&agent.to_string(), since.micros(), limit)
            .map_err(error)?
            .into_iter()
            .map(history_from)
            .collect()
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        wit::agent_history::prune(before.micros(), limit).map_err(error)
    }
}

impl PolicyRepository for Repositories {
    fn put(&self, policy: &Policy) -> Result<PutResult> {
        let put = wit::policies::put(&policy_to(policy)).map_err(error)?;
        Ok(PutResult {
            revision: put.revision,
            changed: put.changed,
        })
    }

    fn find(&self, name: &str, revision: Option<u32>) -> Result<Option<Policy>> {
        wit::policies::find(name, revision)
            .map_err(error)?
            .map(policy_from)
            .transpose()
    }

    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Policy>> {
        let policies = wit::policies::list(after, limit).map_err(error)?;
        policies.into_iter().map(policy_from).collect()
    }

    fn revisions(&self, name: &str, before: Option<u32>, limit: u32) -> Result<Vec<Policy>> {
        let revisions = wit::policies::revisions(name, before, limit).map_err(error)?;
        revisions.into_iter().map(policy_from).collect()
    }

    fn retire_missing(
        &self,
        source: PolicySource,
        keep: &[String],
        now: Timestamp,
    ) -> Result<Vec<String>> {
        wit::policies::retire_missing(source_to(source), keep, now.micros()).map_err(error)
    }
}

impl IntentCache for Repositories {
    fn find(&self, key: &str, now: Timestamp) -> Result<Option<String>> {
        wit::intent_cache::find(key, now.micros()).map_err(error)
    }

    fn put(&self, key: &str, document: &str, expires_at: Timestamp) -> Result<()> {
        wit::intent_cache::put(key, document, expires_at.micros()).map_err(error)
    }

    fn prune(&self, now: Timestamp, limit: u32) -> Result<u32> {
        wit::intent_cache::prune(now.micros(), limit).map_err(error)
    }
}
