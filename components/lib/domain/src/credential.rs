//! Credentials that the gateway adds to requests to an origin.

use crate::{CredentialId, Timestamp};

/// The credentials of an origin (`vectra:persistence/credentials`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Primary key, a UUIDv7.
    pub id: CredentialId,
    /// Scheme, host and port, as [`Origin`](crate::Origin) is written; unique.
    pub origin: String,
    /// Names of the header fields, lower case, in order.
    pub header_names: Vec<String>,
    /// Names the key that `sealed` is encrypted with.
    pub key_id: String,
    /// The header fields, encrypted; empty in lists.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its header fields were last replaced.
    pub updated_at: Timestamp,
}

/// What deciding brings of them (`vectra:persistence/ledger.sealed-credential`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCredential {
    /// Their id.
    pub id: CredentialId,
    /// Names the key that `sealed` is encrypted with.
    pub key_id: String,
    /// The header fields, encrypted.
    pub sealed: Vec<u8>,
}
