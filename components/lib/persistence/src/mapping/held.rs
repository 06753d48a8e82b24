//! Held requests, what belongs to them, and credentials of upstreams.

use vectra_domain::repository::Result;
use vectra_domain::{
    Approval, Credential, HeldRequest, HeldStatus, Notification, Release, ReleaseOutcome, Timestamp,
};

use crate::row::{Reader, unexpected};

/// `Id, AgentId, AuditId, Status, Reason, Method, TargetUrl, Digest, KeyId, Sealed,
/// CreatedAt, ExpiresAt, DecidedBy, DecidedAt, Comment`.
pub(crate) fn held(row: &mut Reader) -> Result<HeldRequest> {
    Ok(HeldRequest {
        id: row.parsed("HeldRequest.Id")?,
        agent_id: row.parsed("HeldRequest.AgentId")?,
        audit_id: row.parsed("HeldRequest.AuditId")?,
        status: row.code("HeldRequest.Status", HeldStatus::from_code)?,
        reason: row.optional_text("HeldRequest.Reason")?,
        method: row.text("HeldRequest.Method")?,
        target_url: row.text("HeldRequest.TargetUrl")?,
        digest: row.text("HeldRequest.Digest")?,
        key_id: row.text("HeldRequest.KeyId")?,
        sealed: row.blob("HeldRequest.Sealed")?,
        created_at: row.time("HeldRequest.CreatedAt")?,
        expires_at: row.time("HeldRequest.ExpiresAt")?,
        decided_by: row.optional_text("HeldRequest.DecidedBy")?,
        decided_at: row.optional_time("HeldRequest.DecidedAt")?,
        comment: row.optional_text("HeldRequest.Comment")?,
    })
}

/// `HeldId, OperatorId, OperatorName, Comment, ApprovedAt, Seal`.
pub(crate) fn approval(row: &mut Reader) -> Result<Approval> {
    Ok(Approval {
        held_id: row.parsed("HeldApproval.HeldId")?,
        operator_id: row.parsed("HeldApproval.OperatorId")?,
        operator_name: row.text("HeldApproval.OperatorName")?,
        comment: row.optional_text("HeldApproval.Comment")?,
        approved_at: row.time("HeldApproval.ApprovedAt")?,
        seal: row.text("HeldApproval.Seal")?,
    })
}

/// `HeldId, AuditId, StartedAt, LeaseUntil`, then the outcome.
pub(crate) fn release(row: &mut Reader) -> Result<Release> {
    Ok(Release {
        held_id: row.parsed("HeldRelease.HeldId")?,
        audit_id: row.parsed("HeldRelease.AuditId")?,
        started_at: row.time("HeldRelease.StartedAt")?,
        lease_until: row.time("HeldRelease.LeaseUntil")?,
        outcome: release_outcome(row)?,
    })
}

/// `FinishedAt, Status, Failure, KeyId, Sealed`; none if the first is NULL.
fn release_outcome(row: &mut Reader) -> Result<Option<ReleaseOutcome>> {
    let Some(finished_at) = row.optional_time("HeldResponse.FinishedAt")? else {
        return Ok(None);
    };
    let status = row.optional_integer("HeldResponse.Status")?;
    let status = status.map(u16::try_from).transpose();
    Ok(Some(ReleaseOutcome {
        finished_at,
        status: status.map_err(|_| unexpected("HeldResponse.Status"))?,
        failure: row.optional_text("HeldResponse.Failure")?,
        key_id: row.text("HeldResponse.KeyId")?,
        sealed: row.blob("HeldResponse.Sealed")?,
    }))
}

/// `HeldId, Status, Attempts, WasDueAt`, with when it was due.
pub(crate) fn notification(row: &mut Reader) -> Result<(Notification, Timestamp)> {
    let notification = Notification {
        held_id: row.parsed("HeldNotification.HeldId")?,
        status: row.code("HeldNotification.Status", HeldStatus::from_code)?,
        attempts: row.count("HeldNotification.Attempts")?,
    };
    Ok((notification, row.time("HeldNotification.WasDueAt")?))
}

/// `Id, Origin, HeaderNames, KeyId, CreatedAt, UpdatedAt`, `sealed` left empty.
pub(crate) fn credential(row: &mut Reader) -> Result<Credential> {
    const HEADER_NAMES: &str = "UpstreamCredential.HeaderNames";
    Ok(Credential {
        id: row.parsed("UpstreamCredential.Id")?,
        origin: row.text("UpstreamCredential.Origin")?,
        header_names: serde_json::from_str(&row.text(HEADER_NAMES)?)
            .map_err(|_| unexpected(HEADER_NAMES))?,
        key_id: row.text("UpstreamCredential.KeyId")?,
        sealed: Vec::new(),
        created_at: row.time("UpstreamCredential.CreatedAt")?,
        updated_at: row.time("UpstreamCredential.UpdatedAt")?,
    })
}
