//! What the repositories components share: the exports of `vectra:persistence` over any
//! [`Ports`], so that a component over a database only brings its connection.
//!
//! `exports.rs` are the interfaces, `convert.rs` the records; the SQL is in
//! `vectra-persistence`. A component names its [`Store`] and exports [`Shell`] of it:
//!
//! ```ignore
//! type Component = vectra_component_repositories::Shell<Spin>;
//! vectra_component_repositories::export!(Component);
//! ```

pub mod bindings;
mod convert;
mod exports;

use std::marker::PhantomData;

use vectra_domain::repository::{
    ActRepository, AgentAccessRepository, AgentHistoryRepository, AgentRepository, AuditRepository,
    CircuitRepository, CredentialRepository, ExternalIssuerRepository, HeldRequestRepository,
    IntentCache, Ledger, LockoutRepository, NotificationRepository, OperatorRepository,
    PolicyRepository, Schema,
};

/// Every port of [`vectra_domain::repository`], as `vectra_persistence::Repositories` has
/// them over a database.
pub trait Ports:
    ActRepository
    + AgentAccessRepository
    + AgentHistoryRepository
    + AgentRepository
    + AuditRepository
    + CircuitRepository
    + CredentialRepository
    + ExternalIssuerRepository
    + HeldRequestRepository
    + IntentCache
    + Ledger
    + LockoutRepository
    + NotificationRepository
    + OperatorRepository
    + PolicyRepository
    + Schema
{
}

impl<T> Ports for T where
    T: ActRepository
        + AgentAccessRepository
        + AgentHistoryRepository
        + AgentRepository
        + AuditRepository
        + CircuitRepository
        + CredentialRepository
        + ExternalIssuerRepository
        + HeldRequestRepository
        + IntentCache
        + Ledger
        + LockoutRepository
        + NotificationRepository
        + OperatorRepository
        + PolicyRepository
        + Schema
{
}

/// Where a component's repositories come from.
pub trait Store: 'static {
    /// What they are.
    type Repositories: Ports;

    /// The repositories of one exported call. Whatever they open is dropped at the end
    /// of it, so that nothing is kept between requests.
    fn repositories() -> Self::Repositories;
}

/// The exports over a [`Store`].
pub struct Shell<S>(PhantomData<S>);

/// Exports a [`Shell`] from a component.
#[macro_export]
macro_rules! export {
    ($component:ident) => {
        $crate::bindings::export!($component with_types_in $crate::bindings);
    };
}
