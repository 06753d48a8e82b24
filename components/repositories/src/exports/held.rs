//! The interfaces of held requests, of what is told of them, and of credentials.

use vectra_domain::repository::{
    CredentialRepository, HeldRequestRepository, NotificationRepository,
};

use super::call;
use crate::bindings::exports::vectra::persistence::{
    credentials, held_requests, notifications, types,
};
use crate::convert::of;
use crate::{Shell, Store, convert};

impl<S: Store> held_requests::Guest for Shell<S> {
    fn find(id: String) -> Result<Option<types::HeldRequest>, types::Error> {
        call(|| {
            let held = HeldRequestRepository::find(&S::repositories(), convert::id(&id)?)?;
            Ok(held.map(convert::from_held))
        })
    }

    fn find_sealed(id: String) -> Result<Option<types::HeldRequest>, types::Error> {
        call(|| {
            let held = S::repositories().find_sealed(convert::id(&id)?)?;
            Ok(held.map(convert::from_held))
        })
    }

    fn count_pending(now: i64) -> Result<u32, types::Error> {
        call(|| S::repositories().count_pending(of("Now", convert::time(now))?))
    }

    fn list(query: held_requests::PageQuery) -> Result<Vec<types::HeldRequest>, types::Error> {
        call(|| {
            let page = convert::to_held_page(query)?;
            let held = HeldRequestRepository::list(&S::repositories(), &page)?;
            Ok(held.into_iter().map(convert::from_held).collect())
        })
    }

    fn approve(approval: types::Approval, needed: u32) -> Result<(), types::Error> {
        call(|| S::repositories().approve(&convert::to_approval(approval)?, needed))
    }

    fn approvals(id: String) -> Result<Vec<types::Approval>, types::Error> {
        call(|| {
            let approvals = S::repositories().approvals(convert::id(&id)?)?;
            Ok(approvals.into_iter().map(convert::from_approval).collect())
        })
    }

    fn advance(step: held_requests::Step) -> Result<types::HeldRequest, types::Error> {
        call(|| {
            let step = convert::to_held_step(step)?;
            S::repositories().advance(&step).map(convert::from_held)
        })
    }

    fn claim(claim: held_requests::ReleaseClaim) -> Result<(), types::Error> {
        call(|| HeldRequestRepository::claim(&S::repositories(), &convert::to_claim(claim)?))
    }

    fn finish(end: held_requests::ReleaseEnd) -> Result<(), types::Error> {
        call(|| {
            let id = of("ReleaseEnd.Id", convert::id(&end.id))?;
            let to = convert::to_held_status(end.to);
            let outcome = convert::to_release_outcome(end.outcome)?;
            S::repositories().finish(id, to, &outcome)
        })
    }

    fn find_release(id: String) -> Result<Option<types::Release>, types::Error> {
        call(|| {
            let release = S::repositories().find_release(convert::id(&id)?)?;
            Ok(release.map(convert::from_release))
        })
    }

    fn expire(now: i64, limit: u32) -> Result<u32, types::Error> {
        call(|| S::repositories().expire(convert::time(now)?, limit))
    }

    fn prune(before: i64, limit: u32) -> Result<u32, types::Error> {
        call(|| {
            let before = of("Before", convert::time(before))?;
            HeldRequestRepository::prune(&S::repositories(), before, limit)
        })
    }
}

impl<S: Store> notifications::Guest for Shell<S> {
    fn claim(now: i64, limit: u32) -> Result<Vec<notifications::Notification>, types::Error> {
        call(|| {
            let now = of("Now", convert::time(now))?;
            let due = NotificationRepository::claim(&S::repositories(), now, limit)?;
            Ok(due.into_iter().map(convert::from_notification).collect())
        })
    }

    fn remove(held_id: String, status: types::HeldStatus) -> Result<(), types::Error> {
        call(|| {
            let (id, status) = (convert::id(&held_id)?, convert::to_held_status(status));
            NotificationRepository::remove(&S::repositories(), id, status)
        })
    }

    fn clear(limit: u32) -> Result<u32, types::Error> {
        call(|| NotificationRepository::clear(&S::repositories(), limit))
    }
}

impl<S: Store> credentials::Guest for Shell<S> {
    fn insert(credential: credentials::Credential) -> Result<(), types::Error> {
        call(|| {
            let credential = convert::to_credential(credential)?;
            CredentialRepository::insert(&S::repositories(), &credential)
        })
    }

    fn find(id: String) -> Result<Option<credentials::Credential>, types::Error> {
        call(|| {
            let credential = CredentialRepository::find(&S::repositories(), convert::id(&id)?)?;
            Ok(credential.map(convert::from_credential))
        })
    }

    fn replace(credential: credentials::Credential) -> Result<(), types::Error> {
        call(|| S::repositories().replace(&convert::to_credential(credential)?))
    }

    fn remove(id: String) -> Result<(), types::Error> {
        call(|| CredentialRepository::remove(&S::repositories(), convert::id(&id)?))
    }

    fn list(
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<credentials::Credential>, types::Error> {
        call(|| {
            let rows = CredentialRepository::list(&S::repositories(), after.as_deref(), limit)?;
            Ok(rows.into_iter().map(convert::from_credential).collect())
        })
    }
}
