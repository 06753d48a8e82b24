//! Opens a held request, and sees whether it is the one that was held.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method};
use serde::Deserialize;
use vectra_domain::{AuditRecord, DecisionType, HeldRequest};

use super::{Envelope, associated};
use crate::framed::{self, Field};
use crate::gateway::Gateway;
use crate::problem::Refusal;
use crate::sealing::SealError;
use crate::secret::sha256_hex;

/// A held request that is the one that was held.
pub(crate) struct Opened {
    /// How many operators must approve it, as it was sealed or as the settings are now:
    /// the stricter holds.
    pub(crate) needed: u32,
    pub(crate) request: Exact,
    /// The audit row that holds it.
    pub(crate) record: AuditRecord,
}

/// A request, exactly.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exact {
    pub(crate) method: Method,
    /// The whole target as it was sent.
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why a held request is not opened.
pub(crate) enum Unopened {
    /// It is not what was held; for people.
    Changed(String),
    /// The key cannot be had.
    NoKey(SealError),
    /// The database does not answer.
    Database(Refusal),
}

/// The canonical form, as it is read.
#[derive(Deserialize)]
struct Canonical {
    v: u8,
    method: String,
    url: String,
    headers: Vec<Field>,
    body: String,
}

/// What the explanation says of what was held.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    held_sha256: Option<String>,
}

impl<U> Gateway<'_, U> {
    /// Opens a held request and compares it with its row, with the audit row that held it
    /// and with the digest in the explanation of that.
    pub(crate) fn open_held(&self, held: &HeldRequest) -> Result<Opened, Unopened> {
        let keys = self.data_keys().map_err(Unopened::NoKey)?;
        let plain = keys
            .open(&held.key_id, &held.sealed, &associated(held))
            .map_err(|error| match error {
                SealError::Broken => changed(
                    "it does not open: it was changed since it was held, or held by an earlier \
                     version",
                ),
                other => Unopened::NoKey(other),
            })?;
        let record = self
            .with_schema(|| self.ports.audit.find(held.audit_id))
            .map_err(|error| Unopened::Database(error.into()))?
            .ok_or_else(|| changed("the audit row that held it is not there"))?;
        let (envelope, form) = framed::split::<Envelope>(&plain)
            .ok_or_else(|| changed("it is sealed in a form that this version does not read"))?;
        let request = read(form)
            .ok_or_else(|| changed("it is held in a form that this version does not read"))?;
        compare(held, &envelope, &sha256_hex(form), &request, &record)?;
        Ok(Opened {
            needed: envelope.approvals.max(self.settings.held.approvals),
            request,
            record,
        })
    }
}

fn changed(why: &str) -> Unopened {
    Unopened::Changed(why.to_owned())
}

/// Reads the canonical form.
fn read(form: &[u8]) -> Option<Exact> {
    let form: Canonical = serde_json::from_slice(form).ok()?;
    if form.v != 1 {
        return None;
    }
    Some(Exact {
        method: Method::from_bytes(form.method.as_bytes()).ok()?,
        headers: framed::headers(&form.headers)?,
        body: STANDARD.decode(form.body).ok()?,
        url: form.url,
    })
}

/// What is opened is authentic; the rest of the row and the audit are compared with it.
fn compare(
    held: &HeldRequest,
    envelope: &Envelope,
    digest: &str,
    request: &Exact,
    record: &AuditRecord,
) -> Result<(), Unopened> {
    let told: Told = serde_json::from_str(&record.explanation).unwrap_or_default();
    let row = &record.entry;
    let same = [
        (held.digest == digest, "its digest was changed"),
        (
            told.held_sha256.as_deref() == Some(digest),
            "the audit tells of another request",
        ),
        (
            held.method == request.method.as_str(),
            "its method was changed",
        ),
        (
            held.target_url == envelope.target_url,
            "its target was changed",
        ),
        (
            held.agent_id == row.agent_id && row.decision_type == DecisionType::Hitl,
            "the audit tells of another decision",
        ),
        (held.reason == row.reason, "its reason was changed"),
    ];
    match same.iter().find(|(same, _)| !same) {
        Some((_, why)) => Err(changed(why)),
        None => Ok(()),
    }
}
