//! Holds a request: its canonical form, encrypted with what it needs to be sent.

mod clear;
mod crowded;
mod open;
mod release;
mod wait;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::json;
use vectra_decision::Decision;
use vectra_domain::{Agent, AuditId, HeldRequest, HeldRequestId, HeldStatus, Timestamp};

use super::Proxied;
use super::mask::mask;
use super::record::recordable;
use crate::framed;
use crate::gateway::Gateway;
use crate::problem::Refusal;
use crate::sealing::Sealed;
use crate::secret::sha256_hex;

pub(crate) use clear::{Cleared, Obstacle};
pub(crate) use open::{Exact, Opened, Unopened};
pub(crate) use release::{BODY_PATIENCE, Sent};

/// What tells an upstream that it has had a request already.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What is sealed in front of the canonical form.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    /// How many operators must approve, as the settings were then.
    approvals: u32,
    /// The target as the row shows it, as secrets were masked then.
    target_url: String,
}

impl<U> Gateway<'_, U> {
    /// The held request for a decision, and with it the id of the audit row to come.
    pub(super) fn hold(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        decision: &Decision,
    ) -> Result<HeldRequest, Refusal> {
        let now = proxied.now;
        let id = HeldRequestId::new(self.ports.uuid());
        let headers = repeatable(&proxied.headers, id);
        let form = canonical(
            &proxied.method,
            &proxied.target.url,
            &headers,
            &proxied.body,
        );
        let timeout = self.settings.held.timeout.saturating_mul(Timestamp::SECOND);
        let mut held = HeldRequest {
            id,
            agent_id: agent.id,
            audit_id: AuditId::new(self.ports.uuid()),
            status: HeldStatus::Pending,
            reason: decision.reason.as_deref().map(recordable),
            method: proxied.method.as_str().to_owned(),
            target_url: mask(&proxied.target.url, &self.settings.proxy.masked_parameters),
            digest: sha256_hex(&form),
            key_id: String::new(),
            sealed: Vec::new(),
            created_at: now,
            expires_at: now.plus(timeout),
            decided_by: None,
            decided_at: None,
            comment: None,
        };
        let envelope = Envelope {
            approvals: self.settings.held.approvals,
            target_url: held.target_url.clone(),
        };
        let Sealed { key_id, bytes } =
            self.seal(&framed::join(&envelope, &form), &associated(&held))?;
        held.key_id = key_id;
        held.sealed = bytes;
        Ok(held)
    }
}

/// The header fields with a key by which an upstream can tell that it has had the request:
/// the agent's own if it gave one.
fn repeatable(headers: &HeaderMap, id: HeldRequestId) -> HeaderMap {
    let mut headers = headers.clone();
    if !headers.contains_key(&IDEMPOTENCY_KEY)
        && let Ok(key) = HeaderValue::try_from(format!("vectra-{id}"))
    {
        headers.insert(IDEMPOTENCY_KEY, key);
    }
    headers
}

/// What a ciphertext is bound to: it opens for this request of this agent only, which this
/// audit row has held, for this time.
fn associated(held: &HeldRequest) -> Vec<u8> {
    let HeldRequest {
        id,
        agent_id,
        audit_id,
        created_at,
        expires_at,
        ..
    } = held;
    format!("vectra-held-2:{id}:{agent_id}:{audit_id}:{created_at}:{expires_at}").into_bytes()
}

/// Canonical form, version 1: JSON with sorted keys; the header fields in their
/// order as pairs of name and base64 value; the body as base64.
fn canonical(method: &Method, url: &str, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    json!({
        "v": 1,
        "method": method.as_str(),
        "url": url,
        "headers": framed::fields(headers),
        "body": STANDARD.encode(body),
    })
    .to_string()
    .into_bytes()
}

#[cfg(test)]
mod tests;
