//! Tables of every earlier version become those of today.

use vectra_contract::fixtures::{after_noon, given_agent, query};
use vectra_domain::repository::{AgentAccessRepository, Ledger, Schema};
use vectra_domain::{AgentStatus, PersistenceError};
use vectra_persistence::SCHEMA_VERSION;

use crate::database::{RECORD_V1, fresh};
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
        let integer = |statement: &str| repositories.database().integer(statement);
        assert_eq!(integer("SELECT COUNT(*) FROM AuditTrail"), 1);
        let versions = integer("SELECT COUNT(*) FROM SchemaVersion");
        assert_eq!(versions, i64::from(SCHEMA_VERSION));
    }
}
