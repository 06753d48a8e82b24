use std::cell::RefCell;

use vectra_domain::{Failures, Rotation, TrustScore};

use super::*;
use crate::settings::{LockoutSettings, Provider};

const SECRET: &str = "the present secret";
const FORMER: &str = "the former secret";

/// Notes what is asked; secrets are their own hashes, as far as bcrypt's form allows.
#[derive(Default)]
struct Stage {
    access: AgentAccess,
    agent_failures: Option<Failures>,
    address_failures: Option<Failures>,
    calls: RefCell<Vec<String>>,
}

impl Stage {
    fn note(&self, call: impl Into<String>) {
        self.calls.borrow_mut().push(call.into());
    }
}

impl AgentAccessRepository for Stage {
    fn find(&self, _: AgentId) -> Result<AgentAccess> {
        self.note("access.find");
        Ok(self.access.clone())
    }

    fn rotate(&self, _: &Rotation) -> Result<()> {
        panic!("an attempt does not do this")
    }

    fn limit(&self, _: AgentId, _: Option<u32>, _: Timestamp) -> Result<()> {
        panic!("an attempt does not do this")
    }

    fn revoke_tokens(&self, _: AgentId, _: Timestamp) -> Result<()> {
        panic!("an attempt does not do this")
    }
}

impl Schema for Stage {
    fn ensure(&self) -> Result<u32> {
        panic!("an attempt does not do this")
    }

    fn version(&self) -> Result<u32> {
        panic!("an attempt does not do this")
    }
}

impl LockoutRepository for Stage {
    fn find(&self, subject: &LockoutSubject) -> Result<Option<Failures>> {
        self.note("lockouts.find");
        Ok(match subject {
            LockoutSubject::Agent { .. } => self.agent_failures,
            LockoutSubject::Address(text) if text == "192.0.2.1" => self.address_failures,
            LockoutSubject::Address(_) => None,
        })
    }

    fn fail(&self, subject: &LockoutSubject, _: Timestamp, _: Timestamp) -> Result<()> {
        let whose = match subject {
            LockoutSubject::Agent { address, .. } => {
                assert_eq!(address.as_deref(), Some("192.0.2.1"));
                "agent"
            }
            LockoutSubject::Address(text) => text,
        };
        self.note(format!("lockouts.fail {whose}"));
        Ok(())
    }

    fn clear(&self, subject: &LockoutSubject) -> Result<()> {
        let whose = match subject {
            LockoutSubject::Agent { .. } => "agent",
            LockoutSubject::Address(text) => text,
        };
        self.note(format!("lockouts.clear {whose}"));
        Ok(())
    }
}

fn now() -> Timestamp {
    Timestamp::EPOCH.plus(Timestamp::DAY)
}

fn settings() -> TokenSettings {
    TokenSettings {
        issuer: String::new(),
        audience: String::new(),
        lifetime: 900,
        bcrypt_cost: 4,
        provider: Provider::SelfSigned,
        lockout: Some(LockoutSettings {
            per_agent: 3,
            per_address: 5,
            longest: 300,
        }),
        concurrent: 2,
    }
}

fn agent(status: AgentStatus, hash: String) -> Agent {
    Agent {
        id: AgentId::first_at(now()),
        name: "robot".to_owned(),
        owner_id: None,
        status,
        policy_name: None,
        client_secret_hash: hash,
        trust_score: TrustScore::INITIAL,
        created_at: now(),
        updated_at: None,
    }
}

fn hash(secret: &str) -> String {
    bcrypt::hash_with_salt(secret, 4, [7; 16])
        .unwrap()
        .to_string()
}

fn access(former_secret_until: Option<Timestamp>) -> AgentAccess {
    AgentAccess {
        former_secret_hash: Some(hash(FORMER)),
        former_secret_until,
        ..AgentAccess::default()
    }
}

/// What came of an attempt, and what it did.
fn judged(stage: &Stage, agent: Option<Agent>, secret: &str) -> (bool, Vec<String>) {
    let settings = settings();
    let verify = |secret: &str, hash: &str| {
        stage.note("bcrypt");
        secret::verify(secret, hash)
    };
    let attempt = Attempt {
        schema: stage,
        access: stage,
        lockouts: stage,
        settings: &settings,
        verify: &verify,
        address: Some("192.0.2.1".parse().unwrap()),
        now: now(),
    };
    let asked = AgentId::first_at(now());
    let passed = attempt.origin().unwrap().is_some_and(|origin| {
        let judged = attempt.judge(origin, asked, agent, secret);
        judged.unwrap().is_some()
    });
    (passed, stage.calls.take())
}

/// How often a call was made, whosever it was.
fn kinds(calls: &[String]) -> Vec<&str> {
    calls
        .iter()
        .map(|call| call.split(' ').next().unwrap())
        .collect()
}

#[test]
fn every_failure_from_an_address_that_is_not_locked_does_the_same_work() {
    let active = || Some(agent(AgentStatus::Active, hash(SECRET)));
    let many = Some(Failures {
        count: 100,
        last: now(),
    });
    let valid = now().plus(1);
    let long = "x".repeat(73);
    let locked_agent = || Stage {
        agent_failures: many,
        access: access(Some(valid)),
        ..Stage::default()
    };
    let plain = Stage::default;
    let rotated = |until| Stage {
        access: access(until),
        ..Stage::default()
    };
    let counted = ["agent", "192.0.2.1"];
    let unknown = ["nobody", "192.0.2.1"];
    let ignored = ["nobody", "192.0.2.1"];
    let with = |status| Some(agent(status, hash(SECRET)));
    let cases = [
        ("wrong", plain(), active(), "wrong", counted),
        ("empty", plain(), active(), "", counted),
        ("too long", plain(), active(), &long, counted),
        ("unknown", plain(), None, SECRET, unknown),
        (
            "unknown, with a former",
            rotated(Some(valid)),
            None,
            FORMER,
            unknown,
        ),
        (
            "quarantined",
            plain(),
            with(AgentStatus::Quarantined),
            SECRET,
            counted,
        ),
        (
            "revoked",
            plain(),
            with(AgentStatus::Revoked),
            SECRET,
            counted,
        ),
        (
            "deleted",
            plain(),
            with(AgentStatus::Deleted),
            SECRET,
            counted,
        ),
        (
            "former over",
            rotated(Some(now())),
            active(),
            FORMER,
            counted,
        ),
        (
            "former without end",
            rotated(None),
            active(),
            FORMER,
            counted,
        ),
        (
            "wrong beside a former",
            rotated(Some(valid)),
            active(),
            "wrong",
            counted,
        ),
        ("locked agent", locked_agent(), active(), SECRET, ignored),
        (
            "locked agent, former",
            locked_agent(),
            active(),
            FORMER,
            ignored,
        ),
        (
            "locked agent, wrong",
            locked_agent(),
            active(),
            "wrong",
            ignored,
        ),
        (
            "hash that is none",
            plain(),
            Some(agent(AgentStatus::Active, "none".to_owned())),
            "none",
            counted,
        ),
    ];
    let expected = [
        "lockouts.find",
        "access.find",
        "lockouts.find",
        "bcrypt",
        "bcrypt",
        "lockouts.fail",
        "lockouts.fail",
    ];
    for (name, stage, agent, secret, subjects) in cases {
        let (passed, calls) = judged(&stage, agent, secret);
        assert!(!passed, "{name}");
        assert_eq!(kinds(&calls), expected, "{name}");
        let subjects = subjects.map(|subject| format!("lockouts.fail {subject}"));
        assert_eq!(calls[5..], subjects, "{name}");
    }
}

/// It says nothing about any agent, since it counts whatever fails there.
#[test]
fn an_address_that_is_locked_costs_one_look_whomever_it_asks_for() {
    let locked = || Stage {
        address_failures: Some(Failures {
            count: 100,
            last: now(),
        }),
        ..Stage::default()
    };
    let active = || Some(agent(AgentStatus::Active, hash(SECRET)));
    for (agent, secret) in [(active(), SECRET), (active(), "wrong"), (None, SECRET)] {
        let (passed, calls) = judged(&locked(), agent, secret);
        assert!(!passed);
        assert_eq!(calls, ["lockouts.find"]);
    }
}

#[test]
fn the_present_and_the_former_secret_pass() {
    let active = || Some(agent(AgentStatus::Active, hash(SECRET)));
    let rotated = || Stage {
        access: access(Some(now().plus(1))),
        ..Stage::default()
    };
    let (passed, calls) = judged(&rotated(), active(), SECRET);
    assert!(passed);
    assert_eq!(
        kinds(&calls),
        ["lockouts.find", "access.find", "lockouts.find", "bcrypt"]
    );
    let (passed, calls) = judged(&rotated(), active(), FORMER);
    assert!(passed);
    assert_eq!(kinds(&calls)[3..], ["bcrypt", "bcrypt"]);
}

#[test]
fn a_success_clears_the_failures_of_the_agent_there_and_of_the_address() {
    let failed = Failures {
        count: 3,
        last: now().plus(-2 * Timestamp::SECOND),
    };
    let stage = Stage {
        agent_failures: Some(failed),
        address_failures: Some(failed),
        ..Stage::default()
    };
    let active = agent(AgentStatus::Active, hash(SECRET));
    let (passed, calls) = judged(&stage, Some(active), SECRET);
    assert!(passed);
    assert_eq!(
        calls[4..],
        ["lockouts.clear agent", "lockouts.clear 192.0.2.1"]
    );
}

#[test]
fn a_secret_of_72_bytes_counts_to_its_last() {
    let secret = "é".repeat(36);
    let active = || Some(agent(AgentStatus::Active, hash(&secret)));
    let almost = format!("{}e", secret.get(..70).unwrap());
    let longer = format!("{secret}x");
    for (given, expected) in [(&secret, true), (&almost, false), (&longer, false)] {
        assert_eq!(
            judged(&Stage::default(), active(), given).0,
            expected,
            "{given}"
        );
    }
}
