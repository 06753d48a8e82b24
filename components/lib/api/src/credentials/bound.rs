//! What sealed header fields are bound to, and how they are opened.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use vectra_domain::{CredentialId, Origin, SealedCredential};

use crate::sealing::{DataKeys, SealError};

/// A row and the origin it stands for: a row that is moved to another origin does not open.
pub(super) struct Bound<'a> {
    pub(super) id: CredentialId,
    /// As [`Origin`] is written.
    pub(super) origin: &'a str,
}

impl Bound<'_> {
    pub(super) fn associated(&self) -> Vec<u8> {
        let Self { id, origin } = self;
        format!("vectra-credential-1:{id}:{origin}").into_bytes()
    }
}

/// The header fields that are kept for this origin.
pub(super) fn open(
    keys: &DataKeys,
    kept: &SealedCredential,
    origin: &Origin,
) -> Result<Vec<(HeaderName, HeaderValue)>, SealError> {
    let bound = Bound {
        id: kept.id,
        origin: &origin.to_string(),
    };
    let plain = keys.open(&kept.key_id, &kept.sealed, &bound.associated())?;
    let fields: BTreeMap<String, String> =
        serde_json::from_slice(&plain).map_err(|_| SealError::Broken)?;
    let field = |(name, value): (String, String)| {
        Some((name.parse().ok()?, HeaderValue::from_str(&value).ok()?))
    };
    let fields: Option<Vec<_>> = fields.into_iter().map(field).collect();
    fields.ok_or(SealError::Broken)
}
