//! Holds a request: its canonical form, encrypted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde_json::json;
use vectra_decision::Decision;
use vectra_domain::{Agent, AuditId, HeldRequest, HeldRequestId, HeldStatus, Timestamp};

use super::Proxied;
use super::mask::mask;
use crate::gateway::Gateway;
use crate::ports::Secret;
use crate::problem::{Kind, Refusal};
use crate::secret::sha256_hex;

/// Bytes of a key and of a nonce.
const KEY: usize = 32;
const NONCE: usize = 24;

impl<U> Gateway<'_, U> {
    /// The held request for a decision; its audit id is set when the entry is made.
    pub(super) fn hold(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        decision: &Decision,
    ) -> Result<HeldRequest, Refusal> {
        let now = proxied.now;
        let id = HeldRequestId::new(self.ports.uuid());
        let canonical = canonical(proxied);
        let (key_id, sealed) = self.seal(&canonical, &associated(id, agent))?;
        let timeout = self.settings.held.timeout.saturating_mul(Timestamp::SECOND);
        Ok(HeldRequest {
            id,
            agent_id: agent.id,
            audit_id: AuditId::new(uuid::Uuid::nil()),
            status: HeldStatus::Pending,
            reason: decision.reason.clone(),
            method: proxied.method.as_str().to_owned(),
            target_url: mask(&proxied.target.url, &self.settings.proxy.masked_parameters),
            digest: sha256_hex(&canonical),
            key_id,
            sealed,
            created_at: now,
            expires_at: now.plus(timeout),
            decided_by: None,
            decided_at: None,
            comment: None,
        })
    }

    /// Encrypts; returns the key's id and nonce ‖ ciphertext ‖ tag.
    fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<(String, Vec<u8>), Refusal> {
        let fail = |why: &str| Refusal::new(Kind::Misconfigured).internal(why);
        let key = STANDARD
            .decode(self.secret(Secret::DataKey)?.trim())
            .ok()
            .filter(|key| key.len() == KEY)
            .ok_or_else(|| fail("`data_key` must be the base64 of 32 bytes"))?;
        let cipher =
            XChaCha20Poly1305::new_from_slice(&key).map_err(|_| fail("`data_key` is no key"))?;
        let mut nonce = [0; NONCE];
        self.ports.random.fill(&mut nonce);
        let payload = Payload {
            msg: plain,
            aad: associated,
        };
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| fail("the request could not be encrypted"))?;
        let key_id = sha256_hex(&key).chars().take(16).collect();
        Ok((key_id, [nonce.as_slice(), &sealed].concat()))
    }
}

/// What a ciphertext is bound to: it opens for this request of this agent only.
fn associated(id: HeldRequestId, agent: &Agent) -> Vec<u8> {
    format!("vectra-held-1:{id}:{}", agent.id).into_bytes()
}

/// Canonical form, version 1: JSON with sorted keys; the header fields in their
/// order as pairs of name and base64 value; the body as base64.
fn canonical(proxied: &Proxied) -> Vec<u8> {
    let headers: Vec<[String; 2]> = proxied
        .headers
        .iter()
        .map(|(name, value)| [name.as_str().to_owned(), STANDARD.encode(value.as_bytes())])
        .collect();
    json!({
        "v": 1,
        "method": proxied.method.as_str(),
        "url": proxied.target.url,
        "headers": headers,
        "body": STANDARD.encode(&proxied.body),
    })
    .to_string()
    .into_bytes()
}

#[cfg(test)]
mod tests;
