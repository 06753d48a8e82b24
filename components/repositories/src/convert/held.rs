//! Held requests, what belongs to them, and credentials of upstreams.

use vectra_domain as domain;
use vectra_domain::repository::{Expiry, HeldPage, HeldStep};

use super::{
    Result, from_held_status, id, micros, of, optional_time, time, to_audit, to_held_status,
};
use crate::bindings::exports::vectra::persistence::{
    credentials, held_requests, notifications, types,
};

pub(crate) fn to_held(held: types::HeldRequest) -> Result<domain::HeldRequest> {
    Ok(domain::HeldRequest {
        id: id(&held.id)?,
        agent_id: id(&held.agent_id)?,
        audit_id: id(&held.audit_id)?,
        status: to_held_status(held.status),
        reason: held.reason,
        method: held.method,
        target_url: held.target_url,
        digest: held.digest,
        key_id: held.key_id,
        sealed: held.sealed,
        created_at: time(held.created_at)?,
        expires_at: time(held.expires_at)?,
        decided_by: held.decided_by,
        decided_at: optional_time(held.decided_at)?,
        comment: held.comment,
    })
}

pub(crate) fn from_held(held: domain::HeldRequest) -> types::HeldRequest {
    types::HeldRequest {
        id: held.id.to_string(),
        agent_id: held.agent_id.to_string(),
        audit_id: held.audit_id.to_string(),
        status: from_held_status(held.status),
        reason: held.reason,
        method: held.method,
        target_url: held.target_url,
        digest: held.digest,
        key_id: held.key_id,
        sealed: held.sealed,
        created_at: held.created_at.micros(),
        expires_at: held.expires_at.micros(),
        decided_by: held.decided_by,
        decided_at: micros(held.decided_at),
        comment: held.comment,
    }
}

pub(crate) fn to_held_page(query: held_requests::PageQuery) -> Result<HeldPage> {
    let after = query
        .after
        .map(|cursor| Ok((time(cursor.created_at)?, id(&cursor.id)?)));
    Ok(HeldPage {
        status: query.status.map(to_held_status),
        agent_id: query.agent_id.map(|agent| id(&agent)).transpose()?,
        after: after.transpose()?,
        limit: query.limit,
    })
}

pub(crate) fn to_held_step(step: held_requests::Step) -> Result<HeldStep> {
    Ok(HeldStep {
        id: id(&step.id)?,
        from: step.from.into_iter().map(to_held_status).collect(),
        to: to_held_status(step.to),
        now: time(step.now)?,
        expiry: if step.unless_expired {
            Expiry::Refuses
        } else {
            Expiry::Ignored
        },
        decided_by: step.decided_by,
        comment: step.comment,
    })
}

pub(crate) fn to_approval(approval: types::Approval) -> Result<domain::Approval> {
    Ok(domain::Approval {
        held_id: of("Approval.HeldId", id(&approval.held_id))?,
        operator_id: of("Approval.OperatorId", id(&approval.operator_id))?,
        operator_name: approval.operator_name,
        comment: approval.comment,
        approved_at: of("Approval.ApprovedAt", time(approval.approved_at))?,
        seal: approval.seal,
    })
}

pub(crate) fn from_approval(approval: domain::Approval) -> types::Approval {
    types::Approval {
        held_id: approval.held_id.to_string(),
        operator_id: approval.operator_id.to_string(),
        operator_name: approval.operator_name,
        comment: approval.comment,
        approved_at: approval.approved_at.micros(),
        seal: approval.seal,
    }
}

pub(crate) fn to_claim(claim: held_requests::ReleaseClaim) -> Result<domain::Claim> {
    Ok(domain::Claim {
        id: of("ReleaseClaim.Id", id(&claim.id))?,
        now: of("ReleaseClaim.Now", time(claim.now))?,
        lease_until: of("ReleaseClaim.LeaseUntil", time(claim.lease_until))?,
        audit: to_audit(claim.audit)?,
        explanation: claim.explanation,
    })
}

pub(crate) fn to_release_outcome(outcome: types::ReleaseOutcome) -> Result<domain::ReleaseOutcome> {
    Ok(domain::ReleaseOutcome {
        finished_at: of("ReleaseOutcome.FinishedAt", time(outcome.finished_at))?,
        status: outcome.status,
        failure: outcome.failure,
        key_id: outcome.key_id,
        sealed: outcome.sealed,
    })
}

pub(crate) fn from_release(release: domain::Release) -> types::Release {
    types::Release {
        held_id: release.held_id.to_string(),
        audit_id: release.audit_id.to_string(),
        started_at: release.started_at.micros(),
        lease_until: release.lease_until.micros(),
        outcome: release.outcome.map(|outcome| types::ReleaseOutcome {
            finished_at: outcome.finished_at.micros(),
            status: outcome.status,
            failure: outcome.failure,
            key_id: outcome.key_id,
            sealed: outcome.sealed,
        }),
    }
}

pub(crate) fn from_notification(row: domain::Notification) -> notifications::Notification {
    notifications::Notification {
        held_id: row.held_id.to_string(),
        status: from_held_status(row.status),
        attempts: row.attempts,
    }
}

pub(crate) fn to_credential(row: credentials::Credential) -> Result<domain::Credential> {
    Ok(domain::Credential {
        id: of("Credential.Id", id(&row.id))?,
        origin: row.origin,
        header_names: row.header_names,
        key_id: row.key_id,
        sealed: row.sealed,
        created_at: of("Credential.CreatedAt", time(row.created_at))?,
        updated_at: of("Credential.UpdatedAt", time(row.updated_at))?,
    })
}

pub(crate) fn from_credential(row: domain::Credential) -> credentials::Credential {
    credentials::Credential {
        id: row.id.to_string(),
        origin: row.origin,
        header_names: row.header_names,
        key_id: row.key_id,
        sealed: row.sealed,
        created_at: row.created_at.micros(),
        updated_at: row.updated_at.micros(),
    }
}
