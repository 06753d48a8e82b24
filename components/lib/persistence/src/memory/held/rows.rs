//! Held requests, what belongs to them, and the steps that they may make.

use std::collections::BTreeMap;

use vectra_domain::repository::{MAX_PAGE, Result};
use vectra_domain::{
    AgentStatus, Approval, AuditRecord, Claim, HeldRequest, HeldRequestId, HeldStatus, OperatorId,
    PersistenceError, Release, ReleaseOutcome, Timestamp,
};

use crate::memory::notifications::Notifications;
use crate::memory::{State, insert, remove, take};

/// Held requests and what belongs to them.
#[derive(Default)]
pub(in crate::memory) struct Held {
    pub(in crate::memory) rows: BTreeMap<HeldRequestId, HeldRequest>,
    /// With how many were needed when each was given.
    approvals: BTreeMap<(HeldRequestId, OperatorId), (Approval, u32)>,
    pub(super) releases: BTreeMap<HeldRequestId, Release>,
    pub(in crate::memory) notifications: Notifications,
}

pub(super) fn conflict<T>(what: &str) -> Result<T> {
    Err(PersistenceError::Conflict(what.to_owned()))
}

impl Held {
    pub(in crate::memory) fn insert(&mut self, held: &HeldRequest) -> Result<()> {
        let made = HeldRequest {
            decided_by: None,
            decided_at: None,
            comment: None,
            ..held.clone()
        };
        insert(&mut self.rows, held.id, "HeldRequest.Id", made)?;
        self.notifications
            .add(held.id, held.status, held.created_at);
        Ok(())
    }

    /// The row that makes the step to `to`, if it may.
    pub(super) fn step(&mut self, id: HeldRequestId, to: HeldStatus) -> Result<&mut HeldRequest> {
        let approved = self.has_enough_approvals(id);
        let row = self.rows.get_mut(&id).ok_or(PersistenceError::NotFound)?;
        let allowed = row.status.may_become(to)
            && match to {
                HeldStatus::Approved => approved,
                HeldStatus::Releasing => self.releases.contains_key(&id),
                _ => true,
            };
        if !allowed {
            return conflict("HeldRequest.Status");
        }
        row.status = to;
        if to != HeldStatus::Releasing {
            self.notifications.add(id, to, row.created_at);
        }
        Ok(row)
    }

    pub(super) fn approvals(&self, id: HeldRequestId) -> impl Iterator<Item = &(Approval, u32)> {
        let words = self.approvals.values();
        words.filter(move |(word, _)| word.held_id == id)
    }

    fn has_enough_approvals(&self, id: HeldRequestId) -> bool {
        let needed = self.approvals(id).map(|(_, needed)| *needed).max();
        let count = u32::try_from(self.approvals(id).count()).unwrap_or(u32::MAX);
        needed.is_some_and(|needed| count >= needed)
    }

    /// The row, if it is in this state and has not expired.
    fn unexpired(
        &self,
        id: HeldRequestId,
        status: HeldStatus,
        now: Timestamp,
    ) -> Result<&HeldRequest> {
        let row = self.rows.get(&id).ok_or(PersistenceError::NotFound)?;
        if row.status != status || row.expires_at <= now {
            return conflict("HeldRequest.Status");
        }
        Ok(row)
    }

    pub(super) fn approve(&mut self, approval: &Approval, needed: u32) -> Result<()> {
        let id = approval.held_id;
        self.unexpired(id, HeldStatus::Pending, approval.approved_at)?;
        let word = (approval.clone(), needed);
        let key = (id, approval.operator_id);
        insert(&mut self.approvals, key, "HeldApproval.OperatorId", word)?;
        if self.has_enough_approvals(id) {
            let row = self.step(id, HeldStatus::Approved)?;
            row.decided_by = Some(approval.operator_name.clone());
            row.decided_at = Some(approval.approved_at);
            row.comment.clone_from(&approval.comment);
        }
        Ok(())
    }

    pub(super) fn finish(
        &mut self,
        id: HeldRequestId,
        to: HeldStatus,
        outcome: &ReleaseOutcome,
    ) -> Result<()> {
        let status = self.rows.get(&id).ok_or(PersistenceError::NotFound)?.status;
        let under_way = matches!(status, HeldStatus::Releasing | HeldStatus::Uncertain);
        let release = self.releases.get_mut(&id).filter(|_| under_way);
        let Some(release) = release else {
            return conflict("HeldRequest.Status");
        };
        if release.outcome.is_some() {
            return conflict("HeldResponse.HeldId");
        }
        release.outcome = Some(outcome.clone());
        if status != to {
            self.step(id, to)?;
        }
        Ok(())
    }

    /// Makes the step with the first `limit` of those whose time is over, and says how
    /// many there were.
    pub(super) fn expire(
        &mut self,
        mut over: Vec<(Timestamp, HeldRequestId)>,
        limit: u32,
        to: HeldStatus,
    ) -> Result<u32> {
        over.sort();
        let over = take(i64::from(limit.min(MAX_PAGE)), over.into_iter());
        for (_, id) in &over {
            self.step(*id, to)?;
            if let Some(row) = self.rows.get_mut(id).filter(|_| to == HeldStatus::Expired) {
                row.sealed.clear();
            }
        }
        Ok(u32::try_from(over.len()).unwrap_or(u32::MAX))
    }

    pub(super) fn remove(&mut self, ids: &[HeldRequestId]) -> u32 {
        self.approvals.retain(|(id, _), _| !ids.contains(id));
        self.releases.retain(|id, _| !ids.contains(id));
        self.notifications.forget(ids);
        remove(&mut self.rows, ids)
    }
}

impl State {
    pub(super) fn claim(&mut self, claim: &Claim) -> Result<()> {
        let status = HeldStatus::Approved;
        self.held.unexpired(claim.id, status, claim.now)?;
        let agent = self.held.rows.get(&claim.id).map(|row| row.agent_id);
        let agent = agent.and_then(|id| self.agents.get(&id));
        if agent.is_none_or(|agent| agent.status != AgentStatus::Active) {
            return Err(PersistenceError::Conflict("Agent.Status".to_owned()));
        }
        let release = Release {
            held_id: claim.id,
            audit_id: claim.audit.id,
            started_at: claim.now,
            lease_until: claim.lease_until,
            outcome: None,
        };
        let record = AuditRecord {
            entry: claim.audit.clone(),
            explanation: claim.explanation.clone(),
            outcome: None,
        };
        insert(&mut self.audit, record.entry.id, "AuditTrail.Id", record)?;
        let releases = &mut self.held.releases;
        insert(releases, claim.id, "HeldRelease.HeldId", release)?;
        self.held.step(claim.id, HeldStatus::Releasing)?;
        Ok(())
    }
}
