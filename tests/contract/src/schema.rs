//! `vectra:persistence/schema`.

use vectra_domain::repository::{
    ActRepository, AgentAccessRepository, AgentRepository, AuditRepository, CredentialRepository,
    ExternalIssuerRepository, HeldRequestRepository, IntentCache, LockoutRepository,
    NotificationRepository, PolicyRepository,
};
use vectra_domain::{LockoutSubject, PersistenceError};

use crate::Ports;
use crate::fixtures::{
    act, after_noon, agent, agent_id, approval, audit, audit_id, claim, credential, entry,
    given_agent, held_id, outcome, policy, query, undone,
};

pub fn tells_that_the_tables_are_missing(ports: &impl Ports) {
    let now = after_noon(0);
    let row = audit(1, agent_id(1), now);
    let word = approval(1, 1, now);
    let calls: [(&str, Result<(), PersistenceError>); 23] = [
        ("schema.version", ports.version().map(drop)),
        (
            "agents.find",
            AgentRepository::find(ports, agent_id(1)).map(drop),
        ),
        ("agents.insert", AgentRepository::insert(ports, &agent(1))),
        (
            "agent-history.recent",
            ports.recent(agent_id(1), now, 1).map(drop),
        ),
        (
            "audit-trail.append",
            AuditRepository::append(ports, &row, "{}"),
        ),
        (
            "audit-trail.complete",
            AuditRepository::complete(ports, audit_id(1), &outcome(200, now)),
        ),
        (
            "held-requests.count-pending",
            ports.count_pending(now).map(drop),
        ),
        ("ledger.counters", ports.counters().map(drop)),
        (
            "intent-cache.find",
            IntentCache::find(ports, "key", now).map(drop),
        ),
        (
            "policies.put",
            PolicyRepository::put(ports, &policy("p", "1")).map(drop),
        ),
        (
            "held-requests.find",
            HeldRequestRepository::find(ports, held_id(1)).map(drop),
        ),
        ("held-requests.approve", ports.approve(&word, 1)),
        (
            "held-requests.claim",
            HeldRequestRepository::claim(ports, &claim(1, agent_id(1), now)),
        ),
        (
            "notifications.clear",
            NotificationRepository::clear(ports, 1).map(drop),
        ),
        (
            "credentials.find",
            CredentialRepository::find(ports, credential(1).id).map(drop),
        ),
        (
            "agent-access.find",
            AgentAccessRepository::find(ports, agent_id(1)).map(drop),
        ),
        (
            "agent-access.revoke-tokens",
            ports.revoke_tokens(agent_id(1), now),
        ),
        ("operators.find-by-key", ports.find_by_key("").map(drop)),
        ("acts.append", ActRepository::append(ports, &act(1, now))),
        (
            "lockouts.clear",
            LockoutRepository::clear(ports, &LockoutSubject::agent(agent_id(1))),
        ),
        (
            "external-issuers.find",
            ExternalIssuerRepository::find(ports, "i").map(drop),
        ),
        (
            "ledger.load",
            ports.load(&query(agent_id(1), now)).map(drop),
        ),
        (
            "ledger.record",
            ports.record(&entry(1, agent_id(1), now)).map(drop),
        ),
    ];
    for (name, result) in calls {
        assert_eq!(result, Err(PersistenceError::SchemaMissing), "{name}");
    }
}

pub fn makes_the_tables_and_may_be_repeated(ports: &impl Ports) {
    let version = ports.ensure().unwrap();
    assert!(version >= 1);
    assert_eq!(ports.version(), Ok(version));

    let kept = given_agent(ports, 1);
    let row = audit(1, kept.id, after_noon(0));
    AuditRepository::append(ports, &row, "{}").unwrap();

    assert_eq!(ports.ensure(), Ok(version));
    assert_eq!(AgentRepository::find(ports, kept.id), Ok(Some(kept)));
    assert_eq!(
        AuditRepository::find(ports, audit_id(1)),
        Ok(Some(undone(row, "{}")))
    );
}
