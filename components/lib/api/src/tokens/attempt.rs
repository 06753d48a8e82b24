//! One attempt to get a token. Every one that fails does the same: the same calls of the
//! database, in the same order, and two verifications of bcrypt.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use vectra_domain::repository::{AgentAccessRepository, LockoutRepository, Result, Schema};
use vectra_domain::{
    Agent, AgentAccess, AgentId, AgentStatus, Failures, LockoutSubject, Timestamp,
};

use super::lockout;
use crate::gateway::with_schema;
use crate::secret;
use crate::settings::TokenSettings;

/// What an attempt needs.
pub(super) struct Attempt<'a> {
    pub(super) schema: &'a dyn Schema,
    pub(super) access: &'a dyn AgentAccessRepository,
    pub(super) lockouts: &'a dyn LockoutRepository,
    pub(super) settings: &'a TokenSettings,
    /// Whether a secret is what a hash was made of.
    pub(super) verify: &'a dyn Fn(&str, &str) -> bool,
    /// Where it comes from, if that is known.
    pub(super) address: Option<IpAddr>,
    pub(super) now: Timestamp,
}

/// Whose failures count, and those there are.
struct Record {
    agent: LockoutSubject,
    agent_failures: Option<Failures>,
    address: Option<LockoutSubject>,
    is_locked: bool,
}

impl Attempt<'_> {
    /// The agent, if it is active, not locked out, and the secret is its present or its
    /// former one while that holds. `asked` is who was looked for, `agent` who was found.
    pub(super) fn judge(
        &self,
        asked: AgentId,
        agent: Option<Agent>,
        secret: &str,
    ) -> Result<Option<Agent>> {
        let access = self.ask(|| self.access.find(asked))?;
        let record = self.record(agent.as_ref())?;
        let active = agent
            .as_ref()
            .is_some_and(|agent| agent.status == AgentStatus::Active);
        let may_pass = active && !record.is_locked;
        if self.is_right(agent.as_ref(), &access, secret, may_pass) {
            if record.agent_failures.is_some() {
                self.ask(|| self.lockouts.clear(&record.agent))?;
            }
            return Ok(agent);
        }
        self.count(&record)?;
        Ok(None)
    }

    fn ask<T>(&self, call: impl Fn() -> Result<T>) -> Result<T> {
        with_schema(self.schema, call)
    }

    fn record(&self, agent: Option<&Agent>) -> Result<Record> {
        let subject = agent.map_or_else(lockout::nobody, |agent| lockout::agent(agent.id));
        let mut record = Record {
            agent: subject,
            agent_failures: None,
            address: self.address.map(lockout::address),
            is_locked: false,
        };
        let Some(settings) = &self.settings.lockout else {
            return Ok(record);
        };
        let is_locked = |subject: &LockoutSubject, failures: Option<Failures>| {
            failures
                .is_some_and(|failures| lockout::is_locked(subject, failures, settings, self.now))
        };
        record.agent_failures = self.ask(|| self.lockouts.find(&record.agent))?;
        record.is_locked = agent.is_some() && is_locked(&record.agent, record.agent_failures);
        if let Some(address) = &record.address {
            let failures = self.ask(|| self.lockouts.find(address))?;
            record.is_locked |= is_locked(address, failures);
        }
        Ok(record)
    }

    /// Stops early only when it passes. A hash that is not there is replaced by one of
    /// the configured cost; one that was made at another cost takes another time, and
    /// tells of an agent from before the cost was changed until its secret is replaced.
    fn is_right(
        &self,
        agent: Option<&Agent>,
        access: &AgentAccess,
        secret: &str,
        may_pass: bool,
    ) -> bool {
        let present = agent.map(|agent| agent.client_secret_hash.as_str());
        let in_time = access
            .former_secret_until
            .is_some_and(|until| self.now < until);
        let former = access
            .former_secret_hash
            .as_deref()
            .filter(|_| agent.is_some() && in_time);
        [present, former]
            .into_iter()
            .any(|hash| self.matches(hash, secret) && may_pass)
    }

    fn matches(&self, hash: Option<&str>, secret: &str) -> bool {
        match hash.filter(|hash| secret::is_hash(hash)) {
            Some(hash) => (self.verify)(secret, hash),
            None => {
                (self.verify)(secret, &secret::nobody(self.settings.bcrypt_cost));
                false
            }
        }
    }

    /// Notes the failure; while someone is locked, it is nobody's.
    fn count(&self, record: &Record) -> Result<()> {
        if self.settings.lockout.is_none() {
            return Ok(());
        }
        let nobody = lockout::nobody();
        let forget = lockout::forget_before(self.now);
        for subject in [Some(&record.agent), record.address.as_ref()] {
            let Some(subject) = subject else { continue };
            let counted = if record.is_locked { &nobody } else { subject };
            self.ask(|| self.lockouts.fail(counted, self.now, forget))?;
        }
        Ok(())
    }
}
