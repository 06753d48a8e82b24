//! What a call costs: one statement, and no scan of a table that grows.

use vectra_contract::Ports;
use vectra_contract::fixtures::{
    after_noon, agent, audit, audit_id, held_entry, held_id, history, policy, query,
};
use vectra_domain::repository::{
    AgentHistoryRepository, AgentPage, AgentRepository, AuditPage, AuditRange, AuditRepository,
    Expiry, HeldPage, HeldRequestRepository, HeldStep, Ledger, PolicyRepository, Schema,
};
use vectra_domain::{AgentChange, HeldStatus, PersistenceError, PolicySource};
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
    let stretch = AuditRange {
        since: now,
        until: after_noon(1),
        after: Some((now, audit_id(1))),
        limit: 10,
    };
    vec![
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
        call("audit-trail.range", move |p| ok(p.range(&stretch))),
        call("policies.put", |p| ok(p.put(&policy("p", "one")))),
        call("policies.find", |p| {
            ok(PolicyRepository::find(p, "p", None))
        }),
        call("policies.list", |p| ok(PolicyRepository::list(p, None, 10))),
        call("policies.retire-missing", move |p| {
            ok(p.retire_missing(PolicySource::File, &[], now));
        }),
        call("ledger.load", move |p| ok(p.load(&query(id, now)))),
        call("ledger.record", move |p| {
            ok(p.record(&held_entry(2, id, now)))
        }),
        call("held-requests.find", |p| {
            ok(HeldRequestRepository::find(p, held_id(2)))
        }),
        call("held-requests.list", move |p| {
            ok(HeldRequestRepository::list(p, &held))
        }),
        call("held-requests.advance", |p| ok(p.advance(&step()))),
        call("held-requests.expire", move |p| ok(p.expire(now, 10))),
        call("agents.delete", move |p| ok(p.delete(id, now))),
        call("agents.prune", move |p| {
            ok(AgentRepository::prune(p, now, 10))
        }),
        call("agent-history.prune", move |p| {
            ok(AgentHistoryRepository::prune(p, now, 10))
        }),
        call("ledger.prune", move |p| ok(Ledger::prune(p, now, 10))),
    ]
}

fn ok<T>(result: Result<T, PersistenceError>) {
    if let Err(error) = result {
        panic!("{error}");
    }
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
        assert!(
            [
                "CREATE ",
                "SELECT MAX(Version)",
                "INSERT INTO SchemaVersion"
            ]
            .iter()
            .any(|start| statement.starts_with(start)),
            "{statement}"
        );
    }
}

/// The steps of a statement's plan.
fn plan(database: &Sqlite, statement: &str) -> Vec<String> {
    let rows = database.run(&format!("EXPLAIN QUERY PLAN {statement}"));
    rows.into_iter()
        .map(|mut row| match row.pop() {
            Some(Value::Text(step)) => step,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Refuses a plan that reads a whole table or sorts more than ties.
fn assert_bounded(database: &Sqlite, name: &str, statement: &str) {
    // A plan names a table by its alias; the rest are subqueries of one row.
    let small = ["v", "m", "h", "CONSTANT", "json_each"];
    let steps = plan(database, statement);
    for step in &steps {
        let scanned = step
            .strip_prefix("SCAN ")
            .and_then(|rest| rest.split(' ').next());
        assert!(
            scanned.is_none_or(|table| small.contains(&table)),
            "{name}: {steps:#?}"
        );
        assert!(step != "USE TEMP B-TREE FOR ORDER BY", "{name}: {steps:#?}");
    }
}

#[test]
fn scans_no_table_that_grows_with_traffic() {
    let repositories = ready();
    // These are as large as the number of agents or policies.
    let listed_whole = ["agents.list", "policies.list", "policies.retire-missing"];
    for (name, call) in calls() {
        call(&repositories);
        let executed = repositories.database().executed();
        if !listed_whole.contains(&name) {
            assert_bounded(repositories.database(), name, &executed[0]);
        }
        repositories.database().executed();
    }
}

/// SQLite does not show the plans of triggers, so their statements are planned one by
/// one, with parameters in the place of the new row.
#[test]
fn triggers_scan_no_table_that_grows_with_traffic() {
    let repositories = ready();
    let triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'";
    let mut planned = 0;
    for row in repositories.database().run(triggers) {
        let [Value::Text(name), Value::Text(sql)] = row.as_slice() else {
            panic!("{row:?}")
        };
        let (_, body) = sql.split_once("BEGIN").unwrap();
        for statement in body
            .trim()
            .trim_end_matches("END")
            .trim()
            .split_terminator(';')
        {
            assert_bounded(repositories.database(), name, &without_new(statement));
            planned += 1;
        }
    }
    assert!(planned > 15, "{planned}");
}

/// The statement with a parameter for each `new.X` and `old.X`, and without RAISE.
fn without_new(statement: &str) -> String {
    let mut words = String::new();
    for part in statement.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '.')) {
        let word = part.trim_end_matches(|c: char| !(c.is_alphanumeric() || c == '.'));
        if word.starts_with("new.") || word.starts_with("old.") {
            words.push('?');
            words.push_str(part.strip_prefix(word).unwrap());
        } else {
            words.push_str(part);
        }
    }
    words.replace("RAISE(ABORT,", "max('',")
}
