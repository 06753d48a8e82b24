//! Tables of every earlier version become those of today.

use vectra_contract::fixtures::{
    after_noon, approval, audit_id, claim, entry, given_agent, held_id, held_status, outcome,
    query, step,
};
use vectra_domain::repository::{
    AgentAccessRepository, AgentRepository, AuditRepository, HeldRequestRepository, Ledger,
    NotificationRepository, Schema,
};
use vectra_domain::{
    AgentChange, AgentId, AgentStatus, Entry, HeldStatus, PersistenceError, Recorded, Timestamp,
    TrustScore,
};
use vectra_persistence::{Repositories, SCHEMA_VERSION};

use crate::database::{Engine, HELD_BEFORE, RECORD_V1, RECORD_V4, fresh};
use crate::sql::Sql;

#[test]
fn upgrades_every_earlier_version_with_rows_in_it() {
    for version in 1..SCHEMA_VERSION {
        let repositories = fresh();
        repositories.ensure_up_to(version).unwrap();
        let agent = given_agent(&repositories, 1).id;
        repositories.database().run(RECORD_V1);
        repositories.database().run(HELD_BEFORE);
        let query = query(agent, after_noon(0));
        let outdated = Err(PersistenceError::SchemaMissing);
        assert_eq!(repositories.load(&query).map(drop), outdated);
        assert_eq!(repositories.version().map(drop), outdated);

        assert_eq!(repositories.ensure(), Ok(SCHEMA_VERSION));
        assert_eq!(repositories.ensure(), Ok(SCHEMA_VERSION));
        let context = repositories.load(&query).unwrap();
        assert_eq!(context.activity.recent_total, 1);
        let status = context.agent.map(|agent| agent.status);
        assert_eq!(status, Some(AgentStatus::Active));
        // What a version adds takes rows of those before it.
        repositories.limit(agent, Some(7), after_noon(1)).unwrap();
        let limited = repositories.load(&query).unwrap().access;
        assert_eq!(limited.requests_per_minute, Some(7));
        assert_eq!(
            AuditRepository::complete(&repositories, audit_id(1), &outcome(200, after_noon(1))),
            Ok(())
        );
        // Rows from before were not counted, and those that come are.
        assert_eq!(repositories.counters(), Ok(vec![]));
        let next = Entry {
            trust_floor: TrustScore::new(1.0).ok(),
            ..entry(2, agent, after_noon(2))
        };
        assert_eq!(repositories.record(&next), Ok(Recorded::Recorded(2)));
        let counters = repositories.counters().unwrap();
        assert_eq!(counters.first().map(|counter| counter.count), Some(1));
        let quarantined = AgentRepository::find(&repositories, agent).unwrap();
        assert_eq!(
            quarantined.map(|agent| agent.status),
            Some(AgentStatus::Quarantined)
        );
        let lifted = AgentChange {
            status: Some(AgentStatus::Active),
            ..AgentChange::at(after_noon(2))
        };
        repositories.update(agent, &lifted).unwrap();
        goes_on_with_what_was_held(&repositories, agent);
        let integer = |statement: &str| repositories.database().integer(statement);
        assert_eq!(integer("SELECT COUNT(*) FROM AuditTrail"), 4);
        let versions = integer("SELECT COUNT(*) FROM SchemaVersion");
        assert_eq!(versions, i64::from(SCHEMA_VERSION));
    }
}

/// Requests held before the upgrade are in every state, without approvals and releases.
fn goes_on_with_what_was_held(repositories: &Repositories<Engine>, agent: AgentId) {
    let now = after_noon(1);
    for (number, status) in (1..).zip(HeldStatus::ALL) {
        assert_eq!(held_status(repositories, number), Some(status));
    }
    repositories.approve(&approval(1, 1, now), 1).unwrap();
    for number in [1, 2] {
        let claim = claim(number, agent, now);
        HeldRequestRepository::claim(repositories, &claim).unwrap();
    }
    // Of what was being sent nobody knows what became; an operator may say.
    for to in [HeldStatus::Uncertain, HeldStatus::Released] {
        let step = step(3, &HeldStatus::ALL, to, now);
        assert!(repositories.advance(&step).is_ok());
    }
    let later = after_noon(2 * Timestamp::HOUR);
    assert_eq!(HeldRequestRepository::prune(repositories, later, 10), Ok(4));
    let told = NotificationRepository::claim(repositories, later, 10).unwrap();
    let told: Vec<_> = told.iter().map(|row| (row.held_id, row.status)).collect();
    assert_eq!(told, [(held_id(1), HeldStatus::Approved)]);
}

/// A gateway that has not ended yet goes on writing as its version did.
#[test]
fn takes_what_an_earlier_version_writes_after_the_upgrade() {
    let repositories = fresh();
    repositories.ensure().unwrap();
    let agent = given_agent(&repositories, 1).id;
    repositories.database().run(RECORD_V1);
    repositories.database().run(RECORD_V4);
    let context = repositories.load(&query(agent, after_noon(0))).unwrap();
    assert_eq!(context.activity.recent_total, 2);
    assert_eq!(repositories.counters(), Ok(vec![]));
}
