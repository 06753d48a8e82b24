//! What the tables about who calls hold out.

use vectra_contract::fixtures::{act, act_id, after_noon, agent_id, given_agent, operator};
use vectra_domain::repository::{
    ActPage, ActRepository, AgentAccessRepository, LockoutRepository, OperatorRepository,
};
use vectra_domain::{Act, ActOutcome, LockoutSubject};
use vectra_persistence::Repositories;

use crate::database::{Postgres, ready};
use crate::sql::Sql;

fn acts(repositories: &Repositories<Postgres>) -> Vec<(Act, Option<ActOutcome>)> {
    let page = ActPage {
        operator_name: None,
        after: None,
        limit: 10,
    };
    ActRepository::list(repositories, &page).unwrap()
}

/// A database with an act that is done.
fn with_an_act() -> Repositories<Postgres> {
    let repositories = ready();
    ActRepository::append(&repositories, &act(1, after_noon(0))).unwrap();
    let outcome = ActOutcome {
        status: 201,
        target: None,
        timestamp: after_noon(1),
    };
    repositories.complete(act_id(1), &outcome).unwrap();
    repositories
}

#[test]
fn refuses_every_way_to_change_or_remove_an_act() {
    let repositories = with_an_act();
    let kept = acts(&repositories);
    for statement in [
        "UPDATE OperatorAct SET OperatorName = 'forged'",
        "UPDATE ONLY OperatorAct SET Id = Id",
        "DELETE FROM OperatorAct",
        "DELETE FROM OperatorAct WHERE false",
        "TRUNCATE OperatorAct",
        "TRUNCATE Agent, Operator, OperatorAct CASCADE",
        "INSERT INTO OperatorAct SELECT * FROM OperatorAct",
        "INSERT INTO OperatorAct SELECT * FROM OperatorAct
           ON CONFLICT (Id) DO UPDATE SET OperatorName = 'forged'",
        "MERGE INTO OperatorAct t USING OperatorAct s ON t.Id = s.Id WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM OperatorAct RETURNING Id) SELECT count(*) FROM gone",
        "UPDATE OperatorActOutcome SET Status = 500",
        "DELETE FROM OperatorActOutcome",
        "TRUNCATE OperatorActOutcome",
        "INSERT INTO OperatorActOutcome SELECT * FROM OperatorActOutcome
           ON CONFLICT (ActId) DO UPDATE SET Status = 500",
    ] {
        let refusal = repositories.database().refusal(statement);
        let ours = ["vectra immutable", "duplicate key"];
        assert!(
            ours.iter().any(|words| refusal.contains(words)),
            "{statement}: {refusal}"
        );
    }
    let database = repositories.database();
    database.run("SET session_replication_role = replica");
    for statement in ["DELETE FROM OperatorAct", "TRUNCATE OperatorActOutcome"] {
        let refusal = database.refusal(statement);
        assert!(refusal.contains("vectra immutable"), "{statement}");
    }
    assert_eq!(acts(&repositories), kept);
}

#[test]
fn refuses_values_that_no_row_may_hold() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    repositories.limit(agent, Some(1), after_noon(0)).unwrap();
    OperatorRepository::insert(&repositories, &operator(1)).unwrap();
    let subject = LockoutSubject::agent(agent_id(1));
    LockoutRepository::fail(&repositories, &subject, after_noon(0), after_noon(0)).unwrap();
    let issuer = "INSERT INTO ExternalIssuer (Issuer, AttemptedAt) VALUES ('i', now())";
    repositories.database().run(issuer);
    for statement in [
        "UPDATE AgentAccess SET AgentId = gen_random_uuid()",
        "UPDATE AgentAccess SET RequestsPerMinute = -1",
        "UPDATE AgentAccess SET FormerSecretHash = 'hash'",
        "UPDATE AgentAccess SET FormerSecretUntil = now()",
        "UPDATE AgentAccess SET ChangedAt = NULL",
        "UPDATE Operator SET Name = ''",
        "UPDATE Operator SET Role = 3",
        "UPDATE Operator SET KeyHash = 'vop_key'",
        "UPDATE Operator SET KeyHash = upper(KeyHash)",
        "UPDATE Operator SET KeyHash = KeyHash || chr(10)",
        "UPDATE Lockout SET Place = 65536",
        "UPDATE Lockout SET Place = -1",
        "UPDATE Lockout SET Subject = repeat('x', 65)",
        "UPDATE Lockout SET Failures = 0",
        "UPDATE ExternalIssuer SET Issuer = ''",
        "UPDATE ExternalIssuer SET Jwks = '{}'",
        "UPDATE ExternalIssuer SET FetchedAt = now()",
        "INSERT INTO OperatorAct SELECT Id, NULL, '', 0, '', NULL, '', NULL, now() FROM Agent",
        "INSERT INTO OperatorAct SELECT Id, NULL, 'x', 3, '', NULL, '', NULL, now() FROM Agent",
        "INSERT INTO OperatorActOutcome SELECT Id, 99, NULL, now() FROM Agent",
    ] {
        let refusal = repositories.database().refusal(statement);
        assert!(refusal.contains("SqlState(E23"), "{statement}: {refusal}");
    }
}

#[test]
fn removes_the_access_with_its_agent_and_keeps_the_acts() {
    let repositories = with_an_act();
    let agent = given_agent(&repositories, 1).id;
    repositories.limit(agent, Some(1), after_noon(0)).unwrap();
    let database = repositories.database();
    database.run("DELETE FROM Agent");
    assert_eq!(database.integer("SELECT count(*) FROM AgentAccess"), 0);
    assert_eq!(database.integer("SELECT count(*) FROM OperatorAct"), 1);
}
