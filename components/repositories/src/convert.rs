//! Values of `vectra:persistence` to the domain's and back: here ids, times, errors and
//! enums; `records` the entities, `callers` operators, access and lockouts, `held` held
//! requests and credentials, `circuits` and `ledger` the hot path.

use std::str::FromStr;

use vectra_domain as domain;
use vectra_domain::PersistenceError;

use crate::bindings::exports::vectra::persistence::types;

mod callers;
mod circuits;
mod held;
mod ledger;
mod records;

pub(crate) use callers::*;
pub(crate) use circuits::*;
pub(crate) use held::*;
pub(crate) use ledger::*;
pub(crate) use records::*;

type Result<T> = std::result::Result<T, PersistenceError>;

/// Reads an id.
pub(crate) fn id<T: FromStr<Err = domain::IdError>>(text: &str) -> Result<T> {
    text.parse()
        .map_err(|error: domain::IdError| PersistenceError::Invalid(error.to_string()))
}

/// Reads a time.
pub(crate) fn time(micros: i64) -> Result<domain::Timestamp> {
    domain::Timestamp::from_micros(micros)
        .map_err(|error| PersistenceError::Invalid(error.to_string()))
}

fn optional_time(micros: Option<i64>) -> Result<Option<domain::Timestamp>> {
    micros.map(time).transpose()
}

fn micros(time: Option<domain::Timestamp>) -> Option<i64> {
    time.map(domain::Timestamp::micros)
}

/// Says which field a value does not fit.
pub(crate) fn of<T>(field: &str, value: Result<T>) -> Result<T> {
    value.map_err(|error| match error {
        PersistenceError::Invalid(why) => PersistenceError::Invalid(format!("`{field}`: {why}")),
        other => other,
    })
}

/// The same cases on both sides.
pub(crate) fn error(error: PersistenceError) -> types::Error {
    match error {
        PersistenceError::NotFound => types::Error::NotFound,
        PersistenceError::Conflict(message) => types::Error::Conflict(message),
        PersistenceError::Invalid(message) => types::Error::Invalid(message),
        PersistenceError::SchemaMissing => types::Error::SchemaMissing,
        PersistenceError::SchemaTooNew(version) => types::Error::SchemaTooNew(version),
        PersistenceError::Unavailable(message) => types::Error::Unavailable(message),
        PersistenceError::Full(message) => types::Error::Full(message),
        PersistenceError::Uncertain(message) => types::Error::Uncertain(message),
        PersistenceError::Other(message) => types::Error::Other(message),
    }
}

/// Two functions between enums of the same cases.
macro_rules! cases {
    ($to:ident, $from:ident, $wit:path, $entity:path, $($case:ident),+) => {
        pub(crate) fn $to(value: $wit) -> $entity {
            use $entity as E;
            use $wit as W;
            match value { $(W::$case => E::$case),+ }
        }

        pub(crate) fn $from(value: $entity) -> $wit {
            use $entity as E;
            use $wit as W;
            match value { $(E::$case => W::$case),+ }
        }
    };
}

cases!(
    to_agent_status,
    from_agent_status,
    types::AgentStatus,
    domain::AgentStatus,
    Active,
    Revoked,
    Quarantined,
    Deleted
);
cases!(
    to_decision,
    from_decision,
    types::DecisionType,
    domain::DecisionType,
    Allow,
    Deny,
    Hitl
);
cases!(
    to_policy_source,
    from_policy_source,
    types::PolicySource,
    domain::PolicySource,
    File,
    Api
);
cases!(
    to_policy_status,
    from_policy_status,
    types::PolicyStatus,
    domain::PolicyStatus,
    Active,
    Broken,
    Retired
);
cases!(
    to_held_status,
    from_held_status,
    types::HeldStatus,
    domain::HeldStatus,
    Pending,
    Approved,
    Releasing,
    Released,
    Denied,
    Expired,
    Uncertain
);
cases!(
    to_operator_role,
    from_operator_role,
    types::OperatorRole,
    domain::OperatorRole,
    Admin,
    Reviewer,
    Auditor
);
