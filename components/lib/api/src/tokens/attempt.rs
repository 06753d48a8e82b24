//! One attempt to get a token. Every one that fails does the same: the same calls of the
//! database, in the same order, and two verifications of bcrypt. Only one from an address
//! that is locked does nothing, whomever it asks for: so it tells of no agent.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use vectra_domain::repository::{AgentAccessRepository, LockoutRepository, Result, Schema};
use vectra_domain::{Agent, AgentAccess, AgentId, AgentStatus, LockoutSubject, Timestamp};

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

/// A subject and its failures.
struct Record {
    subject: LockoutSubject,
    has_failed: bool,
    is_locked: bool,
}

/// Where an attempt comes from that may go on; none if that is not known.
pub(super) struct Origin(Option<Record>);

impl Attempt<'_> {
    /// Where it comes from; none if that is locked, and then nothing else is to be done.
    pub(super) fn origin(&self) -> Result<Option<Origin>> {
        let address = self.address.map(lockout::network);
        let subject = address.map(LockoutSubject::Address);
        let record = subject.map(|subject| self.record(subject)).transpose()?;
        let is_locked = record.as_ref().is_some_and(|record| record.is_locked);
        Ok((!is_locked).then_some(Origin(record)))
    }

    /// The agent, if it is active, not locked there, and the secret is its present or its
    /// former one while that holds. `asked` is who was looked for, `agent` who was found.
    pub(super) fn judge(
        &self,
        origin: Origin,
        asked: AgentId,
        agent: Option<Agent>,
        secret: &str,
    ) -> Result<Option<Agent>> {
        let access = self.ask(|| self.access.find(asked))?;
        let pair = self.pair(agent.as_ref())?;
        let active = agent
            .as_ref()
            .is_some_and(|agent| agent.status == AgentStatus::Active);
        let may_pass = active && !pair.is_locked;
        if self.is_right(agent.as_ref(), &access, secret, may_pass) {
            // The address too: a host of many agents shall not be shut out by one that
            // fails. Whoever holds a valid agent gets no more guesses by it, since the
            // lock of every other agent at this address stays.
            for record in [Some(pair), origin.0].into_iter().flatten() {
                if record.has_failed {
                    self.ask(|| self.lockouts.clear(&record.subject))?;
                }
            }
            return Ok(agent);
        }
        self.count(&pair, &origin)?;
        Ok(None)
    }

    fn ask<T>(&self, call: impl Fn() -> Result<T>) -> Result<T> {
        with_schema(self.schema, call)
    }

    /// The agent at the address. One that does not exist is never locked: a guesser
    /// could choose ids that push out those that do.
    fn pair(&self, agent: Option<&Agent>) -> Result<Record> {
        let Some(agent) = agent else {
            let record = self.record(lockout::nobody())?;
            return Ok(Record {
                is_locked: false,
                ..record
            });
        };
        self.record(LockoutSubject::Agent {
            id: agent.id,
            address: self.address.map(lockout::network),
        })
    }

    fn record(&self, subject: LockoutSubject) -> Result<Record> {
        let failures = match &self.settings.lockout {
            Some(_) => self.ask(|| self.lockouts.find(&subject))?,
            None => None,
        };
        let is_locked = match (&self.settings.lockout, failures) {
            (Some(settings), Some(failures)) => {
                lockout::is_locked(&subject, failures, settings, self.now)
            }
            _ => false,
        };
        Ok(Record {
            subject,
            has_failed: failures.is_some(),
            is_locked,
        })
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

    /// Notes the failure; while the agent is locked there, it is nobody's. For the
    /// address every one counts: when it is locked must not depend on whether there is
    /// such an agent, since that lock is seen.
    fn count(&self, pair: &Record, origin: &Origin) -> Result<()> {
        if self.settings.lockout.is_none() {
            return Ok(());
        }
        let nobody = lockout::nobody();
        let counted = if pair.is_locked {
            &nobody
        } else {
            &pair.subject
        };
        let address = origin.0.as_ref().map(|record| &record.subject);
        let forget = lockout::forget_before(self.now);
        for subject in [Some(counted), address].into_iter().flatten() {
            self.ask(|| self.lockouts.fail(subject, self.now, forget))?;
        }
        Ok(())
    }
}
