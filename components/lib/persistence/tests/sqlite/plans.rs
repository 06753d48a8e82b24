//! What a call costs: one statement, and no scan of a table that grows.

use vectra_contract::Ports;
use vectra_contract::fixtures::{
    after_noon, agent, audit, audit_id, entry, given_agent, held_entry, held_id, history, policy,
    query,
};
use vectra_domain::repository::{
    AgentHistoryRepository, AgentPage, AgentRepository, AuditPage, AuditRepository, Expiry,
    HeldPage, HeldRequestRepository, HeldStep, Ledger, PolicyRepository, Schema,
};
use vectra_domain::{AgentChange, HeldStatus, PolicySource};
use vectra_persistence::Value;

use crate::database::{Sqlite, ready};

type Call = (&'static str, Box<dyn Fn(&dyn ErasedPorts)>);

/// All ports as one object.
trait ErasedPorts:
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
fn calls() -> Vec<Call> {
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
    vec![
        call("schema.version", |p| drop(p.version().unwrap())),
        call("agents.insert", |p| {
            AgentRepository::insert(p, &agent(1)).unwrap()
        }),
        call("agents.find", move |p| {
            drop(AgentRepository::find(p, id).unwrap())
        }),
        call("agents.update", move |p| {
            drop(p.update(id, &AgentChange::at(now)).unwrap())
        }),
        call("agents.list", move |p| {
            drop(AgentRepository::list(p, &agents).unwrap())
        }),
        call("agent-history.append", move |p| {
            AgentHistoryRepository::append(p, &history(1, &agent(1), now)).unwrap();
        }),
        call("agent-history.recent", move |p| {
            drop(p.recent(id, now, 10).unwrap())
        }),
        call("audit-trail.append", move |p| {
            AuditRepository::append(p, &audit(1, id, now), "{}").unwrap();
        }),
        call("audit-trail.find", |p| {
            drop(AuditRepository::find(p, audit_id(1)).unwrap())
        }),
        call("audit-trail.list of an agent", move |p| {
            drop(AuditRepository::list(p, &audits).unwrap());
        }),
        call("audit-trail.list", move |p| {
            drop(AuditRepository::list(p, &all_audits).unwrap())
        }),
        call("policies.put", |p| {
            drop(p.put(&policy("p", "one")).unwrap())
        }),
        call("policies.find", |p| {
            drop(PolicyRepository::find(p, "p", None).unwrap())
        }),
        call("policies.list", |p| {
            drop(PolicyRepository::list(p, None, 10).unwrap())
        }),
        call("policies.retire-missing", move |p| {
            drop(p.retire_missing(PolicySource::File, &[], now).unwrap());
        }),
        call("ledger.load", move |p| {
            drop(p.load(&query(id, now)).unwrap())
        }),
        call("ledger.record", move |p| {
            drop(p.record(&held_entry(2, id, now)).unwrap())
        }),
        call("held-requests.find", |p| {
            drop(HeldRequestRepository::find(p, held_id(2)).unwrap())
        }),
        call("held-requests.list", move |p| {
            drop(HeldRequestRepository::list(p, &held).unwrap())
        }),
        call("held-requests.advance", |p| {
            drop(p.advance(&step()).unwrap())
        }),
        call("held-requests.expire", move |p| {
            drop(p.expire(now, 10).unwrap())
        }),
        call("agents.delete", move |p| p.delete(id, now).unwrap()),
    ]
}

#[test]
fn sends_one_statement_per_call_and_opens_no_transaction() {
    let repositories = ready();
    for (name, call) in calls() {
        call(&repositories);
        let executed = repositories.database().executed();
        let [statement] = executed.as_slice() else {
            panic!("{name}: {executed:?}")
        };
        for word in [
            "BEGIN",
            "COMMIT",
            "SAVEPOINT",
            "PRAGMA",
            "changes()",
            "last_insert_rowid",
        ] {
            assert!(!statement.contains(word), "{name}: {statement}");
        }
    }
}

#[test]
fn makes_the_tables_without_transaction_or_pragma() {
    let repositories = crate::database::fresh();
    repositories.database().executed();
    repositories.ensure().unwrap();
    for statement in repositories.database().executed() {
        let sql: String = statement
            .lines()
            .filter(|line| !line.starts_with("--"))
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            [
                "CREATE ",
                "SELECT MAX(Version)",
                "INSERT INTO SchemaVersion"
            ]
            .iter()
            .any(|start| sql.starts_with(start)),
            "{statement}"
        );
    }
}

/// The steps of a statement's plan, its triggers included.
fn plan(database: &Sqlite, statement: &str) -> Vec<String> {
    let rows = database.run(&format!("EXPLAIN QUERY PLAN {statement}"));
    rows.into_iter()
        .map(|mut row| match row.pop() {
            Some(Value::Text(step)) => step,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn scans_no_table_that_grows_with_traffic() {
    let repositories = ready();
    // SQLite tells a table by its alias.
    let growing = [
        "AgentHistory",
        "AuditTrail",
        "AuditExplanation",
        "AgentActivity",
        "HeldRequest",
        "Agent",
        "a",
        "p",
        "t",
        "e",
    ];
    let listed_whole = ["agents.list", "policies.list", "policies.retire-missing"];
    for (name, call) in calls() {
        call(&repositories);
        let executed = repositories.database().executed();
        if listed_whole.contains(&name) {
            continue;
        }
        let steps = plan(repositories.database(), &executed[0]);
        repositories.database().executed();
        for step in &steps {
            let scanned = step
                .strip_prefix("SCAN ")
                .and_then(|rest| rest.split(' ').next());
            let by_index = step.contains("USING INDEX AuditTrailByTime");
            assert!(
                !scanned.is_some_and(|table| growing.contains(&table)) || by_index,
                "{name}: {steps:#?}"
            );
            assert!(step != "USE TEMP B-TREE FOR ORDER BY", "{name}: {steps:#?}");
        }
    }
}

#[test]
fn plans_of_triggers_are_looked_at_too() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    repositories.database().executed();
    repositories
        .record(&entry(1, agent, after_noon(0)))
        .unwrap();
    let executed = repositories.database().executed();
    let steps = plan(repositories.database(), &executed[0]);
    for table in ["AuditTrail", "Agent", "AgentActivity", "HeldRequest"] {
        let search = format!("SEARCH {table} ");
        assert!(
            steps.iter().any(|step| step.starts_with(&search)),
            "{table}: {steps:#?}"
        );
    }
}
