//! Sends a held request: at most once, whatever happens.

use std::time::Duration;

use http::Response;
use sha2::{Digest, Sha256};
use vectra_domain::{
    AuditId, AuditTrail, Claim, DecisionType, HeldRequest, PersistenceError, Timestamp,
};

use super::clear::Cleared;
use crate::Forwarded;
use crate::gateway::Gateway;
use crate::ports::{OutgoingBody, Upstream};
use crate::proxy::explanation::Facts;
use crate::proxy::forward::{Dispatch, Permit, Unanswered};
use crate::proxy::record::recordable;

/// Longest that the upstream may take to begin its answer, in seconds, if the settings do
/// not want less: nobody waits for it, and ticks do.
const LONGEST: u32 = 60;
/// Longest that the body of its answer may take, in seconds.
const BODY: u32 = 30;
/// How much longer than the upstream may take a release may take, in seconds: connecting,
/// writing down what came of it.
const MARGIN: u32 = 60;

/// How long the body of an answer may take: sending is over before its lease is.
pub(crate) const BODY_PATIENCE: Duration = Duration::from_secs(BODY as u64);

/// What came of sending.
pub(crate) type Sent<T> = (Forwarded, Result<Response<T>, Unanswered>);

impl<U> Gateway<'_, U> {
    /// Sends what has been cleared, if the database says that nobody has done so before.
    ///
    /// # Errors
    /// The database's; nothing was sent then.
    pub(crate) fn send_held<B>(
        &self,
        held: &HeldRequest,
        cleared: Cleared,
        approvers: &[&str],
    ) -> Result<Sent<U::Body>, PersistenceError>
    where
        U: Upstream<B>,
    {
        let Cleared {
            proxied,
            context,
            decided,
            passage,
            agent,
            ..
        } = cleared;
        let expired = || PersistenceError::Conflict("it has expired".to_owned());
        let now = self.in_time(held).ok_or_else(expired)?;
        let names = approvers.join(", ");
        let audit = AuditTrail {
            id: release_id(held),
            decision_type: DecisionType::Allow,
            reason: Some(recordable(&format!(
                "Held request {} approved by {names}",
                held.id
            ))),
            timestamp: now,
            ..self.audit_row(&proxied, &agent, &decided.decision)
        };
        let explanation = self.explain(&Facts {
            proxied: &proxied,
            policy: context.policy.as_ref(),
            decided: &decided,
            held: Some(held),
        });
        let patience = self.settings.proxy.upstream_timeout.min(LONGEST);
        let lease = i64::from(patience.saturating_add(BODY).saturating_add(MARGIN));
        let claim = Claim {
            id: held.id,
            now,
            lease_until: now.plus(lease.saturating_mul(Timestamp::SECOND)),
            audit,
            explanation,
        };
        let permit = Permit::claim(self.ports.held, &claim)?;
        let dispatch = Dispatch {
            audit: &claim.audit,
            explanation: &claim.explanation,
            context: &context,
            proxied,
            outgoing: OutgoingBody::Empty,
            passage,
            patience: Duration::from_secs(u64::from(patience)),
            started: now,
        };
        Ok(self.dispatch::<B>(permit, dispatch))
    }
}

/// The audit row of a request's release. There is one of this id, and the audit is
/// immutable: so it is sent once at most, also if the tables of held requests were rewritten.
/// What it is made of is what the request is sealed with. A UUIDv7 like all others.
fn release_id(held: &HeldRequest) -> AuditId {
    let digest: [u8; 32] = Sha256::digest(format!("vectra-release-1:{}", held.id)).into();
    let random: [u8; 10] = digest.first_chunk().copied().unwrap_or_default();
    let millis = held.created_at.micros().div_euclid(1_000);
    let millis = u64::try_from(millis).unwrap_or(0);
    AuditId::new(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}
