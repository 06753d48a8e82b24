//! Every call of every interface, to look at what each costs.

use vectra_domain::repository::{
    AgentHistoryRepository, AgentPage, AgentRepository, AuditPage, AuditRange, AuditRepository,
    Expiry, HeldPage, HeldRequestRepository, HeldStep, Ledger, PolicyRepository, Schema,
};
use vectra_domain::{AgentChange, HeldStatus, PersistenceError, PolicySource};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent, audit, audit_id, held_entry, held_id, history, policy, query,
};

/// A call by its name.
pub type Call = (&'static str, Box<dyn Fn(&dyn ErasedPorts)>);

/// All ports as one object.
pub trait ErasedPorts:
    Schema
    + AgentRepository
    + AgentHistoryRepository
    + AuditRepository
    + PolicyRepository
    + HeldRequestRepository
    + Ledger
{
}

impl<P: Ports> ErasedPorts for P {}

fn step() -> HeldStep {
    HeldStep {
        id: held_id(2),
        from: vec![HeldStatus::Pending],
        to: HeldStatus::Approved,
        now: after_noon(0),
        expiry: Expiry::Refuses,
        decided_by: None,
        comment: None,
    }
}

/// Every call of every interface, in an order in which each succeeds.
pub fn calls() -> Vec<Call> {
    fn call(name: &'static str, call: impl Fn(&dyn ErasedPorts) + 'static) -> Call {
        (name, Box::new(call))
    }
    let (now, id) = (after_noon(0), agent(1).id);
    let agents = AgentPage {
        after: Some(("a".to_owned(), id)),
        limit: 10,
        status: None,
        owner_id: None,
    };
    let audits = AuditPage {
        agent_id: Some(id),
        after: Some((now, audit_id(1))),
        limit: 10,
    };
    let held = HeldPage {
        status: Some(HeldStatus::Pending),
        agent_id: None,
        after: None,
        limit: 10,
    };
    let all_audits = AuditPage {
        agent_id: None,
        ..audits
    };
    let stretch = AuditRange {
        since: now,
        until: after_noon(1),
        after: Some((now, audit_id(1))),
        limit: 10,
    };
    vec![
        call("schema.version", |p| ok(p.version())),
        call("agents.insert", |p| {
            ok(AgentRepository::insert(p, &agent(1)))
        }),
        call("agents.find", move |p| ok(AgentRepository::find(p, id))),
        call("agents.update", move |p| {
            ok(p.update(id, &AgentChange::at(now)))
        }),
        call("agents.list", move |p| {
            ok(AgentRepository::list(p, &agents))
        }),
        call("agent-history.append", move |p| {
            ok(AgentHistoryRepository::append(
                p,
                &history(1, &agent(1), now),
            ));
        }),
        call("agent-history.recent", move |p| ok(p.recent(id, now, 10))),
        call("audit-trail.append", move |p| {
            ok(AuditRepository::append(p, &audit(1, id, now), "{}"));
        }),
        call("audit-trail.find", |p| {
            ok(AuditRepository::find(p, audit_id(1)))
        }),
        call("audit-trail.list of an agent", move |p| {
            ok(AuditRepository::list(p, &audits))
        }),
        call("audit-trail.list", move |p| {
            ok(AuditRepository::list(p, &all_audits))
        }),
        call("audit-trail.range", move |p| ok(p.range(&stretch))),
        call("policies.put", |p| ok(p.put(&policy("p", "one")))),
        call("policies.find", |p| {
            ok(PolicyRepository::find(p, "p", None))
        }),
        call("policies.list", |p| ok(PolicyRepository::list(p, None, 10))),
        call("policies.retire-missing", move |p| {
            ok(p.retire_missing(PolicySource::File, &[], now));
        }),
        call("ledger.load", move |p| ok(p.load(&query(id, now)))),
        call("ledger.record", move |p| {
            ok(p.record(&held_entry(2, id, now)))
        }),
        call("held-requests.find", |p| {
            ok(HeldRequestRepository::find(p, held_id(2)))
        }),
        call("held-requests.list", move |p| {
            ok(HeldRequestRepository::list(p, &held))
        }),
        call("held-requests.advance", |p| ok(p.advance(&step()))),
        call("held-requests.expire", move |p| ok(p.expire(now, 10))),
        call("agents.delete", move |p| ok(p.delete(id, now))),
        call("agents.prune", move |p| {
            ok(AgentRepository::prune(p, now, 10))
        }),
        call("agent-history.prune", move |p| {
            ok(AgentHistoryRepository::prune(p, now, 10))
        }),
        call("ledger.prune", move |p| ok(Ledger::prune(p, now, 10))),
    ]
}

fn ok<T>(result: Result<T, PersistenceError>) {
    if let Err(error) = result {
        panic!("{error}");
    }
}
