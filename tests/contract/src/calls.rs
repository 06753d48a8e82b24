//! Every call of every interface, to look at what each costs.

mod held;

use vectra_domain::repository::{
    ActPage, ActRepository, AgentAccessRepository, AgentHistoryRepository, AgentPage,
    AgentRepository, AuditPage, AuditRange, AuditRepository, CircuitRepository,
    ExternalIssuerRepository, IntentCache, Ledger, LockoutRepository, OperatorRepository,
    PolicyRepository, RefusalsPage,
};
use vectra_domain::{
    ActOutcome, AgentChange, AgentId, Entry, Errand, Fate, IssuerKeys, LockoutSubject,
    PersistenceError, PolicySource, Probe, Query, Report, Rotation,
};

use crate::Ports;
use crate::circuits::{RULE, origin};
use crate::fixtures::{
    act, act_id, after_noon, agent, audit, audit_id, entry, held_entry, history, operator,
    operator_id, outcome, policy, query,
};

/// A call by its name.
pub type Call = (&'static str, Box<dyn Fn(&dyn ErasedPorts)>);

/// All ports as one object.
pub trait ErasedPorts: Ports {}

impl<P: Ports> ErasedPorts for P {}

fn call(name: &'static str, call: impl Fn(&dyn ErasedPorts) + 'static) -> Call {
    (name, Box::new(call))
}

/// Those about who calls; the agent is there.
fn callers(id: AgentId) -> Vec<Call> {
    let now = after_noon(0);
    let rotation = Rotation {
        agent_id: id,
        client_secret_hash: "new".to_owned(),
        former_until: Some(now),
        now,
    };
    let done = ActOutcome {
        status: 201,
        target: None,
        timestamp: now,
    };
    let subject = || LockoutSubject::agent(agent(1).id);
    let issuer = "https://id.example.com";
    let keys = IssuerKeys {
        jwks: "{}".to_owned(),
        fetched_at: now,
    };
    let acts = |operator_name: Option<&str>| ActPage {
        operator_name: operator_name.map(str::to_owned),
        after: Some((now, act_id(1))),
        limit: 10,
    };
    let (all_acts, of_admin) = (acts(None), acts(Some("admin")));
    vec![
        call("agent-access.limit", move |p| ok(p.limit(id, None, now))),
        call("agent-access.rotate", move |p| ok(p.rotate(&rotation))),
        call("agent-access.revoke-tokens", move |p| {
            ok(p.revoke_tokens(id, now))
        }),
        call("agent-access.find", move |p| {
            ok(AgentAccessRepository::find(p, id))
        }),
        call("operators.insert", |p| {
            ok(OperatorRepository::insert(p, &operator(1)))
        }),
        call("operators.find-by-key", |p| {
            ok(p.find_by_key(&operator(1).key_hash))
        }),
        call("operators.touch", move |p| ok(p.touch(operator_id(1), now))),
        call("operators.revoke", move |p| {
            ok(p.revoke(operator_id(1), now))
        }),
        call("operators.list", |p| {
            let after = ("a".to_owned(), operator_id(1));
            ok(OperatorRepository::list(p, Some(&after), 10))
        }),
        call("acts.append", move |p| {
            ok(ActRepository::append(p, &act(1, now)))
        }),
        call("acts.complete", move |p| {
            ok(ActRepository::complete(p, act_id(1), &done))
        }),
        call("acts.list", move |p| ok(ActRepository::list(p, &all_acts))),
        call("acts.list of an operator", move |p| {
            ok(ActRepository::list(p, &of_admin))
        }),
        call("lockouts.fail", move |p| {
            ok(LockoutRepository::fail(p, &subject(), now, now))
        }),
        call("lockouts.find", move |p| {
            ok(LockoutRepository::find(p, &subject()))
        }),
        call("lockouts.clear", move |p| {
            ok(LockoutRepository::clear(p, &subject()))
        }),
        call("external-issuers.claim", move |p| {
            ok(ExternalIssuerRepository::claim(p, issuer, now, now))
        }),
        call("external-issuers.put", move |p| {
            ok(ExternalIssuerRepository::put(p, issuer, &keys))
        }),
        call("external-issuers.attempted", move |p| {
            ok(p.attempted(issuer))
        }),
        call("external-issuers.find", move |p| {
            ok(ExternalIssuerRepository::find(p, issuer))
        }),
    ]
}

/// Those about circuits, and of the ledger what goes with them; the agent is there.
fn circuits(id: AgentId) -> Vec<Call> {
    let now = after_noon(0);
    let probe = Entry {
        probe: Some(Probe {
            origin: origin("a"),
            lease_until: after_noon(1),
            own_until: after_noon(2),
        }),
        ..entry(3, id, now)
    };
    let to_origin = Query {
        origin: Some(origin("a")),
        ..query(id, now)
    };
    let refusals = |agent_id| RefusalsPage {
        agent_id,
        after: Some((now, id)),
        limit: 10,
    };
    let (all_refusals, of_agent) = (refusals(None), refusals(Some(id)));
    let report = |fate, errand| {
        let report = Report {
            origin: origin("a"),
            agent_id: id,
            fate,
            errand,
            now,
        };
        move |p: &dyn ErasedPorts| ok(p.report(&report, RULE))
    };
    vec![
        call(
            "circuits.report of a failure",
            report(Fate::Failed, Errand::Ordinary),
        ),
        call("ledger.record of a probe", move |p| ok(p.record(&probe))),
        call("ledger.load of an origin", move |p| ok(p.load(&to_origin))),
        call(
            "circuits.report of a probe that failed",
            report(Fate::Failed, Errand::Probe),
        ),
        call("circuits.list", |p| {
            let after = ("https://a:443".to_owned(), None);
            ok(CircuitRepository::list(p, Some(&after), 10))
        }),
        call("circuits.list-changes", |p| {
            ok(p.list_changes(Some(1_000_000), 10))
        }),
        call(
            "circuits.report of an answer",
            report(Fate::Answered, Errand::Probe),
        ),
        call("circuits.prune", move |p| {
            ok(CircuitRepository::prune(p, now, 10))
        }),
        call("ledger.list-refusals", move |p| {
            ok(p.list_refusals(&all_refusals))
        }),
        call("ledger.list-refusals of an agent", move |p| {
            ok(p.list_refusals(&of_agent))
        }),
    ]
}

/// Every call of every interface, in an order in which each succeeds.
pub fn calls() -> Vec<Call> {
    let (now, id) = (after_noon(0), agent(1).id);
    let agents = AgentPage {
        after: Some(("a".to_owned(), id)),
        limit: 10,
        status: None,
        owner_id: None,
        policy_name: None,
        name: None,
    };
    let audits = AuditPage {
        agent_id: Some(id),
        after: Some((now, audit_id(1))),
        limit: 10,
    };
    let all_audits = AuditPage {
        agent_id: None,
        ..audits
    };
    let stretch = AuditRange {
        agent_id: None,
        since: now,
        until: after_noon(1),
        after: Some((now, audit_id(1))),
        limit: 10,
    };
    let of_agent = AuditRange {
        agent_id: Some(id),
        ..stretch
    };
    let mut calls = vec![
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
        call("audit-trail.complete", move |p| {
            let done = outcome(200, now);
            ok(AuditRepository::complete(p, audit_id(1), &done));
        }),
        call("audit-trail.range", move |p| ok(p.range(&stretch))),
        call("audit-trail.range of an agent", move |p| {
            ok(p.range(&of_agent));
        }),
        call("policies.put", |p| {
            ok(PolicyRepository::put(p, &policy("p", "one")))
        }),
        call("policies.find", |p| {
            ok(PolicyRepository::find(p, "p", None))
        }),
        call("policies.list", |p| ok(PolicyRepository::list(p, None, 10))),
        call("policies.revisions", |p| {
            ok(p.revisions("p", Some(9), 10));
        }),
        call("policies.retire-missing", move |p| {
            ok(p.retire_missing(PolicySource::File, &[], now));
        }),
        call("ledger.load", move |p| ok(p.load(&query(id, now)))),
        call("ledger.record", move |p| {
            ok(p.record(&held_entry(2, id, now)))
        }),
        call("ledger.counters", |p| ok(p.counters())),
        call("intent-cache.put", move |p| {
            ok(IntentCache::put(p, "key", "{}", now));
        }),
        call("intent-cache.find", move |p| {
            ok(IntentCache::find(p, "key", now));
        }),
        call("intent-cache.prune", move |p| {
            ok(IntentCache::prune(p, now, 10));
        }),
    ];
    calls.extend(held::held_requests(id));
    calls.extend(held::credentials());
    calls.extend(callers(id));
    calls.extend(circuits(id));
    calls.extend([
        call("agents.delete", move |p| ok(p.delete(id, now))),
        call("agents.prune", move |p| {
            ok(AgentRepository::prune(p, now, 10))
        }),
        call("agent-history.prune", move |p| {
            ok(AgentHistoryRepository::prune(p, now, 10))
        }),
        call("ledger.prune", move |p| ok(Ledger::prune(p, now, 10))),
    ]);
    calls
}

fn ok<T>(result: Result<T, PersistenceError>) {
    if let Err(error) = result {
        panic!("{error}");
    }
}
