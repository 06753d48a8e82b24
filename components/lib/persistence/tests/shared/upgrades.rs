//! Tables of every earlier version become those of today.

use vectra_contract::fixtures::{after_noon, audit_id, entry, given_agent, outcome, query};
use vectra_domain::repository::{
    AgentAccessRepository, AgentRepository, AuditRepository, Ledger, Schema,
};
use vectra_domain::{AgentStatus, Entry, PersistenceError, Recorded, TrustScore};
use vectra_persistence::SCHEMA_VERSION;

use crate::database::{RECORD_V1, RECORD_V4, fresh};
use crate::sql::Sql;

#[test]
fn upgrades_every_earlier_version_with_rows_in_it() {
    for version in 1..SCHEMA_VERSION {
        let repositories = fresh();
        repositories.ensure_up_to(version).unwrap();
        let agent = given_agent(&repositories, 1).id;
        repositories.database().run(RECORD_V1);
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
        let integer = |statement: &str| repositories.database().integer(statement);
        assert_eq!(integer("SELECT COUNT(*) FROM AuditTrail"), 2);
        let versions = integer("SELECT COUNT(*) FROM SchemaVersion");
        assert_eq!(versions, i64::from(SCHEMA_VERSION));
    }
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
