//! Held requests, what is told of them, and credentials of upstreams.

use vectra_domain::repository::{
    CredentialRepository, HeldPage, HeldRequestRepository, HeldStep, NotificationRepository, Result,
};
use vectra_domain::{
    Approval, Claim, Credential, CredentialId, HeldRequest, HeldRequestId, HeldStatus,
    Notification, Release, ReleaseOutcome, Timestamp,
};

use super::Database;

impl Database {
    fn forged(&self, mut found: Option<HeldRequest>) -> Option<HeldRequest> {
        if let (Some(held), Some(forge)) = (&mut found, &*self.forgery.held.borrow()) {
            forge(held);
        }
        found
    }
}

impl HeldRequestRepository for Database {
    fn find(&self, id: HeldRequestId) -> Result<Option<HeldRequest>> {
        let found = self.call("held.find", |memory| {
            HeldRequestRepository::find(memory, id)
        });
        Ok(self.forged(found?))
    }

    fn find_sealed(&self, id: HeldRequestId) -> Result<Option<HeldRequest>> {
        let found = self.call("held.find_sealed", |memory| memory.find_sealed(id));
        Ok(self.forged(found?))
    }

    fn count_pending(&self, now: Timestamp) -> Result<u32> {
        self.call("held.count_pending", |memory| memory.count_pending(now))
    }

    fn list(&self, page: &HeldPage) -> Result<Vec<HeldRequest>> {
        self.call("held.list", |memory| {
            HeldRequestRepository::list(memory, page)
        })
    }

    fn approve(&self, approval: &Approval, needed: u32) -> Result<()> {
        self.call("held.approve", |memory| memory.approve(approval, needed))
    }

    fn approvals(&self, id: HeldRequestId) -> Result<Vec<Approval>> {
        self.call("held.approvals", |memory| memory.approvals(id))
    }

    fn advance(&self, step: &HeldStep) -> Result<HeldRequest> {
        self.call("held.advance", |memory| memory.advance(step))
    }

    fn claim(&self, claim: &Claim) -> Result<()> {
        self.call("held.claim", |memory| {
            HeldRequestRepository::claim(memory, claim)
        })
    }

    fn finish(&self, id: HeldRequestId, to: HeldStatus, outcome: &ReleaseOutcome) -> Result<()> {
        self.call("held.finish", |memory| memory.finish(id, to, outcome))
    }

    fn find_release(&self, id: HeldRequestId) -> Result<Option<Release>> {
        self.call("held.find_release", |memory| memory.find_release(id))
    }

    fn expire(&self, now: Timestamp, limit: u32) -> Result<u32> {
        self.call("held.expire", |memory| memory.expire(now, limit))
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        self.call("held.prune", |memory| {
            HeldRequestRepository::prune(memory, before, limit)
        })
    }
}

impl NotificationRepository for Database {
    fn claim(&self, now: Timestamp, limit: u32) -> Result<Vec<Notification>> {
        self.call("notifications.claim", |memory| {
            NotificationRepository::claim(memory, now, limit)
        })
    }

    fn remove(&self, held_id: HeldRequestId, status: HeldStatus) -> Result<()> {
        self.call("notifications.remove", |memory| {
            NotificationRepository::remove(memory, held_id, status)
        })
    }

    fn clear(&self, limit: u32) -> Result<u32> {
        self.call("notifications.clear", |memory| {
            NotificationRepository::clear(memory, limit)
        })
    }
}

impl CredentialRepository for Database {
    fn insert(&self, credential: &Credential) -> Result<()> {
        self.call("credentials.insert", |memory| {
            CredentialRepository::insert(memory, credential)
        })
    }

    fn find(&self, id: CredentialId) -> Result<Option<Credential>> {
        self.call("credentials.find", |memory| {
            CredentialRepository::find(memory, id)
        })
    }

    fn replace(&self, credential: &Credential) -> Result<()> {
        self.call("credentials.replace", |memory| memory.replace(credential))
    }

    fn remove(&self, id: CredentialId) -> Result<()> {
        self.call("credentials.remove", |memory| {
            CredentialRepository::remove(memory, id)
        })
    }

    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Credential>> {
        self.call("credentials.list", |memory| {
            CredentialRepository::list(memory, after, limit)
        })
    }
}
