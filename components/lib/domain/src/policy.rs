//! Policies and their revisions.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Where a policy came from; stored as its integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicySource {
    /// A file of the configured directory; 0.
    File,
    /// The HTTP interface; 1.
    Api,
}

/// Whether a policy can be used; stored as its integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyStatus {
    /// In force; 0.
    Active,
    /// It does not compile; 1.
    Broken,
    /// Its file is gone; 2.
    Retired,
}

/// One revision of a policy (`vectra:persistence/types.policy`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name, case-sensitive.
    pub name: String,
    /// 1, 2, 3 … per name; 0 before it is put.
    pub revision: u32,
    /// Canonical JSON; empty if it is broken.
    pub document: String,
    /// What the policy engine made of it; empty if it is broken.
    pub compiled: Vec<u8>,
    /// Whether it can be used.
    pub status: PolicyStatus,
    /// Why it is broken.
    pub problem: Option<String>,
    /// Where it came from.
    pub source: PolicySource,
    /// The file's name, if it came from a file.
    pub source_name: Option<String>,
    /// SHA-256 of the source text, hexadecimal.
    pub content_hash: String,
    /// When this revision was put.
    pub created_at: Timestamp,
}

/// What putting a policy did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutResult {
    /// The revision that is in force now.
    pub revision: u32,
    /// False if the same content was there already.
    pub changed: bool,
}

impl PolicySource {
    /// The stored integer.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::File => 0,
            Self::Api => 1,
        }
    }

    /// Reads the stored integer.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::File),
            1 => Some(Self::Api),
            _ => None,
        }
    }
}

impl PolicyStatus {
    /// The stored integer.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Active => 0,
            Self::Broken => 1,
            Self::Retired => 2,
        }
    }

    /// Reads the stored integer.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Active),
            1 => Some(Self::Broken),
            2 => Some(Self::Retired),
            _ => None,
        }
    }
}
