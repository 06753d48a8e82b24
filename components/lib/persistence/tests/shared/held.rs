//! The rules of held requests hold in the database itself, whoever writes to it.

use vectra_contract::fixtures::{
    after_noon, assert_conflict, at, audit_id, claim, given_agent, given_held, held_entry, held_id,
    held_status, step,
};
use vectra_domain::HeldStatus;
use vectra_domain::repository::{HeldRequestRepository, Ledger};

use crate::concurrency::ready;
use crate::database::BYTES;
use crate::sql::Sql;

fn is_refused(refusal: &str) -> bool {
    let words = ["vectra immutable", "vectra conflict"];
    words.iter().any(|words| refusal.contains(words))
}

/// Every pair of states, by hand.
#[test]
fn refuses_every_step_that_no_held_request_may_make() {
    let (_several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    let mut number = 0;
    for from in HeldStatus::ALL {
        for to in HeldStatus::ALL {
            number += 1;
            given_held(&repositories, number, agent, from);
            let id = held_id(number);
            let statement = format!(
                "UPDATE HeldRequest SET Status = {} WHERE Id = '{id}'",
                to.code()
            );
            let has_its_own_call = matches!(to, HeldStatus::Approved | HeldStatus::Releasing);
            if from == to && !from.is_final() || from.may_become(to) && !has_its_own_call {
                repositories.database().run(&statement);
                assert_eq!(held_status(&repositories, number), Some(to));
            } else {
                let refusal = repositories.database().refusal(&statement);
                assert!(is_refused(&refusal), "{from:?} to {to:?}: {refusal}");
                assert_eq!(held_status(&repositories, number), Some(from));
            }
        }
    }
}

#[test]
fn refuses_every_change_of_what_was_held() {
    let (_several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    let other = "'018fabcd-7c1b-7a3d-9e5f-000000000bad'";
    let time = "'2026-01-31T23:00:00.000000Z'";
    let columns = [
        ("Id", other),
        ("AgentId", other),
        ("AuditId", other),
        ("Reason", "'forged'"),
        ("Reason", "NULL"),
        ("Method", "'forged'"),
        ("TargetUrl", "'forged'"),
        ("Digest", "'forged'"),
        ("KeyId", "'forged'"),
        ("Sealed", BYTES),
        ("CreatedAt", time),
        ("ExpiresAt", time),
    ];
    for (number, status) in (1..).zip(HeldStatus::ALL) {
        given_held(&repositories, number, agent, status);
        let before = repositories.find_sealed(held_id(number)).unwrap();
        for (column, value) in columns {
            let statement = format!(
                "UPDATE HeldRequest SET {column} = {value} WHERE Id = '{}'",
                held_id(number)
            );
            let refusal = repositories.database().refusal(&statement);
            assert!(is_refused(&refusal), "{status:?} {column}: {refusal}");
        }
        let remove = format!("DELETE FROM HeldRequest WHERE Id = '{}'", held_id(number));
        if !status.is_final() {
            assert!(
                is_refused(&repositories.database().refusal(&remove)),
                "{status:?}"
            );
        }
        assert_eq!(repositories.find_sealed(held_id(number)).unwrap(), before);
    }
    // What is final is not decided again.
    for status in [3, 4, 5] {
        let statement = format!("UPDATE HeldRequest SET Comment = 'x' WHERE Status = {status}");
        assert!(is_refused(&repositories.database().refusal(&statement)));
    }
}

/// Inserted once more, it would be held once more.
#[test]
fn refuses_to_remove_what_has_not_expired() {
    let (_several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    let mut entry = held_entry(1, agent, after_noon(0));
    if let Some(held) = &mut entry.held {
        held.expires_at = at("2199-01-01T00:00:00.000000Z");
    }
    repositories.record(&entry).unwrap();
    let denied = step(1, &[HeldStatus::Pending], HeldStatus::Denied, after_noon(1));
    repositories.advance(&denied).unwrap();
    let remove = format!("DELETE FROM HeldRequest WHERE Id = '{}'", held_id(1));
    let refusal = repositories.database().refusal(&remove);
    assert!(is_refused(&refusal), "{refusal}");
    assert_eq!(held_status(&repositories, 1), Some(HeldStatus::Denied));
}

/// Rows of the three tables that are written once, as long as their request is there.
#[test]
fn refuses_every_way_to_change_or_remove_a_word_a_release_or_an_answer() {
    let (_several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    given_held(&repositories, 1, agent, HeldStatus::Released);
    let release = repositories.find_release(held_id(1));
    let approvals = repositories.approvals(held_id(1));
    for (table, key, column, value) in [
        ("HeldApproval", "HeldId, OperatorId", "Seal", "'forged'"),
        (
            "HeldRelease",
            "HeldId",
            "LeaseUntil",
            "'2026-01-31T23:00:00.000000Z'",
        ),
        ("HeldResponse", "HeldId", "Status", "200"),
    ] {
        for statement in [
            format!("UPDATE {table} SET {column} = {value}"),
            format!("UPDATE {table} SET HeldId = HeldId"),
            format!("DELETE FROM {table}"),
            format!("DELETE FROM {table} WHERE HeldId = '{}'", held_id(1)),
            format!("INSERT INTO {table} SELECT * FROM {table}"),
            format!(
                "INSERT INTO {table} SELECT * FROM {table} WHERE true
                   ON CONFLICT ({key}) DO UPDATE SET {column} = {value}"
            ),
        ] {
            let refusal = repositories.database().refusal(&statement);
            assert!(is_refused(&refusal), "{statement}: {refusal}");
        }
    }
    assert_eq!(repositories.find_release(held_id(1)), release);
    assert_eq!(repositories.approvals(held_id(1)), approvals);
}

/// Rows written by hand open no way around.
#[test]
fn a_row_by_hand_is_held_to_the_same_rules() {
    let (_several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    for (number, status) in (1..).zip(HeldStatus::ALL) {
        given_held(&repositories, number, agent, status);
        let id = held_id(number);
        let (noon, later) = ("2026-01-31T12:00:01.000000Z", "2026-01-31T12:30:00.000000Z");
        let audit = audit_id(number);
        let release =
            format!("INSERT INTO HeldRelease VALUES ('{id}', '{audit}', '{noon}', '{later}')");
        let unaudited =
            format!("INSERT INTO HeldRelease VALUES ('{id}', '{id}', '{noon}', '{later}')");
        let approval =
            format!("INSERT INTO HeldApproval VALUES ('{id}', '{id}', 'n', NULL, '{noon}', '', 1)");
        let database = repositories.database();
        assert!(is_refused(&database.refusal(&unaudited)), "{status:?}");
        if status == HeldStatus::Approved {
            // The one release is taken then, though its request is not sent.
            database.run(&release);
            assert_conflict(HeldRequestRepository::claim(
                &repositories,
                &claim(number, agent, after_noon(9)),
            ));
        } else {
            assert!(is_refused(&database.refusal(&release)), "{status:?}");
        }
        if status != HeldStatus::Pending {
            assert!(is_refused(&database.refusal(&approval)), "{status:?}");
        }
        let made = format!(
            "INSERT INTO HeldRequest (Id, AgentId, AuditId, Status, Method, TargetUrl, Digest,
               KeyId, Sealed, CreatedAt, ExpiresAt)
             SELECT '018fabcd-7c1b-7a3d-9e5f-000000000bad', AgentId, AuditId, {}, '', '', '', '',
               Sealed, CreatedAt, ExpiresAt FROM HeldRequest WHERE Id = '{id}'",
            status.code()
        );
        if status != HeldStatus::Pending {
            assert!(is_refused(&database.refusal(&made)), "{status:?}");
        }
    }
}
