//! What text goes in must come out, in every column; U+0000 must not go in.

use vectra_domain::repository::{
    AgentHistoryRepository, AgentPage, AgentRepository, AuditRepository, Expiry,
    HeldRequestRepository, HeldStep, PolicyRepository,
};
use vectra_domain::{
    Agent, AgentChange, AgentHistory, AuditOutcome, AuditRecord, AuditTrail, Entry, HeldRequest,
    HeldStatus, PersistenceError, Policy, TextChange,
};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent, assert_recorded, audit, audit_id, entry, given_agent, held_entry, held_id,
    history, insert, outcome, policy,
};

const TEXTS: &[&str] = &[
    " ",
    "'; DROP TABLE Agent; --",
    "\"quoted\" `ticks` ?1 $1 :a @b %s \\",
    "line\r\nbreak\ttab\u{1}\u{7f}",
    "ä a\u{308} ﬀ ß İ",
    "漢字 עברית 🦀👩‍👩‍👧",
    "\u{d7ff}\u{e000}\u{fffd}\u{ffff}\u{10ffff}\u{feff}",
    "NULL",
    "0",
    "1e999",
];

/// Writes `text` into every column that takes any, and reads it back.
fn round_trip(ports: &impl Ports, number: u128, text: &str) {
    let owned = text.to_owned();
    let name: String = text.chars().take(128).collect();
    let written = insert(
        ports,
        Agent {
            name,
            owner_id: Some(owned.clone()),
            policy_name: Some(owned.clone()),
            client_secret_hash: owned.clone(),
            ..agent(number)
        },
    );
    let id = written.id;
    assert_eq!(AgentRepository::find(ports, id), Ok(Some(written.clone())));

    let row = AgentHistory {
        method: owned.clone(),
        path: owned.clone(),
        ..history(number + 1_000, &written, after_noon(-1))
    };
    AgentHistoryRepository::append(ports, &row).unwrap();
    assert_eq!(ports.recent(id, after_noon(-1), 10), Ok(vec![row]));

    let mut decided = held_entry(number, id, after_noon(0));
    decided.audit = AuditTrail {
        reason: Some(owned.clone()),
        method: owned.clone(),
        path: owned.clone(),
        target_url: owned.clone(),
        ..decided.audit
    };
    let held = HeldRequest {
        reason: Some(owned.clone()),
        method: owned.clone(),
        target_url: owned.clone(),
        digest: owned.clone(),
        key_id: owned.clone(),
        sealed: text.as_bytes().to_vec(),
        ..decided.held.unwrap()
    };
    decided.held = Some(held.clone());
    assert_recorded(ports.record(&decided));
    let id = decided.audit.id;
    let done = AuditOutcome {
        failure: Some(owned.clone()),
        ..outcome(502, after_noon(0))
    };
    AuditRepository::complete(ports, id, &done).unwrap();
    let expected = AuditRecord {
        entry: decided.audit,
        explanation: decided.explanation,
        outcome: Some(done),
    };
    assert_eq!(AuditRepository::find(ports, id), Ok(Some(expected)));
    assert_eq!(ports.find_sealed(held.id), Ok(Some(held)));

    let put = Policy {
        document: owned.clone(),
        problem: Some(owned.clone()),
        source_name: Some(owned.clone()),
        content_hash: owned,
        ..policy(&written.name, "one")
    };
    PolicyRepository::put(ports, &put).unwrap();
    let found = PolicyRepository::find(ports, &written.name, None).unwrap();
    assert_eq!(found, Some(Policy { revision: 1, ..put }));
}

pub fn keeps_every_text_as_it_is(ports: &impl Ports) {
    for (number, text) in (1..).zip(TEXTS) {
        round_trip(ports, number, text);
    }
    let names: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    let source = vectra_domain::PolicySource::File;
    assert_eq!(
        ports.retire_missing(source, &names, after_noon(0)),
        Ok(vec![])
    );
}

pub fn keeps_long_text(ports: &impl Ports) {
    round_trip(ports, 1, &"ä€🦀x".repeat(100_000));
}

pub fn refuses_u0000_and_names_the_column(ports: &impl Ports) {
    let nul = "a\0b".to_owned();
    let known = given_agent(ports, 1);
    let now = after_noon(0);
    assert_recorded(ports.record(&held_entry(1, known.id, now)));

    let new_agent = |change: fn(&mut Agent, String)| {
        let mut agent = agent(2);
        change(&mut agent, nul.clone());
        AgentRepository::insert(ports, &agent).map(drop)
    };
    let update = |change: fn(&mut AgentChange, String)| {
        let mut changes = AgentChange::at(now);
        change(&mut changes, nul.clone());
        ports.update(known.id, &changes).map(drop)
    };
    let append = |change: fn(&mut AgentHistory, String)| {
        let mut row = history(9, &known, now);
        change(&mut row, nul.clone());
        AgentHistoryRepository::append(ports, &row)
    };
    let record = |change: fn(&mut Entry, String)| {
        let mut entry = entry(9, known.id, now);
        change(&mut entry, nul.clone());
        ports.record(&entry).map(drop)
    };
    let hold = |change: fn(&mut HeldRequest, String)| {
        let mut entry = held_entry(9, known.id, now);
        change(entry.held.as_mut().unwrap(), nul.clone());
        ports.record(&entry).map(drop)
    };
    let put = |change: fn(&mut Policy, String)| {
        let mut policy = policy("p", "one");
        change(&mut policy, nul.clone());
        PolicyRepository::put(ports, &policy).map(drop)
    };
    let audit_row = AuditTrail {
        method: nul.clone(),
        ..audit(9, known.id, now)
    };
    let failed = AuditOutcome {
        failure: Some(nul.clone()),
        ..outcome(502, now)
    };
    let agents = AgentPage {
        after: None,
        limit: 1,
        status: None,
        owner_id: Some(nul.clone()),
        policy_name: None,
        name: None,
    };
    let step = HeldStep {
        id: held_id(1),
        from: vec![HeldStatus::Pending],
        to: HeldStatus::Denied,
        now,
        expiry: Expiry::Ignored,
        decided_by: Some("reviewer".to_owned()),
        comment: Some(nul.clone()),
    };

    let cases: [(&str, Result<(), PersistenceError>); 26] = [
        ("Agent.Name", new_agent(|a, s| a.name = s)),
        ("Agent.OwnerId", new_agent(|a, s| a.owner_id = Some(s))),
        (
            "Agent.PolicyName",
            new_agent(|a, s| a.policy_name = Some(s)),
        ),
        (
            "Agent.ClientSecretHash",
            new_agent(|a, s| a.client_secret_hash = s),
        ),
        ("Agent.Name", update(|c, s| c.name = Some(s))),
        (
            "Agent.OwnerId",
            update(|c, s| c.owner_id = TextChange::Set(s)),
        ),
        (
            "Agent.PolicyName",
            update(|c, s| c.policy_name = TextChange::Set(s)),
        ),
        (
            "Agent.OwnerId",
            AgentRepository::list(ports, &agents).map(drop),
        ),
        ("AgentHistory.Method", append(|h, s| h.method = s)),
        ("AgentHistory.Path", append(|h, s| h.path = s)),
        (
            "AuditTrail.Method",
            AuditRepository::append(ports, &audit_row, "{}"),
        ),
        ("AuditTrail.Reason", record(|e, s| e.audit.reason = Some(s))),
        ("AuditTrail.Path", record(|e, s| e.audit.path = s)),
        (
            "AuditTrail.TargetUrl",
            record(|e, s| e.audit.target_url = s),
        ),
        (
            "AuditExplanation.Document",
            record(|e, s| e.explanation = s),
        ),
        (
            "AuditOutcome.Failure",
            AuditRepository::complete(ports, audit_id(1), &failed),
        ),
        ("Policy.Name", ports.revisions(&nul, None, 1).map(drop)),
        ("HeldRequest.Reason", hold(|h, s| h.reason = Some(s))),
        ("HeldRequest.TargetUrl", hold(|h, s| h.target_url = s)),
        ("HeldRequest.KeyId", hold(|h, s| h.key_id = s)),
        ("HeldRequest.Comment", ports.advance(&step).map(drop)),
        ("Policy.Name", put(|p, s| p.name = s)),
        ("Policy.Document", put(|p, s| p.document = s)),
        ("Policy.ContentHash", put(|p, s| p.content_hash = s)),
        (
            "Policy.Name",
            PolicyRepository::find(ports, &nul, None).map(drop),
        ),
        (
            "Policy.Name",
            PolicyRepository::list(ports, Some(&nul), 1).map(drop),
        ),
    ];
    for (column, result) in cases {
        let Err(PersistenceError::Invalid(message)) = &result else {
            panic!("{column}: {result:?}")
        };
        assert!(message.contains(column), "{column}: {message}");
    }
    assert_eq!(
        HeldRequestRepository::find(ports, held_id(1))
            .unwrap()
            .unwrap()
            .status,
        HeldStatus::Pending
    );
    assert_eq!(ports.recent(known.id, now, 10).unwrap().len(), 1);
}
