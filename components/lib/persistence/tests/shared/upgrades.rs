//! Tables of every earlier version become those of today.

use vectra_contract::fixtures::{after_noon, entry, given_agent, query};
use vectra_domain::repository::{Ledger, Schema};
use vectra_domain::{AgentStatus, PersistenceError};
use vectra_persistence::SCHEMA_VERSION;

use crate::database::fresh;
use crate::sql::Sql;

#[test]
fn upgrades_every_earlier_version_with_rows_in_it() {
    for version in 1..SCHEMA_VERSION {
        let repositories = fresh();
        repositories.ensure_up_to(version).unwrap();
        let agent = given_agent(&repositories, 1).id;
        repositories
            .record(&entry(1, agent, after_noon(0)))
            .unwrap();
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
        let integer = |statement: &str| repositories.database().integer(statement);
        assert_eq!(integer("SELECT COUNT(*) FROM AuditTrail"), 1);
        let versions = integer("SELECT COUNT(*) FROM SchemaVersion");
        assert_eq!(versions, i64::from(SCHEMA_VERSION));
    }
}
