//! Calls about held requests, what is told of them, and credentials.

use vectra_domain::repository::{
    CredentialRepository, HeldPage, HeldRequestRepository, NotificationRepository,
};
use vectra_domain::{AgentId, HeldStatus, Timestamp};

use super::{Call, ErasedPorts, call, ok};
use crate::fixtures::{after_noon, answer, approval, claim, credential, held_id, step};

/// Those about a held request from its beginning to its end; it is there.
pub(super) fn held_requests(id: AgentId) -> Vec<Call> {
    let now = after_noon(0);
    let page = |status, agent_id| HeldPage {
        status,
        agent_id,
        after: Some((after_noon(-1), held_id(1))),
        limit: 10,
    };
    let (whole, waiting) = (page(None, None), page(Some(HeldStatus::Pending), None));
    let of_agent = page(Some(HeldStatus::Pending), Some(id));
    let list =
        |page: HeldPage| move |p: &dyn ErasedPorts| ok(HeldRequestRepository::list(p, &page));
    vec![
        call("held-requests.find", |p| {
            ok(HeldRequestRepository::find(p, held_id(2)));
        }),
        call("held-requests.find-sealed", |p| {
            ok(p.find_sealed(held_id(2)))
        }),
        call("held-requests.list", list(whole)),
        call("held-requests.list of a state", list(waiting)),
        call("held-requests.list of an agent", list(of_agent)),
        call("held-requests.count-pending", move |p| {
            ok(p.count_pending(now))
        }),
        call("held-requests.approve", move |p| {
            ok(p.approve(&approval(2, 1, now), 1));
        }),
        call("held-requests.approvals", |p| ok(p.approvals(held_id(2)))),
        call("held-requests.claim", move |p| {
            ok(HeldRequestRepository::claim(p, &claim(2, id, now)));
        }),
        call("held-requests.finish", move |p| {
            ok(p.finish(held_id(2), HeldStatus::Uncertain, &answer(now)));
        }),
        call("held-requests.find-release", |p| {
            ok(p.find_release(held_id(2)));
        }),
        call("held-requests.advance", move |p| {
            let settled = step(2, &[HeldStatus::Uncertain], HeldStatus::Released, now);
            ok(p.advance(&settled));
        }),
        call("held-requests.expire", move |p| ok(p.expire(now, 10))),
        call("notifications.claim", move |p| {
            ok(NotificationRepository::claim(p, now, 10));
        }),
        call("notifications.remove", |p| {
            let told = HeldStatus::Approved;
            ok(NotificationRepository::remove(p, held_id(2), told));
        }),
        call("notifications.clear", |p| {
            ok(NotificationRepository::clear(p, 1));
        }),
        call("held-requests.prune", |p| {
            let before = after_noon(2 * Timestamp::HOUR);
            ok(HeldRequestRepository::prune(p, before, 10));
        }),
    ]
}

/// Those about credentials of upstreams.
pub(super) fn credentials() -> Vec<Call> {
    vec![
        call("credentials.insert", |p| {
            ok(CredentialRepository::insert(p, &credential(1)));
        }),
        call("credentials.find", |p| {
            ok(CredentialRepository::find(p, credential(1).id));
        }),
        call("credentials.replace", |p| ok(p.replace(&credential(1)))),
        call("credentials.list", |p| {
            ok(CredentialRepository::list(p, Some("https://a"), 10));
        }),
        call("credentials.remove", |p| {
            ok(CredentialRepository::remove(p, credential(1).id));
        }),
    ]
}
