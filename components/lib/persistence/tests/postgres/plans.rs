//! No call reads a table that grows with traffic from end to end. The server counts the
//! scans itself, so what happens inside functions and foreign keys is seen too.

use std::collections::BTreeMap;

use vectra_contract::calls::calls;
use vectra_contract::fixtures::{agent_id, at, audit_id};
use vectra_domain::repository::{AuditRange, AuditRepository};
use vectra_persistence::{Database, Value};

use crate::database::{Postgres, ready};
use crate::sql::Sql;

/// Enough rows that a plan without an index is never the cheaper one.
const ROWS: &str = "
INSERT INTO Agent SELECT gen_random_uuid(), 'n' || i, 'o' || i, i % 4, NULL, 'h', 0.5,
  '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z' FROM generate_series(1, 20000) i;
INSERT INTO AgentHistory SELECT gen_random_uuid(), a.Id, 'GET', '/',
  '2026-01-01T00:00:00Z'::timestamptz + i * interval '1 second', 0
  FROM generate_series(1, 20000) i, (SELECT Id FROM Agent LIMIT 1) a;
INSERT INTO AuditTrail SELECT Id, AgentId, 0, NULL, Method, Path, '/', 0.5, Timestamp
  FROM AgentHistory;
INSERT INTO AuditExplanation SELECT Id, '{}' FROM AuditTrail;
INSERT INTO AgentActivity SELECT Id, 60, '2026-01-01T00:00:00Z', 1, 0, 0 FROM Agent;
ALTER TABLE HeldRequest DISABLE TRIGGER USER;
INSERT INTO HeldRequest SELECT Id, AgentId, Id, i % 7, NULL, 'GET', '/', '', '', '', Timestamp,
  Timestamp FROM (SELECT *, row_number() OVER () AS i FROM AuditTrail) t;
ALTER TABLE HeldRequest ENABLE ALWAYS TRIGGER HeldRequestV6;
ALTER TABLE HeldRequest ENABLE ALWAYS TRIGGER HeldRequestChangedV6;
ALTER TABLE HeldApproval DISABLE TRIGGER USER;
INSERT INTO HeldApproval SELECT Id, Id, 'n', NULL, CreatedAt, '', 1 FROM HeldRequest;
ALTER TABLE HeldApproval ENABLE ALWAYS TRIGGER HeldApprovalWordV6;
ALTER TABLE HeldApproval ENABLE ALWAYS TRIGGER HeldApprovalMadeV6;
ALTER TABLE HeldApproval ENABLE ALWAYS TRIGGER HeldApprovalKeptV6;
ALTER TABLE HeldRelease DISABLE TRIGGER USER;
INSERT INTO HeldRelease SELECT Id, Id, CreatedAt, CreatedAt + interval '1 minute' FROM HeldRequest
  WHERE Status IN (2, 3, 6);
ALTER TABLE HeldRelease ENABLE ALWAYS TRIGGER HeldReleaseWordV6;
ALTER TABLE HeldRelease ENABLE ALWAYS TRIGGER HeldReleaseKeptV6;
ALTER TABLE HeldResponse DISABLE TRIGGER USER;
INSERT INTO HeldResponse SELECT Id, CreatedAt, 200, NULL, '', '' FROM HeldRequest
  WHERE Status IN (3, 6);
ALTER TABLE HeldResponse ENABLE ALWAYS TRIGGER HeldResponseWordV6;
ALTER TABLE HeldResponse ENABLE ALWAYS TRIGGER HeldResponseKeptV6;
INSERT INTO HeldNotification SELECT Id, Status, 0, CreatedAt FROM HeldRequest WHERE Status <> 2;
INSERT INTO UpstreamCredential SELECT gen_random_uuid(), 'https://' || i || ':443', '[]', '', '',
  '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z' FROM generate_series(1, 5000) i;
INSERT INTO AgentAccess SELECT Id, 60, NULL, NULL, NULL, '2026-01-01T00:00:00Z' FROM Agent;
INSERT INTO Operator SELECT gen_random_uuid(), 'n' || i, i % 3, lpad(to_hex(i), 64, '0'),
  '2026-01-01T00:00:00Z', NULL, NULL, NULL FROM generate_series(1, 20000) i;
INSERT INTO OperatorAct SELECT Id, NULL, CASE WHEN random() < 0.5 THEN 'admin' ELSE 'x' END, 0, '',
  NULL, '{}', NULL, Timestamp FROM AuditTrail;
INSERT INTO OperatorActOutcome SELECT Id, 200, NULL, Timestamp FROM OperatorAct;
INSERT INTO Lockout SELECT i, 's' || i, 1, '2026-01-01T00:00:00Z' FROM generate_series(0, 65535) i;
INSERT INTO ExternalIssuer SELECT 'i' || i, NULL, NULL, '2026-01-01T00:00:00Z'
  FROM generate_series(1, 20000) i;
UPDATE AgentActivity SET Refused = 1 WHERE Start = '2026-01-01T00:00:00Z';
INSERT INTO UpstreamCircuit SELECT 'https://' || i % 200 || ':443', Id, 1, 4, CreatedAt, CreatedAt,
  CreatedAt FROM (SELECT *, row_number() OVER () AS i FROM Agent) a;
INSERT INTO AuditOutcome SELECT Id, 200, 0, 0, NULL, Timestamp FROM AuditTrail;
INSERT INTO IntentCache SELECT i, 'k' || i, '{}', '2026-01-01T00:00:00Z'::timestamptz
  + i * interval '1 minute' FROM generate_series(1, 16000) i;
INSERT INTO Policy SELECT 'p' || i, 1, '', '', 0, NULL, 1, NULL, '', '2026-01-01T00:00:00Z'
  FROM generate_series(1, 2000) i";

/// Scans of whole tables in this transaction so far.
fn scans(database: &Postgres) -> BTreeMap<String, i64> {
    let rows = database.run("SELECT relname::text, seq_scan FROM pg_stat_xact_user_tables");
    rows.into_iter()
        .map(|row| match row.as_slice() {
            [Value::Text(table), Value::Integer(scans)] => (table.clone(), *scans),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn scans_no_table_that_grows_with_traffic() {
    let repositories = ready();
    let database = repositories.database();
    for statement in ROWS.split(';') {
        database.run(statement);
    }
    database.run("ANALYZE");
    // One plan for whatever parameters, as a connection has after some calls.
    database.run("SET plan_cache_mode = force_generic_plan");
    database.run("BEGIN");
    // As large as the number of policies; the version has one row for each upgrade.
    // Counters are as many as their names, and shards of them.
    let small = ["policy", "schemaversion", "decisioncounter"];
    for (name, call) in calls() {
        let before = scans(database);
        call(&repositories);
        for (table, scanned) in scans(database) {
            let before = before.get(&table).copied().unwrap_or(0);
            assert!(
                scanned == before || small.contains(&table.as_str()),
                "{name} scans {table}"
            );
        }
    }
    // The counter counts: otherwise the above would show nothing.
    let before = scans(database);
    database.run("SELECT count(*) FROM AuditTrail WHERE Method <> 'x'");
    assert!(scans(database).get("audittrail") > before.get("audittrail"));
    let rows = database.execute("ROLLBACK", Vec::new());
    assert_eq!(rows, Ok(Vec::new()));
}

/// An agent's rows are few of those of a stretch of time, so its own index finds them.
#[test]
fn reads_a_stretch_of_an_agent_by_its_index() {
    let repositories = ready();
    let database = repositories.database();
    for statement in ROWS.split(';') {
        database.run(statement);
    }
    database.run(
        "INSERT INTO AuditTrail SELECT gen_random_uuid(), Id, 0, NULL, 'GET', '/', '/', 0.5,
           '2026-01-01T00:00:00Z'::timestamptz + random() * interval '6 hours' FROM Agent",
    );
    database.run("ANALYZE");
    // All the rows there are lie between.
    let (since, until) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
    let id = agent_id(1);
    let range = AuditRange {
        agent_id: Some(id),
        since,
        until,
        after: Some((since, audit_id(1))),
        limit: 10,
    };
    database.executed();
    repositories.range(&range).unwrap();
    let [statement] = &database.executed()[..] else {
        panic!("one statement")
    };
    let text = |text: String| Value::Text(text);
    let parameters = vec![
        text(since.to_string()),
        text(until.to_string()),
        text(id.to_string()),
        text(since.to_string()),
        text(audit_id(1).to_string()),
        Value::Integer(10),
    ];
    let plan = database.execute(&format!("EXPLAIN {statement}"), parameters);
    let plan = format!("{:?}", plan.unwrap());
    assert!(plan.contains("audittrailbyagent"), "{plan}");
}
