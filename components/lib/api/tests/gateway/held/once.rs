//! Once, ever: what was sent is not sent again by whoever rewrites the tables of held
//! requests, since nothing rewrites the audit.

use vectra_domain::repository::{
    AgentRepository, AuditRange, AuditRepository, HeldRequestRepository, Ledger, PolicyRepository,
};
use vectra_domain::{Entry, HeldLimits, HeldRequest, HeldStatus, HistoryId, Timestamp, TrustRule};
use vectra_persistence::memory::Memory;

use super::{Stage, problem};
use crate::database::Database;

fn audit(memory: &Memory) -> Vec<(vectra_domain::AuditTrail, String)> {
    let all = AuditRange {
        agent_id: None,
        since: Timestamp::EPOCH,
        until: Timestamp::EPOCH.plus(i64::from(u32::MAX) * Timestamp::SECOND),
        after: None,
        limit: 100,
    };
    memory.range(&all).unwrap()
}

/// The same database, but that this request and all that belongs to it were removed, and
/// written once more as they were when it had been approved.
fn set_back(stage: &mut Stage, id: &str) {
    let former = &stage.world.memory;
    let held = HeldRequest {
        status: HeldStatus::Pending,
        ..stage.row(id)
    };
    let other = Memory::new();
    let agent = AgentRepository::find(former, held.agent_id).unwrap();
    AgentRepository::insert(&other, &agent.unwrap()).unwrap();
    let policy = PolicyRepository::find(former, "p", None).unwrap();
    other.put(&policy.unwrap()).unwrap();
    for (row, explanation) in audit(former) {
        if row.id != held.audit_id {
            AuditRepository::append(&other, &row, &explanation).unwrap();
            continue;
        }
        let entry = Entry {
            audit: row,
            history_id: HistoryId::first_at(Timestamp::EPOCH),
            explanation,
            rate_limit: None,
            trust: TrustRule {
                target: 1.0,
                rate: 0.0,
            },
            trust_floor: None,
            counter: "hitl/policy".to_owned(),
            held: Some(held.clone()),
            held_limits: HeldLimits::default(),
            probe: None,
        };
        other.record(&entry).unwrap();
    }
    for approval in former.approvals(held.id).unwrap() {
        other.approve(&approval, 1).unwrap();
    }
    stage.world.database = Database::new(other.clone());
    stage.world.memory = other;
}

#[test]
fn a_request_that_was_removed_and_written_again_is_not_sent_again() {
    let mut stage = Stage::new();
    let id = stage.hold();
    assert_eq!(stage.approve(&id).0, 200);
    assert_eq!(stage.tried(), 1);
    let rows = audit(&stage.world.memory).len();
    set_back(&mut stage, &id);
    assert_eq!(stage.status(&id), HeldStatus::Approved);
    for _ in 0..2 {
        stage.world.wait(60);
        stage.tick();
        assert_eq!(stage.tried(), 1);
    }
    // Nobody has denied it; it is another's.
    assert_eq!(stage.status(&id), HeldStatus::Approved);
    assert_eq!(audit(&stage.world.memory).len(), rows);
}

#[test]
fn the_row_of_a_release_sorts_by_when_its_request_was_held() {
    let stage = Stage::new();
    let id = stage.hold();
    stage.world.wait(30);
    stage.approve(&id);
    let rows = audit(&stage.world.memory);
    let [held, sent] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    let millis = |id: vectra_domain::AuditId| id.uuid().as_u128() >> 80;
    assert_eq!(millis(sent.0.id), millis(held.0.id));
    assert_eq!(sent.0.id.uuid().get_version_num(), 7);
    // The audit itself is read in the order of what happened.
    let (_, page) = stage.world.manage("GET", "/audit?limit=1", "");
    assert_eq!(page["items"][0]["decisionType"], "Allow");
    let query = format!("/audit?cursor={}", page["nextCursor"].as_str().unwrap());
    let (_, page) = stage.world.manage("GET", &query, "");
    assert_eq!(page["items"][0]["decisionType"], "Hitl");
}

#[test]
fn an_answer_belongs_to_its_agent_and_to_what_was_asked() {
    let rewritings: [fn(&mut HeldRequest, &HeldRequest); 2] = [
        |held, other| held.digest.clone_from(&other.digest),
        |held, other| held.agent_id = other.agent_id,
    ];
    for (nth, rewrite) in rewritings.into_iter().enumerate() {
        let stage = Stage::new();
        let id = stage.hold();
        stage.approve(&id);
        assert_eq!(stage.response(&id).status(), 201);
        let (agent, token) = stage.world.agent();
        let mut other = stage.row(&id);
        other.digest = "0".repeat(64);
        other.agent_id = agent.parse().unwrap();
        let token = match nth {
            0 => stage.token.clone(),
            _ => token,
        };
        let stage = Stage { token, ..stage };
        let forge = move |held: &mut HeldRequest| rewrite(held, &other);
        let forgery = &stage.world.database.forgery.held;
        forgery.replace(Some(Box::new(forge)));
        let response = stage.response(&id);
        assert_eq!(response.status(), 502, "{nth}");
        let detail = problem(&response)["detail"].clone();
        assert_eq!(detail, "the answer that was kept cannot be read");
    }
}
