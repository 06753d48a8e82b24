//! Approvals, and the seals by which the gateway knows its own. Who can write to the
//! database can write an approval into it, and cannot seal it.

use serde_json::json;
use vectra_domain::{Approval, HeldRequest, OperatorId, Timestamp};

use crate::auth::operator::{Identity, holds};
use crate::gateway::Gateway;
use crate::problem::Refusal;
use crate::sealing::{DataKeys, SealError};

/// What the key of the seals is derived for.
const PURPOSE: &str = "vectra-approval-1";

impl<U> Gateway<'_, U> {
    /// An operator's approval of what has this digest.
    pub(super) fn sealed_approval(
        &self,
        held: &HeldRequest,
        by: &Identity,
        comment: Option<String>,
        now: Timestamp,
    ) -> Result<Approval, SealError> {
        let mut approval = Approval {
            held_id: held.id,
            // The first key is configuration and has no row.
            operator_id: by.id.unwrap_or(OperatorId::new(uuid::Uuid::nil())),
            operator_name: by.name.clone(),
            comment,
            approved_at: now,
            seal: String::new(),
        };
        approval.seal = self
            .data_keys()?
            .mark(PURPOSE, &message(&approval, &held.digest));
        Ok(approval)
    }

    /// All approvals of a held request in the order in which they were given, and whether
    /// each counts: the gateway has sealed it, and whoever gave it is still an operator.
    /// Without keys none does.
    pub(super) fn approvals(
        &self,
        held: &HeldRequest,
        keys: Option<&DataKeys>,
    ) -> Result<Vec<(Approval, bool)>, Refusal> {
        let approvals = self.with_schema(|| self.ports.held.approvals(held.id))?;
        let counted = approvals.into_iter().map(|approval| {
            let sealed = keys.is_some_and(|keys| is_sealed(keys, &approval, &held.digest));
            let counts = sealed && self.is_operator(&approval)?;
            Ok((approval, counts))
        });
        counted.collect()
    }

    /// Whether who gave an approval could give it now: their key was neither taken back nor
    /// has it ended.
    fn is_operator(&self, approval: &Approval) -> Result<bool, Refusal> {
        let id = approval.operator_id;
        // Operators are listed by name and id: the next one after the id before theirs.
        let Some(before) = id.uuid().as_u128().checked_sub(1) else {
            return Ok(true);
        };
        let before = OperatorId::new(uuid::Uuid::from_u128(before));
        let place = (approval.operator_name.clone(), before);
        let found = self.with_schema(|| self.ports.operators.list(Some(&place), 1))?;
        let now = self.ports.clock.now();
        Ok(found
            .iter()
            .any(|operator| operator.id == id && holds(operator, now)))
    }
}

/// Whether the gateway has sealed this approval of what has this digest.
fn is_sealed(keys: &DataKeys, approval: &Approval, digest: &str) -> bool {
    keys.has_marked(PURPOSE, &message(approval, digest), &approval.seal)
}

/// What is sealed: a JSON array, so that no two approvals are the same text.
fn message(approval: &Approval, digest: &str) -> Vec<u8> {
    json!([
        approval.held_id,
        digest,
        approval.operator_id,
        approval.operator_name,
        approval.comment,
        approval.approved_at.to_string(),
    ])
    .to_string()
    .into_bytes()
}
