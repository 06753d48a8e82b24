//! Operators and their acts, agents' access, lockouts and external issuers as ports.

use vectra_domain::repository::{
    ActPage, ActRepository, AgentAccessRepository, ExternalIssuerRepository, LockoutRepository,
    OperatorRepository, Result,
};
use vectra_domain::{
    Act, ActId, ActOutcome, AgentAccess, AgentId, Failures, IssuerKeys, LockoutSubject, Operator,
    OperatorId, OperatorRole, Rotation, Timestamp,
};

use super::Repositories;
use super::records::{error, id_in, time_in, times_in};
use crate::bindings::vectra::persistence as wit;
use crate::bindings::vectra::persistence::types;

impl AgentAccessRepository for Repositories {
    fn find(&self, agent: AgentId) -> Result<AgentAccess> {
        access_from(wit::agent_access::find(&agent.to_string()).map_err(error)?)
    }

    fn rotate(&self, rotation: &Rotation) -> Result<()> {
        let rotation = wit::agent_access::Rotation {
            agent_id: rotation.agent_id.to_string(),
            client_secret_hash: rotation.client_secret_hash.clone(),
            former_until: rotation.former_until.map(Timestamp::micros),
            now: rotation.now.micros(),
        };
        wit::agent_access::rotate(&rotation).map_err(error)
    }

    fn limit(&self, agent: AgentId, requests: Option<u32>, now: Timestamp) -> Result<()> {
        wit::agent_access::limit(&agent.to_string(), requests, now.micros()).map_err(error)
    }

    fn revoke_tokens(&self, agent: AgentId, now: Timestamp) -> Result<()> {
        wit::agent_access::revoke_tokens(&agent.to_string(), now.micros()).map_err(error)
    }
}

pub fn access_from(access: types::AgentAccess) -> Result<AgentAccess> {
    Ok(AgentAccess {
        requests_per_minute: access.requests_per_minute,
        tokens_not_before: times_in("AgentAccess.TokensNotBefore", access.tokens_not_before)?,
        former_secret_hash: access.former_secret_hash,
        former_secret_until: times_in("AgentAccess.FormerSecretUntil", access.former_secret_until)?,
    })
}

impl OperatorRepository for Repositories {
    fn insert(&self, operator: &Operator) -> Result<()> {
        let operator = types::Operator {
            id: operator.id.to_string(),
            name: operator.name.clone(),
            role: role_to(operator.role),
            key_hash: operator.key_hash.clone(),
            created_at: operator.created_at.micros(),
            expires_at: operator.expires_at.map(Timestamp::micros),
            last_used_at: operator.last_used_at.map(Timestamp::micros),
            revoked_at: operator.revoked_at.map(Timestamp::micros),
        };
        wit::operators::insert(&operator).map_err(error)
    }

    fn find_by_key(&self, key_hash: &str) -> Result<Option<Operator>> {
        wit::operators::find_by_key(key_hash)
            .map_err(error)?
            .map(operator_from)
            .transpose()
    }

    fn touch(&self, id: OperatorId, now: Timestamp) -> Result<()> {
        wit::operators::touch(&id.to_string(), now.micros()).map_err(error)
    }

    fn revoke(&self, id: OperatorId, now: Timestamp) -> Result<Operator> {
        let revoked = wit::operators::revoke(&id.to_string(), now.micros());
        operator_from(revoked.map_err(error)?)
    }

    fn list(&self, after: Option<&(String, OperatorId)>, limit: u32) -> Result<Vec<Operator>> {
        let after = after.map(|(name, id)| wit::operators::Cursor {
            name: name.clone(),
            id: id.to_string(),
        });
        let operators = wit::operators::list(after.as_ref(), limit).map_err(error)?;
        operators.into_iter().map(operator_from).collect()
    }
}

fn role_to(role: OperatorRole) -> types::OperatorRole {
    match role {
        OperatorRole::Admin => types::OperatorRole::Admin,
        OperatorRole::Reviewer => types::OperatorRole::Reviewer,
        OperatorRole::Auditor => types::OperatorRole::Auditor,
    }
}

fn role_from(role: types::OperatorRole) -> OperatorRole {
    match role {
        types::OperatorRole::Admin => OperatorRole::Admin,
        types::OperatorRole::Reviewer => OperatorRole::Reviewer,
        types::OperatorRole::Auditor => OperatorRole::Auditor,
    }
}

fn operator_from(operator: types::Operator) -> Result<Operator> {
    Ok(Operator {
        id: id_in("Operator.Id", &operator.id)?,
        name: operator.name,
        role: role_from(operator.role),
        key_hash: operator.key_hash,
        created_at: time_in("Operator.CreatedAt", operator.created_at)?,
        expires_at: times_in("Operator.ExpiresAt", operator.expires_at)?,
        last_used_at: times_in("Operator.LastUsedAt", operator.last_used_at)?,
        revoked_at: times_in("Operator.RevokedAt", operator.revoked_at)?,
    })
}

impl ActRepository for Repositories {
    fn append(&self, act: &Act) -> Result<()> {
        let act = types::Act {
            id: act.id.to_string(),
            operator_id: act.operator_id.map(|id| id.to_string()),
            operator_name: act.operator_name.clone(),
            operator_role: role_to(act.operator_role),
            action: act.action.clone(),
            target: act.target.clone(),
            detail: act.detail.clone(),
            client_address: act.client_address.clone(),
            timestamp: act.timestamp.micros(),
        };
        wit::acts::append(&act).map_err(error)
    }

    fn complete(&self, act: ActId, outcome: &ActOutcome) -> Result<()> {
        let outcome = types::ActOutcome {
            status: outcome.status,
            target: outcome.target.clone(),
            timestamp: outcome.timestamp.micros(),
        };
        wit::acts::complete(&act.to_string(), &outcome).map_err(error)
    }

    fn list(&self, page: &ActPage) -> Result<Vec<(Act, Option<ActOutcome>)>> {
        let query = wit::acts::PageQuery {
            operator_name: page.operator_name.clone(),
            after: page.after.map(|(time, id)| wit::acts::Cursor {
                timestamp: time.micros(),
                id: id.to_string(),
            }),
            limit: page.limit,
        };
        let acts = wit::acts::list(&query).map_err(error)?.into_iter();
        acts.map(|(act, outcome)| Ok((act_from(act)?, outcome.map(outcome_from).transpose()?)))
            .collect()
    }
}

fn act_from(act: types::Act) -> Result<Act> {
    let operator_id = act.operator_id.as_deref();
    Ok(Act {
        id: id_in("Act.Id", &act.id)?,
        operator_id: operator_id
            .map(|id| id_in("Act.OperatorId", id))
            .transpose()?,
        operator_name: act.operator_name,
        operator_role: role_from(act.operator_role),
        action: act.action,
        target: act.target,
        detail: act.detail,
        client_address: act.client_address,
        timestamp: time_in("Act.Timestamp", act.timestamp)?,
    })
}

fn outcome_from(outcome: types::ActOutcome) -> Result<ActOutcome> {
    Ok(ActOutcome {
        status: outcome.status,
        target: outcome.target,
        timestamp: time_in("ActOutcome.Timestamp", outcome.timestamp)?,
    })
}

impl LockoutRepository for Repositories {
    fn find(&self, subject: &LockoutSubject) -> Result<Option<Failures>> {
        let failures = wit::lockouts::find(&subject_to(subject)).map_err(error)?;
        failures
            .map(|failures| {
                Ok(Failures {
                    count: failures.count,
                    last: time_in("Failures.Last", failures.last)?,
                })
            })
            .transpose()
    }

    fn fail(
        &self,
        subject: &LockoutSubject,
        now: Timestamp,
        forget_before: Timestamp,
    ) -> Result<()> {
        let subject = subject_to(subject);
        wit::lockouts::fail(&subject, now.micros(), forget_before.micros()).map_err(error)
    }

    fn clear(&self, subject: &LockoutSubject) -> Result<()> {
        wit::lockouts::clear(&subject_to(subject)).map_err(error)
    }
}

fn subject_to(subject: &LockoutSubject) -> wit::lockouts::Subject {
    match subject {
        LockoutSubject::Agent { id, address } => {
            wit::lockouts::Subject::Agent(wit::lockouts::AgentAt {
                agent_id: id.to_string(),
                address: address.clone(),
            })
        }
        LockoutSubject::Address(address) => wit::lockouts::Subject::Address(address.clone()),
    }
}

impl ExternalIssuerRepository for Repositories {
    fn find(&self, issuer: &str) -> Result<Option<IssuerKeys>> {
        let keys = wit::external_issuers::find(issuer).map_err(error)?;
        keys.map(|keys| {
            Ok(IssuerKeys {
                jwks: keys.jwks,
                fetched_at: time_in("Keys.FetchedAt", keys.fetched_at)?,
            })
        })
        .transpose()
    }

    fn claim(&self, issuer: &str, now: Timestamp, not_since: Timestamp) -> Result<bool> {
        wit::external_issuers::claim(issuer, now.micros(), not_since.micros()).map_err(error)
    }

    fn attempted(&self, issuer: &str) -> Result<Option<Timestamp>> {
        let attempted = wit::external_issuers::attempted(issuer).map_err(error)?;
        attempted
            .map(|time| time_in("Issuer.AttemptedAt", time))
            .transpose()
    }

    fn put(&self, issuer: &str, keys: &IssuerKeys) -> Result<()> {
        let keys = wit::external_issuers::Keys {
            jwks: keys.jwks.clone(),
            fetched_at: keys.fetched_at.micros(),
        };
        wit::external_issuers::put(issuer, &keys).map_err(error)
    }
}
