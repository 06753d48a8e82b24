//! What is in the database.

use std::process::Command;

use serde_json::{Value, json};
use vectra_tests::agent::{Agent, must};
use vectra_tests::database::Database;
use vectra_tests::process::{ADMIN_KEY, Home, Setup};
use vectra_tests::upstream::Upstream;

/// Name, type, whether it must be there, whether it is the primary key.
type Column = (&'static str, &'static str, bool, bool);

/// The seed's tables.
const SEED: [(&str, &[Column]); 3] = [
    (
        "Agent",
        &[
            ("Id", "TEXT", true, true),
            ("Name", "TEXT", true, false),
            ("OwnerId", "TEXT", false, false),
            ("Status", "INTEGER", true, false),
            ("PolicyName", "TEXT", false, false),
            ("ClientSecretHash", "TEXT", true, false),
            ("TrustScore", "REAL", true, false),
            ("CreatedAt", "TEXT", true, false),
            ("UpdatedAt", "TEXT", false, false),
        ],
    ),
    (
        "AgentHistory",
        &[
            ("Id", "TEXT", true, true),
            ("AgentId", "TEXT", true, false),
            ("Method", "TEXT", true, false),
            ("Path", "TEXT", true, false),
            ("Timestamp", "TEXT", true, false),
            ("DecisionType", "INTEGER", true, false),
        ],
    ),
    (
        "AuditTrail",
        &[
            ("Id", "TEXT", true, true),
            ("AgentId", "TEXT", true, false),
            ("DecisionType", "INTEGER", true, false),
            ("Reason", "TEXT", false, false),
            ("Method", "TEXT", true, false),
            ("Path", "TEXT", true, false),
            ("TargetUrl", "TEXT", true, false),
            ("RiskScore", "REAL", true, false),
            ("Timestamp", "TEXT", true, false),
        ],
    ),
];

#[tokio::test]
async fn the_tables_have_the_seeds_columns() {
    let home = Home::new(Setup::default()).unwrap();
    let _vectra = home.up().await.unwrap();
    let database = Database::open(&home.database()).await.unwrap();
    for (table, columns) in SEED {
        let found = database
            .rows(
                "SELECT name, type, \"notnull\" AS required, pk FROM pragma_table_info(?)",
                &[table],
            )
            .await
            .unwrap();
        let expected: Vec<Value> = columns
            .iter()
            .map(|(name, kind, required, key)| {
                json!({ "name": name, "type": kind, "required": i64::from(*required), "pk": i64::from(*key) })
            })
            .collect();
        assert_eq!(found, expected, "{table}");
    }
    for table in [
        "SchemaVersion",
        "AuditExplanation",
        "AgentActivity",
        "Policy",
        "HeldRequest",
    ] {
        database.count(table).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_recorded_cannot_be_changed() {
    let (home, upstream) = allowing(&[]).await;
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let url = format!("http://{}/items", upstream.host());
    must(
        agent
            .proxied("GET", &url)
            .send(vectra.address())
            .await
            .unwrap(),
        200,
    )
    .unwrap();

    let writer = libsql::Builder::new_local(home.database())
        .build()
        .await
        .unwrap();
    let writer = writer.connect().unwrap();
    for statement in [
        "UPDATE AuditTrail SET DecisionType = 1",
        "DELETE FROM AuditTrail",
        "INSERT OR REPLACE INTO AuditTrail SELECT * FROM AuditTrail",
        "UPDATE AuditExplanation SET AuditId = AuditId",
        "DELETE FROM AuditExplanation",
    ] {
        let outcome = writer.execute(statement, ()).await;
        assert!(outcome.is_err(), "`{statement}` was done");
    }
    let database = Database::open(&home.database()).await.unwrap();
    assert_eq!(
        database.audit(&agent.id).await.unwrap()[0]["DecisionType"],
        json!(0)
    );
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_forwarded() {
    let (home, upstream) = allowing(&[]).await;
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let request = agent.proxied("GET", &format!("http://{}/items", upstream.host()));

    let other = libsql::Builder::new_local(home.database())
        .build()
        .await
        .unwrap();
    let other = other.connect().unwrap();
    other.execute("BEGIN IMMEDIATE", ()).await.unwrap();
    let refused = request.send(vectra.address()).await.unwrap();
    let refused = must(refused, 503).unwrap().json().unwrap();
    assert_eq!(refused["errorCode"], json!("VEC300001"));
    assert_eq!(upstream.take_received().len(), 0);

    other.execute("ROLLBACK", ()).await.unwrap();
    must(request.send(vectra.address()).await.unwrap(), 200).unwrap();
    assert_eq!(upstream.take_received().len(), 1);
    let database = Database::open(&home.database()).await.unwrap();
    assert_eq!(database.audit(&agent.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_sqlite3_shell_reads_it() {
    let (home, upstream) = allowing(&[]).await;
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let url = format!("http://{}/items", upstream.host());
    must(
        agent
            .proxied("GET", &url)
            .send(vectra.address())
            .await
            .unwrap(),
        200,
    )
    .unwrap();
    let shell = Command::new("sqlite3")
        .arg(home.database())
        .arg("SELECT DecisionType, typeof(DecisionType), Method, Path FROM AuditTrail")
        .output();
    let output = shell.expect("`sqlite3` is installed");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "0|integer|GET|/items"
    );
}

#[tokio::test]
async fn a_restart_keeps_everything_and_is_quick() {
    let (home, upstream) = allowing(&[]).await;
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let url = format!("http://{}/items", upstream.host());
    must(
        agent
            .proxied("GET", &url)
            .send(vectra.address())
            .await
            .unwrap(),
        200,
    )
    .unwrap();
    let first = vectra.started_in();
    let (status, output) = vectra.stop().await.unwrap();
    assert!(status.success(), "{status}\n{output}");

    let vectra = home.up().await.unwrap();
    eprintln!(
        "first start {first:?}, second start {:?}",
        vectra.started_in()
    );
    must(
        agent
            .proxied("GET", &url)
            .send(vectra.address())
            .await
            .unwrap(),
        200,
    )
    .unwrap();
    let database = Database::open(&home.database()).await.unwrap();
    assert_eq!(database.audit(&agent.id).await.unwrap().len(), 2);
    assert_eq!(database.history(&agent.id).await.unwrap().len(), 2);
}

/// A home whose gateway may reach the upstream.
pub async fn allowing(environment: &[(&str, &str)]) -> (Home, Upstream) {
    let upstream = Upstream::start().await.unwrap();
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let setup = Setup {
        allowed_upstreams: vec![upstream.host()],
        environment,
        ..Setup::default()
    };
    (Home::new(setup).unwrap(), upstream)
}
