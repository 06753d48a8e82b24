//! `vectra import`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use vectra_cluster::{Cluster, Durability, Options};
use vectra_tests::DEADLINE;
use vectra_tests::agent::{must, token};
use vectra_tests::client::Request;
use vectra_tests::database::Database;
use vectra_tests::dist::dist;
use vectra_tests::original::{ACTIVE, BODY, ODD, Original, REVOKED, SECRET};
use vectra_tests::process::{ADMIN_KEY, Home, Setup};

async fn import(home: &Home, file: &str) -> (Option<i32>, String) {
    let mut command = home
        .command(&["import", file, "--config", "vectra.json"])
        .unwrap();
    let output = tokio::time::timeout(DEADLINE, command.output());
    let output: Output = output.await.expect("it does not end").unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

/// A home with a database of the original in it, imported.
async fn imported() -> (Home, String) {
    let home = Home::new(Setup::default()).unwrap();
    Original::leave(&home.path("old.db")).await.unwrap();
    let (code, said) = import(&home, "old.db").await;
    assert_eq!(code, Some(0), "{said}");
    (home, said)
}

/// The files of a folder, without the gateway's own.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(_, path)| path.is_file())
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

#[tokio::test]
async fn an_agent_of_the_original_goes_on_with_its_old_secret() {
    let (home, _) = imported().await;
    let vectra = home.up().await.unwrap();
    let address = vectra.address();
    token(address, ACTIVE, SECRET).await.unwrap();
    for (agent, secret) in [(ACTIVE, "another secret"), (REVOKED, SECRET), (ODD, SECRET)] {
        assert!(token(address, agent, secret).await.is_err(), "{agent}");
    }
    let listed = Request::new("GET", "/agents").bearer(ADMIN_KEY);
    let listed = must(listed.send(address).await.unwrap(), 200).unwrap();
    let listed = listed.json().unwrap();
    let billing = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|agent| agent["name"] == "billing")
        .unwrap_or_else(|| panic!("{listed}"));
    for (field, value) in [
        ("agentId", json!(ACTIVE.to_lowercase())),
        ("ownerId", json!("finance")),
        ("status", json!("Active")),
        ("policyName", json!("billing-policy")),
        ("trustScore", json!(0.5)),
    ] {
        assert_eq!(billing[field], value, "{field} of {billing}");
    }
}

/// The audit rows of [`ACTIVE`], newest first: time, decision, method, target, reason.
const AUDIT: [&str; 6] = [
    "2026-04-30T09:07:00.000000Z | Deny | GET | /odd | Allowed",
    "2026-04-30T09:00:02.500000Z | Hitl | POST | /items | PENDING_HITL: High risk score: 0.84",
    "2026-04-30T09:00:02.000000Z | Hitl | POST | /items | High risk score: 0.84",
    "2026-04-30T09:00:01.000000Z | Deny | DELETE | /items/1 | never delete",
    "2026-04-30T09:00:00.123456Z | Allow | GET | /items?page=***&api_key=*** | ",
    "2026-04-30T07:05:00.000000Z | Allow | POST | https://***@api.example.com/items \
     | HITL_APPROVED: Reviewer: unknown. fine",
];

/// The same as the gateway lists it.
async fn audit(address: &str) -> Vec<String> {
    let target = format!("/audit?agentId={}", ACTIVE.to_lowercase());
    let request = Request::new("GET", &target).bearer(ADMIN_KEY);
    let listed = must(request.send(address).await.unwrap(), 200).unwrap();
    let listed = listed.json().unwrap();
    let fields = ["timestamp", "decisionType", "method", "targetUrl", "reason"];
    let rows = listed["items"].as_array().unwrap().iter();
    rows.map(|row| fields.map(|field| row[field].as_str().unwrap_or_default()))
        .map(|texts| texts.join(" | "))
        .collect()
}

#[tokio::test]
async fn the_audit_of_the_original_is_listed() {
    let (home, _) = imported().await;
    let vectra = home.up().await.unwrap();
    assert_eq!(audit(vectra.address()).await, AUDIT);
}

#[tokio::test]
async fn the_same_comes_over_to_postgresql() {
    let options = Options {
        durability: Durability::Fast,
        ..Options::default()
    };
    let cluster = Cluster::start_with(options).unwrap();
    let settings = json!({ "System": { "Storage": { "Database": {
        "DefaultProvider": "Postgres",
        "Providers": { "Postgres": { "ConnectionString": cluster.url() } },
    } } } });
    let setup = Setup {
        settings,
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    Original::leave(&home.path("old.db")).await.unwrap();
    for (agents, rows) in [(4, 7), (0, 0)] {
        let (code, said) = import(&home, "old.db").await;
        assert_eq!(code, Some(0), "{said}");
        for line in [
            format!("agents brought over: {agents}"),
            format!("audit rows brought over: {rows}"),
        ] {
            assert!(said.lines().any(|said| said == line), "`{line}`:\n{said}");
        }
    }
    let bundle = dist("vectra-postgres.wasm").unwrap();
    let vectra = home.up_with(&bundle).await.unwrap();
    token(vectra.address(), ACTIVE, SECRET).await.unwrap();
    assert_eq!(audit(vectra.address()).await, AUDIT);
}

#[tokio::test]
async fn no_secret_comes_over() {
    let (home, said) = imported().await;
    for secret in [BODY, "abc123", "no hash at all", "$2a$"] {
        assert!(!said.contains(secret), "{said}");
    }
    for (name, bytes) in files(&home.path("")) {
        let kept = String::from_utf8_lossy(&bytes);
        let ours = name.starts_with("vectra.db");
        for secret in [BODY, "abc123", "no hash at all"] {
            assert!(!ours || !kept.contains(secret), "`{secret}` is in {name}");
        }
    }
    let database = Database::open(&home.database()).await.unwrap();
    let explained = database
        .rows(
            "SELECT Document FROM AuditExplanation WHERE Document LIKE '%PENDING_HITL%'",
            &[],
        )
        .await
        .unwrap();
    let document = explained[0]["Document"].as_str().unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    let expected = json!({ "imported": {
        "table": "AuditLogs",
        "row": 4,
        "action": "POST /items",
        "status": "PENDING_HITL",
        "riskScore": null,
        "heldRequest": "0b6f3f52-8d59-4f0e-9d0a-0c8d5c4e7a11",
    }});
    assert_eq!(document, expected);
}

#[tokio::test]
async fn it_says_what_it_could_not_map() {
    let (_, said) = imported().await;
    let odd = ODD.to_lowercase();
    for line in [
        "agents brought over: 4".to_owned(),
        "agents left out: 1".to_owned(),
        "audit rows brought over: 7".to_owned(),
        "audit rows left out: 1".to_owned(),
        "audit rows with something masked in their URL: 2".to_owned(),
        "audit rows whose request body (`Intent`) was left out: 3".to_owned(),
        "counters of the risk engine (`AgentHistories`) left out: 1".to_owned(),
        "  billing-policy".to_owned(),
        "  read-only".to_owned(),
        "`Status` is none that is known: imported as Quarantined (1)".to_owned(),
        format!("  Agents row 3, {odd}: `Suspended`"),
        format!("  Agents row 3, {odd}: `7.5`"),
        "`OwnerId` holds U+0000: replaced by U+FFFD (1)".to_owned(),
        "`Name` is longer than 128 characters: cut there (1)".to_owned(),
        "`Name` is not UTF-8: what is not was replaced by U+FFFD (1)".to_owned(),
        "  Agents row 5: `agent-5`".to_owned(),
        "`Status` is none that is known: imported as Deny (1)".to_owned(),
        "  AuditLogs row 7: `Allowed`".to_owned(),
        "`Timestamp` is no time: the row was left out (1)".to_owned(),
        "  AuditLogs row 8: `NULL`".to_owned(),
    ] {
        assert!(said.lines().any(|said| said == line), "`{line}`:\n{said}");
    }
}

#[tokio::test]
async fn importing_twice_changes_nothing_more() {
    let (home, _) = imported().await;
    let everything = async || {
        let database = Database::open(&home.database()).await.unwrap();
        let mut rows = Vec::new();
        for table in ["Agent", "AuditTrail", "AuditExplanation", "AgentHistory"] {
            let select = format!("SELECT * FROM {table} ORDER BY 1");
            rows.push(database.rows(&select, &[]).await.unwrap());
        }
        rows
    };
    // What an operator has changed since stays as it is.
    let writer = libsql::Builder::new_local(home.database());
    let writer = writer.build().await.unwrap().connect().unwrap();
    let changed = writer.execute("UPDATE Agent SET Status = 1, Name = 'x'", ());
    assert_eq!(changed.await.unwrap(), 4);
    drop(writer);
    let before = everything().await;
    let (code, said) = import(&home, "old.db").await;
    assert_eq!(code, Some(0), "{said}");
    for line in [
        "agents brought over: 0",
        "agents that were there already: 4",
        "audit rows brought over: 0",
        "audit rows that were there already: 7",
    ] {
        assert!(said.lines().any(|said| said == line), "`{line}`:\n{said}");
    }
    assert_eq!(everything().await, before);
}

#[tokio::test]
async fn the_original_is_not_touched_and_its_log_is_read() {
    let home = Home::new(Setup::default()).unwrap();
    fs::create_dir(home.path("old")).unwrap();
    let original = Original::start(&home.path("old/vectra.db")).await.unwrap();
    let before = files(&home.path("old"));
    assert!(!before["vectra.db-wal"].is_empty());
    let (code, said) = import(&home, "old/vectra.db").await;
    assert_eq!(code, Some(0), "{said}");
    // The audit was in the log only.
    assert!(said.contains("audit rows brought over: 7"), "{said}");
    assert!(files(&home.path("old")) == before, "a file has changed");
    drop(original);

    // Now it is closed: there is no log, and none is made.
    let before = files(&home.path("old"));
    assert_eq!(before.len(), 1);
    let (code, said) = import(&home, "old/vectra.db").await;
    assert_eq!(code, Some(0), "{said}");
    assert!(files(&home.path("old")) == before, "a file has changed");
    let left = fs::read_dir(home.path("")).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = left.filter(|name| name.contains("import")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_came_over_is_told_once_the_database_is_closed() {
    let home = Home::new(Setup::default()).unwrap();
    Original::leave(&home.path("old.db")).await.unwrap();
    let arguments = ["import", "old.db", "--config", "vectra.json"];
    let mut command = home.command(&arguments).unwrap();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = tokio::time::timeout(DEADLINE, lines.next_line());
    let first = first.await.expect("it says nothing").unwrap();
    assert!(first.is_some());
    // Closing brings what is in the log into the database and removes the log.
    assert!(!home.path("vectra.db-wal").exists());
    while lines.next_line().await.unwrap().is_some() {}
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn what_is_no_database_of_the_original_is_refused() {
    let home = Home::new(Setup::default()).unwrap();
    fs::write(home.path("text"), "no database ".repeat(1_000)).unwrap();
    let other = libsql::Builder::new_local(home.path("other.db"));
    let other = other.build().await.unwrap().connect().unwrap();
    other.execute("CREATE TABLE Agent (Id)", ()).await.unwrap();
    drop(other);
    let view = libsql::Builder::new_local(home.path("view.db"));
    let view = view.build().await.unwrap().connect().unwrap();
    let create = view.execute("CREATE VIEW Agents AS SELECT 1 AS Id", ());
    create.await.unwrap();
    drop(view);
    let cases = [
        ("missing", "cannot read `missing`"),
        ("policies", "it is no file"),
        ("text", "file is not a database"),
        ("other.db", "it has no table `Agents`"),
        ("view.db", "`Agents` is no table in it, but a view"),
    ];
    for (file, reason) in cases {
        let (code, said) = import(&home, file).await;
        assert_eq!(code, Some(1), "{file}: {said}");
        assert!(said.contains(reason), "{file}: {said}");
    }
    let mut entries: Vec<_> = fs::read_dir(home.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("import") || name == "missing")
        .collect();
    entries.sort();
    assert_eq!(entries, Vec::<String>::new());

    let (home, _) = imported().await;
    let (code, said) = import(&home, "vectra.db").await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the gateway's own database"), "{said}");
}
