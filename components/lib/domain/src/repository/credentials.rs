//! The port for credentials of upstreams.

use super::Result;
use crate::{Credential, CredentialId};

/// Credentials that the gateway adds to requests (`vectra:persistence/credentials`).
pub trait CredentialRepository {
    /// Adds one; a conflict if the origin has one.
    fn insert(&self, credential: &Credential) -> Result<()>;
    /// One, `sealed` left empty.
    fn find(&self, id: CredentialId) -> Result<Option<Credential>>;
    /// Replaces names, key id, sealed and the time of the change.
    fn replace(&self, credential: &Credential) -> Result<()>;
    /// Removes one.
    fn remove(&self, id: CredentialId) -> Result<()>;
    /// One page in the order of origins, after this one, `sealed` left empty.
    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Credential>>;
}
