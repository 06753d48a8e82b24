//! Values that an interface can carry and a repository cannot: each is refused by the
//! name of its field, and never taken for another.

use crate::bindings::vectra::persistence::types::{
    Act, AgentChange, AuditEntry, AuditOutcome, DecisionType, Error, Operator, OperatorRole,
    Origin, TextChange,
};
use crate::bindings::vectra::persistence::{
    acts, agent_access, agents, audit_trail, circuits, external_issuers, intent_cache, ledger,
    lockouts, operators,
};
use crate::guest::fresh_sqlite;

const ID: &str = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";
/// A time after the year 9999.
const LATE: i64 = i64::MAX;

fn operator() -> Operator {
    Operator {
        id: ID.to_owned(),
        name: "name".to_owned(),
        role: OperatorRole::Admin,
        key_hash: "0".repeat(64),
        created_at: 0,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    }
}

fn act() -> Act {
    Act {
        id: ID.to_owned(),
        operator_id: None,
        operator_name: "name".to_owned(),
        operator_role: OperatorRole::Auditor,
        action: "POST /agents".to_owned(),
        target: None,
        detail: "{}".to_owned(),
        client_address: None,
        timestamp: 0,
    }
}

fn report(agent_id: &str, now: i64) -> Result<(), Error> {
    let report = circuits::RequestReport {
        origin: Origin {
            scheme: "http".to_owned(),
            host: "localhost".to_owned(),
            port: 80,
        },
        agent_id: agent_id.to_owned(),
        fate: circuits::Fate::Failed,
        errand: circuits::Errand::Ordinary,
        now,
    };
    let rule = circuits::Rule {
        threshold: 5,
        window: 60,
        open: 30,
    };
    circuits::report(&report, rule)
}

/// Records with a floor of trust.
fn record_above(floor: f64) -> Result<(), Error> {
    let entry = ledger::Entry {
        audit: AuditEntry {
            id: text(ID),
            agent_id: text(ID),
            decision_type: DecisionType::Allow,
            reason: None,
            method: text("GET"),
            path: text("/"),
            target_url: text("http://localhost/"),
            risk_score: 0.0,
            timestamp: 0,
        },
        history_id: text(ID),
        explanation: text("{}"),
        rate_limit: None,
        trust: ledger::TrustRule {
            target: 1.0,
            rate: 0.0,
        },
        trust_floor: Some(floor),
        counter: text("allow/none"),
        held: None,
        held_limits: ledger::HeldLimits {
            per_agent: 0,
            in_all: 0,
        },
        probe: None,
    };
    ledger::record(&entry).map(drop)
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn a_value_that_does_not_fit_is_refused_by_the_name_of_its_field() {
    let _repositories = fresh_sqlite();
    let listed = acts::PageQuery {
        operator_name: None,
        after: Some(acts::Cursor {
            timestamp: LATE,
            id: text(ID),
        }),
        limit: 1,
    };
    let refusals = ledger::RefusalsQuery {
        agent_id: Some(text("nobody")),
        after: None,
        limit: 1,
    };
    let keys = external_issuers::Keys {
        jwks: text("{}"),
        fetched_at: LATE,
    };
    let nobody = lockouts::Subject::Agent(lockouts::AgentAt {
        agent_id: text("nobody"),
        address: None,
    });
    let early = Operator {
        revoked_at: Some(i64::MIN),
        ..operator()
    };
    let unnamed = Act {
        operator_id: Some(text("")),
        ..act()
    };
    let rotation = agent_access::Rotation {
        agent_id: text(ID),
        client_secret_hash: text("hash"),
        former_until: Some(LATE),
        now: 0,
    };
    let cursor = circuits::Cursor {
        origin: text("http://localhost:80"),
        agent_id: Some(text("all")),
    };
    let outcome = AuditOutcome {
        status: None,
        response_bytes: 0,
        duration: 0,
        failure: None,
        completed_at: LATE,
    };
    let trusted = AgentChange {
        name: None,
        owner_id: TextChange::Keep,
        status: None,
        policy_name: TextChange::Keep,
        client_secret_hash: None,
        trust_at_least: Some(f64::NAN),
        updated_at: 0,
    };
    let cases = [
        (
            "AuditOutcome.CompletedAt",
            audit_trail::complete(&text(ID), &outcome),
        ),
        (
            "AgentChange.TrustAtLeast",
            agents::update(&text(ID), &trusted).map(drop),
        ),
        ("Entry.TrustFloor", record_above(1.5)),
        ("Now", intent_cache::find("key", LATE).map(drop)),
        ("ExpiresAt", intent_cache::put("key", "{}", LATE)),
        ("AgentId", agent_access::find(&text("nobody")).map(drop)),
        ("Rotation.FormerUntil", agent_access::rotate(&rotation)),
        ("Now", agent_access::limit(&text(ID), Some(1), LATE)),
        ("Operator.RevokedAt", operators::insert(&early)),
        ("OperatorId", operators::touch(&text("018F"), 0)),
        ("Act.OperatorId", acts::append(&unnamed)),
        ("Cursor.Timestamp", acts::list(&listed).map(drop)),
        ("AgentAt.AgentId", lockouts::find(&nobody).map(drop)),
        ("Keys.FetchedAt", external_issuers::put("issuer", &keys)),
        (
            "NotSince",
            external_issuers::claim("issuer", 0, LATE).map(drop),
        ),
        ("Report.AgentId", report("nobody", 0)),
        ("Report.Now", report(ID, LATE)),
        ("Cursor.AgentId", circuits::list(Some(&cursor), 1).map(drop)),
        (
            "RefusalsQuery.AgentId",
            ledger::list_refusals(&refusals).map(drop),
        ),
    ];
    for (field, refused) in cases {
        match refused {
            Err(Error::Invalid(why)) => assert!(why.starts_with(&format!("`{field}`: ")), "{why}"),
            other => panic!("{field}: {other:?}"),
        }
    }
}
