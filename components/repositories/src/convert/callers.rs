//! Operators and their acts, agents' access, lockouts and external issuers.

use vectra_domain as domain;
use vectra_domain::repository::ActPage;

use super::{Result, from_operator_role, id, micros, of, optional_time, time, to_operator_role};
use crate::bindings::exports::vectra::persistence::{
    acts, agent_access, external_issuers, lockouts, types,
};

pub(crate) fn from_access(access: domain::AgentAccess) -> types::AgentAccess {
    types::AgentAccess {
        requests_per_minute: access.requests_per_minute,
        tokens_not_before: micros(access.tokens_not_before),
        former_secret_hash: access.former_secret_hash,
        former_secret_until: micros(access.former_secret_until),
    }
}

pub(crate) fn to_rotation(rotation: agent_access::Rotation) -> Result<domain::Rotation> {
    Ok(domain::Rotation {
        agent_id: of("Rotation.AgentId", id(&rotation.agent_id))?,
        client_secret_hash: rotation.client_secret_hash,
        former_until: of("Rotation.FormerUntil", optional_time(rotation.former_until))?,
        now: of("Rotation.Now", time(rotation.now))?,
    })
}

pub(crate) fn to_operator(operator: types::Operator) -> Result<domain::Operator> {
    Ok(domain::Operator {
        id: of("Operator.Id", id(&operator.id))?,
        name: operator.name,
        role: to_operator_role(operator.role),
        key_hash: operator.key_hash,
        created_at: of("Operator.CreatedAt", time(operator.created_at))?,
        expires_at: of("Operator.ExpiresAt", optional_time(operator.expires_at))?,
        last_used_at: of("Operator.LastUsedAt", optional_time(operator.last_used_at))?,
        revoked_at: of("Operator.RevokedAt", optional_time(operator.revoked_at))?,
    })
}

pub(crate) fn from_operator(operator: domain::Operator) -> types::Operator {
    types::Operator {
        id: operator.id.to_string(),
        name: operator.name,
        role: from_operator_role(operator.role),
        key_hash: operator.key_hash,
        created_at: operator.created_at.micros(),
        expires_at: micros(operator.expires_at),
        last_used_at: micros(operator.last_used_at),
        revoked_at: micros(operator.revoked_at),
    }
}

pub(crate) fn to_act(act: types::Act) -> Result<domain::Act> {
    let operator_id = act.operator_id.as_deref().map(id).transpose();
    Ok(domain::Act {
        id: of("Act.Id", id(&act.id))?,
        operator_id: of("Act.OperatorId", operator_id)?,
        operator_name: act.operator_name,
        operator_role: to_operator_role(act.operator_role),
        action: act.action,
        target: act.target,
        detail: act.detail,
        client_address: act.client_address,
        timestamp: of("Act.Timestamp", time(act.timestamp))?,
    })
}

fn from_act(act: domain::Act) -> types::Act {
    types::Act {
        id: act.id.to_string(),
        operator_id: act.operator_id.map(|id| id.to_string()),
        operator_name: act.operator_name,
        operator_role: from_operator_role(act.operator_role),
        action: act.action,
        target: act.target,
        detail: act.detail,
        client_address: act.client_address,
        timestamp: act.timestamp.micros(),
    }
}

pub(crate) fn to_act_outcome(outcome: types::ActOutcome) -> Result<domain::ActOutcome> {
    Ok(domain::ActOutcome {
        status: outcome.status,
        target: outcome.target,
        timestamp: of("ActOutcome.Timestamp", time(outcome.timestamp))?,
    })
}

/// A row of the list.
pub(crate) fn from_act_row(
    (act, outcome): (domain::Act, Option<domain::ActOutcome>),
) -> (types::Act, Option<types::ActOutcome>) {
    let outcome = outcome.map(|outcome| types::ActOutcome {
        status: outcome.status,
        target: outcome.target,
        timestamp: outcome.timestamp.micros(),
    });
    (from_act(act), outcome)
}

pub(crate) fn to_act_page(query: acts::PageQuery) -> Result<ActPage> {
    let after = query.after.map(|cursor| {
        Ok((
            of("Cursor.Timestamp", time(cursor.timestamp))?,
            of("Cursor.Id", id(&cursor.id))?,
        ))
    });
    Ok(ActPage {
        operator_name: query.operator_name,
        after: after.transpose()?,
        limit: query.limit,
    })
}

pub(crate) fn to_subject(subject: lockouts::Subject) -> Result<domain::LockoutSubject> {
    Ok(match subject {
        lockouts::Subject::Agent(at) => domain::LockoutSubject::Agent {
            id: of("AgentAt.AgentId", id(&at.agent_id))?,
            address: at.address,
        },
        lockouts::Subject::Address(address) => domain::LockoutSubject::Address(address),
    })
}

pub(crate) fn from_failures(failures: domain::Failures) -> lockouts::Failures {
    lockouts::Failures {
        count: failures.count,
        last: failures.last.micros(),
    }
}

pub(crate) fn to_keys(keys: external_issuers::Keys) -> Result<domain::IssuerKeys> {
    Ok(domain::IssuerKeys {
        jwks: keys.jwks,
        fetched_at: of("Keys.FetchedAt", time(keys.fetched_at))?,
    })
}

pub(crate) fn from_keys(keys: domain::IssuerKeys) -> external_issuers::Keys {
    external_issuers::Keys {
        jwks: keys.jwks,
        fetched_at: keys.fetched_at.micros(),
    }
}
