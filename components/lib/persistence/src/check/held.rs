//! What is refused of held requests and of credentials of upstreams.

use vectra_domain::repository::{MAX_APPROVALS, Result};
use vectra_domain::{
    Approval, AuditTrail, Claim, Credential, DecisionType, HeldRequest, HeldStatus, ReleaseOutcome,
};

use super::{audit, invalid, name, optional_text, sized, status, text};

/// Longest origin of a credential, in characters: scheme, the longest host in brackets, port.
const MAX_ORIGIN: usize = 269;

/// Checks a request to hold.
pub(super) fn request(held: &HeldRequest, audit: &AuditTrail) -> Result<()> {
    optional_text("HeldRequest.Reason", held.reason.as_deref())?;
    text("HeldRequest.Method", &held.method)?;
    text("HeldRequest.TargetUrl", &held.target_url)?;
    text("HeldRequest.Digest", &held.digest)?;
    text("HeldRequest.KeyId", &held.key_id)?;
    if held.agent_id != audit.agent_id || held.audit_id != audit.id {
        return invalid("the held request belongs to another audit row");
    }
    if held.status != HeldStatus::Pending {
        return invalid("a held request begins as pending");
    }
    Ok(())
}

/// Checks an approval to add.
pub(crate) fn approval(approval: &Approval, needed: u32) -> Result<()> {
    name("HeldApproval.OperatorName", &approval.operator_name)?;
    optional_text("HeldApproval.Comment", approval.comment.as_deref())?;
    text("HeldApproval.Seal", &approval.seal)?;
    if !(1..=MAX_APPROVALS).contains(&needed) {
        return invalid(format!(
            "needed approvals {needed} are not from 1 to {MAX_APPROVALS}"
        ));
    }
    Ok(())
}

/// Checks the wish to send a held request.
pub(crate) fn claim(claim: &Claim) -> Result<()> {
    audit(&claim.audit, &claim.explanation)?;
    if claim.audit.decision_type != DecisionType::Allow {
        return invalid("a release is the decision to allow");
    }
    if claim.lease_until <= claim.now {
        return invalid("the lease of a release ends before it begins");
    }
    Ok(())
}

/// Checks what came of sending.
pub(crate) fn finish(to: HeldStatus, outcome: &ReleaseOutcome) -> Result<()> {
    if !matches!(to, HeldStatus::Released | HeldStatus::Uncertain) {
        return invalid("a release ends as released or as uncertain");
    }
    if let Some(answered) = outcome.status {
        status("HeldResponse.Status", answered)?;
    }
    optional_text("HeldResponse.Failure", outcome.failure.as_deref())?;
    text("HeldResponse.KeyId", &outcome.key_id)
}

/// Checks a credential to insert or to replace.
pub(crate) fn credential(credential: &Credential) -> Result<()> {
    sized("UpstreamCredential.Origin", &credential.origin, MAX_ORIGIN)?;
    for header in &credential.header_names {
        name("UpstreamCredential.HeaderNames", header)?;
    }
    text("UpstreamCredential.KeyId", &credential.key_id)
}
