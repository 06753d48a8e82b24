//! What the tables about who calls hold out.

use vectra_contract::fixtures::{act, act_id, after_noon, agent_id, given_agent, operator};
use vectra_domain::repository::{
    ActPage, ActRepository, AgentAccessRepository, LockoutRepository, OperatorRepository, Schema,
};
use vectra_domain::{Act, ActOutcome, LockoutSubject};
use vectra_persistence::Repositories;

use crate::database::{Sqlite, fresh, fresh_with_foreign_keys, ready};
use crate::sql::Sql;

fn acts(repositories: &Repositories<Sqlite>) -> Vec<(Act, Option<ActOutcome>)> {
    let page = ActPage {
        operator_name: None,
        after: None,
        limit: 10,
    };
    ActRepository::list(repositories, &page).unwrap()
}

fn outcome() -> ActOutcome {
    ActOutcome {
        status: 201,
        target: Some("made".to_owned()),
        timestamp: after_noon(1),
    }
}

#[test]
fn refuses_every_way_to_change_or_remove_an_act() {
    let repositories = ready();
    ActRepository::append(&repositories, &act(1, after_noon(0))).unwrap();
    repositories.complete(act_id(1), &outcome()).unwrap();
    let kept = acts(&repositories);
    let id = act_id(1);
    let columns = "Id, OperatorId, OperatorName, OperatorRole, Action, Target, Detail, \
                   ClientAddress, Timestamp";
    let other = "'018fabcd-7c1b-7a3d-9e5f-000000000bad'";
    let forged = format!(
        "SELECT {other}, OperatorId, 'forged', 0, Action, Target, Detail, ClientAddress, \
         Timestamp FROM OperatorAct"
    );
    let statements = [
        "UPDATE OperatorAct SET OperatorName = 'forged'".to_owned(),
        "UPDATE OR IGNORE OperatorAct SET Id = Id".to_owned(),
        "DELETE FROM OperatorAct".to_owned(),
        format!("DELETE FROM OperatorAct WHERE Id = '{id}'"),
        "INSERT OR REPLACE INTO OperatorAct SELECT * FROM OperatorAct".to_owned(),
        format!(
            "INSERT OR REPLACE INTO OperatorAct (rowid, {columns}) SELECT 1, * FROM ({forged})"
        ),
        format!("REPLACE INTO OperatorAct (rowid, {columns}) SELECT -1, * FROM ({forged})"),
        "INSERT INTO OperatorAct SELECT * FROM OperatorAct WHERE true
           ON CONFLICT (Id) DO UPDATE SET OperatorName = 'forged'"
            .to_owned(),
        "UPDATE OperatorActOutcome SET Status = 500".to_owned(),
        "DELETE FROM OperatorActOutcome".to_owned(),
        "REPLACE INTO OperatorActOutcome SELECT ActId, 500, Target, Timestamp
           FROM OperatorActOutcome"
            .to_owned(),
        format!(
            "INSERT OR REPLACE INTO OperatorActOutcome (rowid, ActId, Status, Timestamp)
               SELECT 1, {other}, 500, Timestamp FROM OperatorActOutcome"
        ),
        "INSERT INTO OperatorActOutcome SELECT * FROM OperatorActOutcome WHERE true
           ON CONFLICT (ActId) DO UPDATE SET Status = 500"
            .to_owned(),
    ];
    for statement in statements {
        let refusal = repositories.database().refusal(&statement);
        let ours = ["vectra immutable", "vectra conflict", "CHECK constraint"];
        assert!(
            ours.iter().any(|words| refusal.contains(words)),
            "{statement}: {refusal}"
        );
    }
    assert_eq!(acts(&repositories), kept);
    let second = act(2, after_noon(0));
    assert_eq!(ActRepository::append(&repositories, &second), Ok(()));
    assert_eq!(repositories.complete(act_id(2), &outcome()), Ok(()));
}

#[test]
fn refuses_values_that_no_row_may_hold() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    repositories.limit(agent, Some(1), after_noon(0)).unwrap();
    OperatorRepository::insert(&repositories, &operator(1)).unwrap();
    let subject = LockoutSubject::agent(agent_id(1));
    LockoutRepository::fail(&repositories, &subject, after_noon(0), after_noon(0)).unwrap();
    let issuer = "INSERT INTO ExternalIssuer (Issuer, AttemptedAt)
      VALUES ('i', '2026-01-31T12:00:00.000000Z')";
    repositories.database().run(issuer);
    for statement in [
        "UPDATE AgentAccess SET AgentId = upper(AgentId)",
        "UPDATE AgentAccess SET RequestsPerMinute = -1",
        "UPDATE AgentAccess SET RequestsPerMinute = 'many'",
        "UPDATE AgentAccess SET TokensNotBefore = '2026-01-31'",
        "UPDATE AgentAccess SET FormerSecretHash = 'hash'",
        "UPDATE AgentAccess SET FormerSecretUntil = ChangedAt",
        "UPDATE AgentAccess SET ChangedAt = NULL",
        "UPDATE Operator SET Name = ''",
        "UPDATE Operator SET Role = 3",
        "UPDATE Operator SET KeyHash = 'vop_key'",
        "UPDATE Operator SET KeyHash = upper(KeyHash)",
        "UPDATE Operator SET RevokedAt = 'now'",
        "UPDATE Lockout SET Place = 65536",
        "UPDATE Lockout SET Place = -1",
        "UPDATE Lockout SET Subject = ''",
        "UPDATE Lockout SET Failures = 0",
        "UPDATE Lockout SET LastAt = 0",
        "UPDATE ExternalIssuer SET Issuer = ''",
        "UPDATE ExternalIssuer SET Jwks = '{}'",
        "UPDATE ExternalIssuer SET FetchedAt = AttemptedAt",
        "INSERT INTO OperatorAct SELECT Id, NULL, '', 0, '', NULL, '', NULL, CreatedAt FROM Agent",
        "INSERT INTO OperatorAct SELECT Id, 'x', 'x', 0, '', NULL, '', NULL, CreatedAt FROM Agent",
        "INSERT INTO OperatorAct SELECT Id, NULL, 'x', 3, '', NULL, '', NULL, CreatedAt FROM Agent",
        "INSERT INTO OperatorActOutcome SELECT Id, 99, NULL, CreatedAt FROM Agent",
    ] {
        let refusal = repositories.database().refusal(statement);
        assert!(
            refusal.contains("constraint failed"),
            "{statement}: {refusal}"
        );
    }
}

#[test]
fn removes_the_access_with_its_agent() {
    for fresh in [fresh, fresh_with_foreign_keys] {
        let repositories = fresh();
        repositories.ensure().unwrap();
        for number in [1, 2] {
            let agent = given_agent(&repositories, number).id;
            repositories.limit(agent, Some(1), after_noon(0)).unwrap();
        }
        let database = repositories.database();
        database.run(&format!("DELETE FROM Agent WHERE Id = '{}'", agent_id(1)));
        let left = format!(
            "SELECT COUNT(*) FROM AgentAccess WHERE AgentId = '{}'",
            agent_id(2)
        );
        assert_eq!(database.integer(&left), 1);
        assert_eq!(database.integer("SELECT COUNT(*) FROM AgentAccess"), 1);
    }
}

/// However many fail, the table has a row for each place at most, and no address is
/// where agents are.
#[test]
fn keeps_as_many_lockouts_as_there_are_places() {
    let repositories = ready();
    for number in 0..2_000 {
        let address = LockoutSubject::Address(format!("2001:db8:{number:x}::/64"));
        LockoutRepository::fail(&repositories, &address, after_noon(0), after_noon(0)).unwrap();
        let agent = LockoutSubject::Agent {
            id: agent_id(number),
            address: (number % 2 == 0).then(|| "192.0.2.1".to_owned()),
        };
        LockoutRepository::fail(&repositories, &agent, after_noon(0), after_noon(0)).unwrap();
    }
    let database = repositories.database();
    let misplaced = "SELECT COUNT(*) FROM Lockout WHERE (Place < 32768) <> (length(Subject) >= 36)";
    assert_eq!(database.integer(misplaced), 0);
    // 2,000 of 32,768 places: some fall together, most do not.
    for half in ["Place < 32768", "Place >= 32768"] {
        let rows = database.integer(&format!("SELECT COUNT(*) FROM Lockout WHERE {half}"));
        assert!((1_850..2_000).contains(&rows), "{half}: {rows}");
    }
}
