//! The exported interfaces: translate, call, translate. Here those of the entities.

mod audit;
mod callers;
mod held;
mod hot;

use vectra_domain::PersistenceError;
use vectra_domain::repository::{
    AgentHistoryRepository, AgentPage, AgentRepository, IntentCache, PolicyRepository, Schema,
};

use crate::bindings::exports::vectra::persistence::{
    agent_history, agents, intent_cache, policies, schema, types,
};
use crate::convert::of;
use crate::{Shell, Store, convert};

/// Runs a call and gives its error the interface's cases.
fn call<T>(
    work: impl FnOnce() -> std::result::Result<T, PersistenceError>,
) -> std::result::Result<T, types::Error> {
    work().map_err(convert::error)
}

impl<S: Store> schema::Guest for Shell<S> {
    fn ensure() -> Result<u32, types::Error> {
        call(|| S::repositories().ensure())
    }

    fn version() -> Result<u32, types::Error> {
        call(|| S::repositories().version())
    }
}

impl<S: Store> agents::Guest for Shell<S> {
    fn insert(agent: types::Agent) -> Result<(), types::Error> {
        call(|| AgentRepository::insert(&S::repositories(), &convert::to_agent(agent)?))
    }

    fn find(id: String) -> Result<Option<types::Agent>, types::Error> {
        call(|| {
            let agent = AgentRepository::find(&S::repositories(), convert::id(&id)?)?;
            Ok(agent.map(convert::from_agent))
        })
    }

    fn update(id: String, change: types::AgentChange) -> Result<types::Agent, types::Error> {
        call(|| {
            let change = convert::to_agent_change(change)?;
            S::repositories()
                .update(convert::id(&id)?, &change)
                .map(convert::from_agent)
        })
    }

    fn delete(id: String, now: i64) -> Result<(), types::Error> {
        call(|| S::repositories().delete(convert::id(&id)?, convert::time(now)?))
    }

    fn list(query: agents::PageQuery) -> Result<Vec<types::Agent>, types::Error> {
        call(|| {
            let after = query
                .after
                .map(|cursor| Ok((cursor.name, convert::id(&cursor.id)?)))
                .transpose()?;
            let page = AgentPage {
                after,
                limit: query.limit,
                status: query.status.map(convert::to_agent_status),
                owner_id: query.owner_id,
                policy_name: query.policy_name,
                name: query.name,
            };
            let agents = AgentRepository::list(&S::repositories(), &page)?;
            Ok(agents.into_iter().map(convert::from_agent).collect())
        })
    }

    fn prune(before: i64, limit: u32) -> Result<u32, types::Error> {
        call(|| AgentRepository::prune(&S::repositories(), convert::time(before)?, limit))
    }
}

impl<S: Store> agent_history::Guest for Shell<S> {
    fn append(entry: types::AgentHistoryEntry) -> Result<(), types::Error> {
        call(|| AgentHistoryRepository::append(&S::repositories(), &convert::to_history(entry)?))
    }

    fn recent(
        agent_id: String,
        since: i64,
        limit: u32,
    ) -> Result<Vec<types::AgentHistoryEntry>, types::Error> {
        call(|| {
            let (agent, since) = (convert::id(&agent_id)?, convert::time(since)?);
            let entries = S::repositories().recent(agent, since, limit)?;
            Ok(entries.into_iter().map(convert::from_history).collect())
        })
    }

    fn prune(before: i64, limit: u32) -> Result<u32, types::Error> {
        call(|| AgentHistoryRepository::prune(&S::repositories(), convert::time(before)?, limit))
    }
}

impl<S: Store> policies::Guest for Shell<S> {
    fn put(policy: types::Policy) -> Result<policies::PutResult, types::Error> {
        call(|| {
            let policy = convert::to_policy(policy)?;
            let put = PolicyRepository::put(&S::repositories(), &policy)?;
            Ok(policies::PutResult {
                revision: put.revision,
                changed: put.changed,
            })
        })
    }

    fn find(name: String, revision: Option<u32>) -> Result<Option<types::Policy>, types::Error> {
        call(|| {
            let policy = PolicyRepository::find(&S::repositories(), &name, revision)?;
            Ok(policy.map(convert::from_policy))
        })
    }

    fn list(after: Option<String>, limit: u32) -> Result<Vec<types::Policy>, types::Error> {
        call(|| {
            let policies = PolicyRepository::list(&S::repositories(), after.as_deref(), limit)?;
            Ok(policies.into_iter().map(convert::from_policy).collect())
        })
    }

    fn revisions(
        name: String,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<types::Policy>, types::Error> {
        call(|| {
            let revisions = S::repositories().revisions(&name, before, limit)?;
            Ok(revisions.into_iter().map(convert::from_policy).collect())
        })
    }

    fn retire_missing(
        source: types::PolicySource,
        keep: Vec<String>,
        now: i64,
    ) -> Result<Vec<String>, types::Error> {
        call(|| {
            let source = convert::to_policy_source(source);
            S::repositories().retire_missing(source, &keep, convert::time(now)?)
        })
    }
}

impl<S: Store> intent_cache::Guest for Shell<S> {
    fn find(key: String, now: i64) -> Result<Option<String>, types::Error> {
        call(|| IntentCache::find(&S::repositories(), &key, of("Now", convert::time(now))?))
    }

    fn put(key: String, document: String, expires_at: i64) -> Result<(), types::Error> {
        call(|| {
            let expires_at = of("ExpiresAt", convert::time(expires_at))?;
            IntentCache::put(&S::repositories(), &key, &document, expires_at)
        })
    }

    fn prune(now: i64, limit: u32) -> Result<u32, types::Error> {
        call(|| IntentCache::prune(&S::repositories(), of("Now", convert::time(now))?, limit))
    }
}
