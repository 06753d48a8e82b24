//! Rows that somebody has rewritten who can write to the database, and not seal.

use serde_json::json;
use vectra_domain::repository::{Expiry, HeldRequestRepository, HeldStep};
use vectra_domain::{
    Approval, AuditRecord, DecisionType, HeldRequest, HeldStatus, OperatorId, Timestamp,
};

use super::Stage;
use crate::world::DATA_KEY;

/// What is rewritten, and what a reviewer is told.
type Rewriting = (&'static str, fn(&mut HeldRequest, &HeldRequest));

/// `held` becomes `other` in some way.
const REWRITINGS: [Rewriting; 12] = [
    ("it does not open", |held, other| {
        held.sealed.clone_from(&other.sealed);
    }),
    ("it does not open", |held, _| held.sealed[30] ^= 1),
    ("it does not open", |held, _| held.sealed.clear()),
    ("its digest was changed", |held, other| {
        held.digest.clone_from(&other.digest);
    }),
    ("its method was changed", |held, _| {
        held.method = "GET".to_owned();
    }),
    ("its target was changed", |held, _| {
        held.target_url = "http://api.example/harmless".to_owned();
    }),
    ("its reason was changed", |held, _| {
        held.reason = Some("harmless".to_owned());
    }),
    ("it does not open", |held, _| {
        held.expires_at = held.expires_at.plus(Timestamp::DAY);
    }),
    ("it does not open", |held, _| {
        held.created_at = held.created_at.plus(1);
    }),
    ("it does not open", |held, _| {
        held.agent_id = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab".parse().unwrap();
    }),
    ("it does not open", |held, other| {
        held.audit_id = other.audit_id;
    }),
    ("does not have the key", |held, _| {
        held.key_id = "0123456789abcdef".to_owned();
    }),
];

fn two_held() -> (Stage, String, HeldRequest) {
    let stage = Stage::new();
    let id = stage.hold();
    let request = stage.ask().method("DELETE").body(Vec::new()).unwrap();
    let other = stage.row(&stage.held(request));
    (stage, id, other)
}

fn rewrite(stage: &Stage, id: &str, forge: impl Fn(&mut HeldRequest) + 'static) {
    let id = id.to_owned();
    let forge = move |held: &mut HeldRequest| {
        if held.id.to_string() == id {
            forge(held);
        }
    };
    stage
        .world
        .database
        .forgery
        .held
        .replace(Some(Box::new(forge)));
}

fn rewrite_audit(stage: &Stage, forge: impl Fn(&mut AuditRecord) + 'static) {
    let audit = &stage.world.database.forgery.audit;
    audit.replace(Some(Box::new(forge)));
}

#[test]
fn a_rewritten_row_is_told_and_never_approved_and_can_be_denied() {
    for (why, forge) in REWRITINGS {
        let (stage, id, other) = two_held();
        rewrite(&stage, &id, move |held| forge(held, &other));
        let shown = stage.show(&id);
        let integrity = shown["integrity"].as_str().unwrap();
        assert!(integrity.contains(why), "{why}: {integrity}");
        assert_eq!(shown["request"], json!(null), "{why}");
        let (status, answer) = stage.approve(&id);
        assert_eq!(status, 409, "{why}: {answer}");
        assert_eq!(stage.status(&id), HeldStatus::Pending, "{why}");
        assert_eq!(stage.deny(&id).0, 200, "{why}");
        assert_eq!(stage.tried(), 0, "{why}");
    }
}

#[test]
fn a_row_that_is_rewritten_when_it_is_approved_is_never_sent() {
    for (why, forge) in REWRITINGS {
        let (stage, id, other) = two_held();
        stage.approve_and_crash(&id);
        rewrite(&stage, &id, move |held| forge(held, &other));
        stage.tick();
        assert_eq!(stage.tried(), 0, "{why}");
        // A key that is missing may come back; nothing is sent without it.
        let denied = stage.status(&id) == HeldStatus::Denied;
        assert_eq!(denied, why != "does not have the key", "{why}");
    }
}

#[test]
fn rewriting_the_audit_too_does_not_help() {
    let told = |record: &mut AuditRecord, digest: &str| {
        let mut explanation: serde_json::Value = serde_json::from_str(&record.explanation).unwrap();
        explanation["heldSha256"] = digest.into();
        record.explanation = explanation.to_string();
    };
    // The row and its explanation are those of another request.
    let (stage, id, other) = two_held();
    let digest = other.digest.clone();
    rewrite_audit(&stage, move |record| told(record, &digest));
    rewrite(&stage, &id, move |held| {
        held.sealed.clone_from(&other.sealed);
        held.digest.clone_from(&other.digest);
        held.method.clone_from(&other.method);
        held.target_url.clone_from(&other.target_url);
    });
    assert_eq!(stage.approve(&id).0, 409);

    // Only the explanation is, or the decision.
    let forgeries: [fn(&mut AuditRecord); 4] = [
        |record| record.explanation = record.explanation.replace("heldSha256", "x"),
        |record| record.explanation = "{".to_owned(),
        |record| record.entry.decision_type = DecisionType::Deny,
        |record| {
            record.entry.agent_id = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab".parse().unwrap();
        },
    ];
    for (nth, forge) in forgeries.into_iter().enumerate() {
        let stage = Stage::new();
        let id = stage.hold();
        stage.approve_and_crash(&id);
        rewrite_audit(&stage, forge);
        let integrity = stage.show(&id)["integrity"].clone();
        let integrity = integrity.as_str().unwrap();
        assert!(integrity.starts_with("the audit tells of"), "{nth}");
        stage.tick();
        assert_eq!(stage.status(&id), HeldStatus::Denied, "{nth}");
        assert_eq!(stage.tried(), 0, "{nth}");
    }
}

/// An approval as somebody may write it who knows everything but the key.
fn by_hand(held: &HeldRequest, seal: &str) -> Approval {
    Approval {
        held_id: held.id,
        operator_id: OperatorId::first_at(Timestamp::EPOCH),
        operator_name: "Ada".to_owned(),
        comment: None,
        approved_at: held.created_at,
        seal: seal.to_owned(),
    }
}

#[test]
fn approvals_that_are_written_by_hand_approve_nothing() {
    let stage = Stage::new();
    let real = stage.hold();
    stage.approve_and_crash(&real);
    let approvals = stage.world.memory.approvals(stage.row(&real).id).unwrap();
    stage.tick();
    assert_eq!(stage.tried(), 1);
    let name = approvals[0].seal.split(':').next().unwrap();
    let seals = [
        "x".to_owned(),
        format!("{name}:{}", "0".repeat(64)),
        // A real one, of another request.
        approvals[0].seal.clone(),
    ];
    for seal in seals {
        let id = stage.hold();
        let row = stage.row(&id);
        stage
            .world
            .memory
            .approve(&by_hand(&row, &seal), 1)
            .unwrap();
        assert_eq!(stage.status(&id), HeldStatus::Approved);
        assert_eq!(stage.show(&id)["approvals"][0]["valid"], false);
        stage.tick();
        assert_eq!(stage.status(&id), HeldStatus::Denied, "{seal}");
        assert_eq!(stage.tried(), 1, "{seal}");
    }
}

#[test]
fn an_approval_counts_for_what_was_approved_and_as_it_was_given() {
    let forgeries: [fn(&mut Approval); 4] = [
        |approval| approval.operator_name = "Bob".to_owned(),
        |approval| approval.operator_id = OperatorId::first_at(Timestamp::EPOCH.plus(1)),
        |approval| approval.comment = Some("only this once".to_owned()),
        |approval| approval.approved_at = approval.approved_at.plus(1),
    ];
    // One real approval of two that are needed; the other is the same, rewritten.
    for (nth, forge) in forgeries.into_iter().enumerate() {
        let stage = Stage::configured(r#"{"HumanInTheLoop":{"RequiredApprovals":2}}"#);
        let id = stage.hold();
        stage.approve(&id);
        let held = stage.row(&id).id;
        let mut approval = stage.world.memory.approvals(held).unwrap().remove(0);
        forge(&mut approval);
        approval.operator_id = OperatorId::first_at(Timestamp::EPOCH.plus(9));
        stage.world.memory.approve(&approval, 2).unwrap();
        assert_eq!(stage.status(&id), HeldStatus::Approved, "{nth}");
        stage.tick();
        assert_eq!(stage.status(&id), HeldStatus::Denied, "{nth}");
        assert_eq!(stage.tried(), 0, "{nth}");
    }
}

#[test]
fn a_state_that_is_set_by_hand_sends_nothing() {
    for status in [HeldStatus::Approved, HeldStatus::Releasing] {
        let stage = Stage::new();
        let id = stage.hold();
        rewrite(&stage, &id, move |held| held.status = status);
        stage.world.with_gateway(|gateway| {
            let follow_up = vectra_api::FollowUp::Release(id.parse().unwrap());
            gateway.follow_up::<Vec<u8>>(follow_up);
        });
        assert_eq!(stage.tried(), 0, "{status:?}");
    }
    // One that was sent, made pending once more.
    let stage = Stage::new();
    let id = stage.hold();
    stage.approve(&id);
    assert_eq!(stage.tried(), 1);
    for status in [HeldStatus::Pending, HeldStatus::Approved] {
        rewrite(&stage, &id, move |held| held.status = status);
        stage.approve(&id);
        stage.world.with_gateway(|gateway| {
            let follow_up = vectra_api::FollowUp::Release(id.parse().unwrap());
            gateway.follow_up::<Vec<u8>>(follow_up);
        });
        stage.tick();
        assert_eq!(stage.tried(), 1, "{status:?}");
    }
}

#[test]
fn a_key_that_was_replaced_opens_what_was_held_before() {
    let stage = Stage::new();
    let id = stage.hold();
    let new = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    // Without the old line nothing opens, and nothing is sent.
    stage.world.data_key.replace(new.to_owned());
    assert_eq!(stage.approve(&id).0, 409);
    assert_eq!(stage.show(&id)["request"], json!(null));
    stage.world.data_key.replace(format!("{new}\n{DATA_KEY}"));
    assert_eq!(stage.approve(&id).0, 200);
    assert_eq!(stage.response(&id).status(), 201);
    assert_eq!(stage.tried(), 1);
}

#[test]
fn a_row_of_an_earlier_version_can_be_denied_only() {
    let stage = Stage::new();
    let id = stage.hold();
    rewrite(&stage, &id, |held| {
        // Sealed in the earlier form: bound to other data than now.
        held.sealed = vec![7; 100];
    });
    assert_eq!(stage.approve(&id).0, 409);
    let step = HeldStep {
        id: stage.row(&id).id,
        from: vec![HeldStatus::Pending],
        to: HeldStatus::Approved,
        now: stage.row(&id).created_at,
        expiry: Expiry::Refuses,
        decided_by: None,
        comment: None,
    };
    assert!(stage.world.memory.advance(&step).is_err());
    assert_eq!(stage.deny(&id).0, 200);
}
