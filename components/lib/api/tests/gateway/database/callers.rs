//! Who calls: operators, acts, access, lockouts, issuers.

use vectra_domain::repository::{
    ActPage, ActRepository, AgentAccessRepository, ExternalIssuerRepository, LockoutRepository,
    OperatorRepository, Result,
};
use vectra_domain::{
    Act, ActId, ActOutcome, AgentAccess, AgentId, Failures, IssuerKeys, LockoutSubject, Operator,
    OperatorId, Rotation, Timestamp,
};

use super::Database;

impl AgentAccessRepository for Database {
    fn find(&self, agent: AgentId) -> Result<AgentAccess> {
        self.call("access.find", |memory| {
            AgentAccessRepository::find(memory, agent)
        })
    }

    fn rotate(&self, rotation: &Rotation) -> Result<()> {
        self.call("access.rotate", |memory| memory.rotate(rotation))
    }

    fn limit(&self, agent: AgentId, requests: Option<u32>, now: Timestamp) -> Result<()> {
        self.call("access.limit", |memory| memory.limit(agent, requests, now))
    }

    fn revoke_tokens(&self, agent: AgentId, now: Timestamp) -> Result<()> {
        self.call("access.revoke_tokens", |memory| {
            memory.revoke_tokens(agent, now)
        })
    }
}

impl OperatorRepository for Database {
    fn insert(&self, operator: &Operator) -> Result<()> {
        self.call("operators.insert", |memory| {
            OperatorRepository::insert(memory, operator)
        })
    }

    fn find_by_key(&self, key_hash: &str) -> Result<Option<Operator>> {
        self.call("operators.find_by_key", |memory| {
            memory.find_by_key(key_hash)
        })
    }

    fn touch(&self, id: OperatorId, now: Timestamp) -> Result<()> {
        self.call("operators.touch", |memory| memory.touch(id, now))
    }

    fn revoke(&self, id: OperatorId, now: Timestamp) -> Result<Operator> {
        self.call("operators.revoke", |memory| memory.revoke(id, now))
    }

    fn list(&self, after: Option<&(String, OperatorId)>, limit: u32) -> Result<Vec<Operator>> {
        self.call("operators.list", |memory| {
            OperatorRepository::list(memory, after, limit)
        })
    }
}

impl ActRepository for Database {
    fn append(&self, act: &Act) -> Result<()> {
        self.call("acts.append", |memory| ActRepository::append(memory, act))
    }

    fn complete(&self, act: ActId, outcome: &ActOutcome) -> Result<()> {
        self.call("acts.complete", |memory| memory.complete(act, outcome))
    }

    fn list(&self, page: &ActPage) -> Result<Vec<(Act, Option<ActOutcome>)>> {
        self.call("acts.list", |memory| ActRepository::list(memory, page))
    }
}

impl LockoutRepository for Database {
    fn find(&self, subject: &LockoutSubject) -> Result<Option<Failures>> {
        self.call("lockouts.find", |memory| {
            LockoutRepository::find(memory, subject)
        })
    }

    fn fail(
        &self,
        subject: &LockoutSubject,
        now: Timestamp,
        forget_before: Timestamp,
    ) -> Result<()> {
        self.call("lockouts.fail", |memory| {
            LockoutRepository::fail(memory, subject, now, forget_before)
        })
    }

    fn clear(&self, subject: &LockoutSubject) -> Result<()> {
        self.call("lockouts.clear", |memory| memory.clear(subject))
    }
}

impl ExternalIssuerRepository for Database {
    fn find(&self, issuer: &str) -> Result<Option<IssuerKeys>> {
        self.call("issuers.find", |memory| {
            ExternalIssuerRepository::find(memory, issuer)
        })
    }

    fn claim(&self, issuer: &str, now: Timestamp, not_since: Timestamp) -> Result<bool> {
        self.call("issuers.claim", |memory| {
            memory.claim(issuer, now, not_since)
        })
    }

    fn attempted(&self, issuer: &str) -> Result<Option<Timestamp>> {
        self.call("issuers.attempted", |memory| memory.attempted(issuer))
    }

    fn put(&self, issuer: &str, keys: &IssuerKeys) -> Result<()> {
        self.call("issuers.put", |memory| {
            ExternalIssuerRepository::put(memory, issuer, keys)
        })
    }
}
