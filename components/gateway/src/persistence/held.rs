//! Held requests, what is told of them, and credentials of upstreams as ports.

use vectra_domain::repository::{
    CredentialRepository, Expiry, HeldPage, HeldRequestRepository, HeldStep,
    NotificationRepository, Result,
};
use vectra_domain::{
    Approval, Claim, Credential, CredentialId, HeldRequest, HeldRequestId, HeldStatus,
    Notification, Release, ReleaseOutcome, Timestamp,
};

use super::Repositories;
use super::records::{audit_to, error, id_in, time_in, times_in};
use crate::bindings::vectra::persistence::types as wit;
use crate::bindings::vectra::persistence::{credentials, held_requests, notifications};

impl HeldRequestRepository for Repositories {
    fn find(&self, id: HeldRequestId) -> Result<Option<HeldRequest>> {
        let held = held_requests::find(&id.to_string()).map_err(error)?;
        held.map(held_from).transpose()
    }

    fn find_sealed(&self, id: HeldRequestId) -> Result<Option<HeldRequest>> {
        let held = held_requests::find_sealed(&id.to_string()).map_err(error)?;
        held.map(held_from).transpose()
    }

    fn count_pending(&self, now: Timestamp) -> Result<u32> {
        held_requests::count_pending(now.micros()).map_err(error)
    }

    fn list(&self, page: &HeldPage) -> Result<Vec<HeldRequest>> {
        let after = page.after.map(|(time, id)| held_requests::Cursor {
            created_at: time.micros(),
            id: id.to_string(),
        });
        let query = held_requests::PageQuery {
            status: page.status.map(status_to),
            agent_id: page.agent_id.map(|id| id.to_string()),
            after,
            limit: page.limit,
        };
        let held = held_requests::list(&query).map_err(error)?;
        held.into_iter().map(held_from).collect()
    }

    fn approve(&self, approval: &Approval, needed: u32) -> Result<()> {
        let approval = wit::Approval {
            held_id: approval.held_id.to_string(),
            operator_id: approval.operator_id.to_string(),
            operator_name: approval.operator_name.clone(),
            comment: approval.comment.clone(),
            approved_at: approval.approved_at.micros(),
            seal: approval.seal.clone(),
        };
        held_requests::approve(&approval, needed).map_err(error)
    }

    fn approvals(&self, id: HeldRequestId) -> Result<Vec<Approval>> {
        let approvals = held_requests::approvals(&id.to_string()).map_err(error)?;
        approvals.into_iter().map(approval_from).collect()
    }

    fn advance(&self, step: &HeldStep) -> Result<HeldRequest> {
        let step = held_requests::Step {
            id: step.id.to_string(),
            from: step.from.iter().copied().map(status_to).collect(),
            to: status_to(step.to),
            now: step.now.micros(),
            unless_expired: step.expiry == Expiry::Refuses,
            decided_by: step.decided_by.clone(),
            comment: step.comment.clone(),
        };
        held_from(held_requests::advance(&step).map_err(error)?)
    }

    fn claim(&self, claim: &Claim) -> Result<()> {
        let claim = held_requests::ReleaseClaim {
            id: claim.id.to_string(),
            now: claim.now.micros(),
            lease_until: claim.lease_until.micros(),
            audit: audit_to(&claim.audit),
            explanation: claim.explanation.clone(),
        };
        held_requests::claim(&claim).map_err(error)
    }

    fn finish(&self, id: HeldRequestId, to: HeldStatus, outcome: &ReleaseOutcome) -> Result<()> {
        let end = held_requests::ReleaseEnd {
            id: id.to_string(),
            to: status_to(to),
            outcome: wit::ReleaseOutcome {
                finished_at: outcome.finished_at.micros(),
                status: outcome.status,
                failure: outcome.failure.clone(),
                key_id: outcome.key_id.clone(),
                sealed: outcome.sealed.clone(),
            },
        };
        held_requests::finish(&end).map_err(error)
    }

    fn find_release(&self, id: HeldRequestId) -> Result<Option<Release>> {
        let release = held_requests::find_release(&id.to_string()).map_err(error)?;
        release.map(release_from).transpose()
    }

    fn expire(&self, now: Timestamp, limit: u32) -> Result<u32> {
        held_requests::expire(now.micros(), limit).map_err(error)
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        held_requests::prune(before.micros(), limit).map_err(error)
    }
}

impl NotificationRepository for Repositories {
    fn claim(&self, now: Timestamp, limit: u32) -> Result<Vec<Notification>> {
        let due = notifications::claim(now.micros(), limit).map_err(error)?;
        due.into_iter().map(notification_from).collect()
    }

    fn remove(&self, held_id: HeldRequestId, status: HeldStatus) -> Result<()> {
        notifications::remove(&held_id.to_string(), status_to(status)).map_err(error)
    }

    fn clear(&self, limit: u32) -> Result<u32> {
        notifications::clear(limit).map_err(error)
    }
}

impl CredentialRepository for Repositories {
    fn insert(&self, credential: &Credential) -> Result<()> {
        credentials::insert(&credential_to(credential)).map_err(error)
    }

    fn find(&self, id: CredentialId) -> Result<Option<Credential>> {
        let credential = credentials::find(&id.to_string()).map_err(error)?;
        credential.map(credential_from).transpose()
    }

    fn replace(&self, credential: &Credential) -> Result<()> {
        credentials::replace(&credential_to(credential)).map_err(error)
    }

    fn remove(&self, id: CredentialId) -> Result<()> {
        credentials::remove(&id.to_string()).map_err(error)
    }

    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Credential>> {
        let rows = credentials::list(after, limit).map_err(error)?;
        rows.into_iter().map(credential_from).collect()
    }
}

fn status_to(status: HeldStatus) -> wit::HeldStatus {
    match status {
        HeldStatus::Pending => wit::HeldStatus::Pending,
        HeldStatus::Approved => wit::HeldStatus::Approved,
        HeldStatus::Releasing => wit::HeldStatus::Releasing,
        HeldStatus::Released => wit::HeldStatus::Released,
        HeldStatus::Denied => wit::HeldStatus::Denied,
        HeldStatus::Expired => wit::HeldStatus::Expired,
        HeldStatus::Uncertain => wit::HeldStatus::Uncertain,
    }
}

fn status_from(status: wit::HeldStatus) -> HeldStatus {
    match status {
        wit::HeldStatus::Pending => HeldStatus::Pending,
        wit::HeldStatus::Approved => HeldStatus::Approved,
        wit::HeldStatus::Releasing => HeldStatus::Releasing,
        wit::HeldStatus::Released => HeldStatus::Released,
        wit::HeldStatus::Denied => HeldStatus::Denied,
        wit::HeldStatus::Expired => HeldStatus::Expired,
        wit::HeldStatus::Uncertain => HeldStatus::Uncertain,
    }
}

pub fn held_to(held: &HeldRequest) -> wit::HeldRequest {
    wit::HeldRequest {
        id: held.id.to_string(),
        agent_id: held.agent_id.to_string(),
        audit_id: held.audit_id.to_string(),
        status: status_to(held.status),
        reason: held.reason.clone(),
        method: held.method.clone(),
        target_url: held.target_url.clone(),
        digest: held.digest.clone(),
        key_id: held.key_id.clone(),
        sealed: held.sealed.clone(),
        created_at: held.created_at.micros(),
        expires_at: held.expires_at.micros(),
        decided_by: held.decided_by.clone(),
        decided_at: held.decided_at.map(Timestamp::micros),
        comment: held.comment.clone(),
    }
}

fn held_from(held: wit::HeldRequest) -> Result<HeldRequest> {
    Ok(HeldRequest {
        id: id_in("HeldRequest.Id", &held.id)?,
        agent_id: id_in("HeldRequest.AgentId", &held.agent_id)?,
        audit_id: id_in("HeldRequest.AuditId", &held.audit_id)?,
        status: status_from(held.status),
        reason: held.reason,
        method: held.method,
        target_url: held.target_url,
        digest: held.digest,
        key_id: held.key_id,
        sealed: held.sealed,
        created_at: time_in("HeldRequest.CreatedAt", held.created_at)?,
        expires_at: time_in("HeldRequest.ExpiresAt", held.expires_at)?,
        decided_by: held.decided_by,
        decided_at: times_in("HeldRequest.DecidedAt", held.decided_at)?,
        comment: held.comment,
    })
}

fn approval_from(approval: wit::Approval) -> Result<Approval> {
    Ok(Approval {
        held_id: id_in("Approval.HeldId", &approval.held_id)?,
        operator_id: id_in("Approval.OperatorId", &approval.operator_id)?,
        operator_name: approval.operator_name,
        comment: approval.comment,
        approved_at: time_in("Approval.ApprovedAt", approval.approved_at)?,
        seal: approval.seal,
    })
}

fn release_from(release: wit::Release) -> Result<Release> {
    Ok(Release {
        held_id: id_in("Release.HeldId", &release.held_id)?,
        audit_id: id_in("Release.AuditId", &release.audit_id)?,
        started_at: time_in("Release.StartedAt", release.started_at)?,
        lease_until: time_in("Release.LeaseUntil", release.lease_until)?,
        outcome: release.outcome.map(outcome_from).transpose()?,
    })
}

fn outcome_from(outcome: wit::ReleaseOutcome) -> Result<ReleaseOutcome> {
    Ok(ReleaseOutcome {
        finished_at: time_in("ReleaseOutcome.FinishedAt", outcome.finished_at)?,
        status: outcome.status,
        failure: outcome.failure,
        key_id: outcome.key_id,
        sealed: outcome.sealed,
    })
}

fn notification_from(row: notifications::Notification) -> Result<Notification> {
    Ok(Notification {
        held_id: id_in("Notification.HeldId", &row.held_id)?,
        status: status_from(row.status),
        attempts: row.attempts,
    })
}

fn credential_to(row: &Credential) -> credentials::Credential {
    credentials::Credential {
        id: row.id.to_string(),
        origin: row.origin.clone(),
        header_names: row.header_names.clone(),
        key_id: row.key_id.clone(),
        sealed: row.sealed.clone(),
        created_at: row.created_at.micros(),
        updated_at: row.updated_at.micros(),
    }
}

fn credential_from(row: credentials::Credential) -> Result<Credential> {
    Ok(Credential {
        id: id_in("Credential.Id", &row.id)?,
        origin: row.origin,
        header_names: row.header_names,
        key_id: row.key_id,
        sealed: row.sealed,
        created_at: time_in("Credential.CreatedAt", row.created_at)?,
        updated_at: time_in("Credential.UpdatedAt", row.updated_at)?,
    })
}
