//! The counters of `vectra:persistence/ledger`.

use vectra_domain::repository::Ledger;
use vectra_domain::{
    AgentId, AgentStatus, Entry, Errand, Fate, HeldLimits, Probe, Recorded, Report,
};

use crate::Ports;
use crate::circuits::{RULE, origin};
use crate::fixtures::{
    after_noon, agent, agent_id, assert_conflict, assert_invalid, assert_recorded, entry,
    given_agent, held_entry, insert,
};

fn counted(number: u128, agent: AgentId, counter: &str) -> Entry {
    Entry {
        counter: counter.to_owned(),
        ..entry(number, agent, after_noon(0))
    }
}

/// Names and counts, as they are listed.
fn counters(ports: &impl Ports) -> Vec<(String, u64)> {
    let counters = Ledger::counters(ports).unwrap().into_iter();
    counters
        .map(|counter| (counter.name, counter.count))
        .collect()
}

fn expect(ports: &impl Ports, expected: &[(&str, u64)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect();
    assert_eq!(counters(ports), expected);
}

pub fn counts_decisions_by_name_in_the_order_of_bytes(ports: &impl Ports) {
    expect(ports, &[]);
    let agents = [given_agent(ports, 1).id, given_agent(ports, 2).id];
    let longest = "z".repeat(64);
    let names = [
        "deny/policy",
        "allow/none",
        "a",
        "a-b",
        "a/b",
        "a0",
        "deny/policy",
        &longest,
    ];
    for (number, name) in (0..).zip(names) {
        let agent = agents[usize::try_from(number % 2).unwrap()];
        assert_recorded(ports.record(&counted(number, agent, name)));
    }
    expect(
        ports,
        &[
            ("a", 1),
            ("a-b", 1),
            ("a/b", 1),
            ("a0", 1),
            ("allow/none", 1),
            ("deny/policy", 2),
            (&longest, 1),
        ],
    );
}

pub fn counts_what_a_limit_refuses_as_limited(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for number in 0..5 {
        let limited = Entry {
            rate_limit: Some(2),
            ..counted(number, agent, "allow/none")
        };
        ports.record(&limited).unwrap();
    }
    expect(ports, &[("allow/none", 2), ("limited", 3)]);
    let closed = Entry {
        rate_limit: Some(0),
        ..counted(9, given_agent(ports, 2).id, "allow/none")
    };
    assert_eq!(ports.record(&closed), Ok(Recorded::Limited(60)));
    expect(ports, &[("allow/none", 2), ("limited", 4)]);
}

pub fn counts_no_other_refusal_and_no_failure(ports: &impl Ports) {
    let agent_of = |number| given_agent(ports, number).id;
    let first = agent_of(1);
    assert_recorded(ports.record(&counted(1, first, "first")));
    assert_conflict(ports.record(&counted(1, first, "first")));

    assert_eq!(
        ports.record(&counted(2, agent_id(404), "gone")),
        Ok(Recorded::AgentGone)
    );
    let revoked = insert(
        ports,
        vectra_domain::Agent {
            status: AgentStatus::Revoked,
            ..agent(2)
        },
    );
    let limited = Entry {
        rate_limit: Some(0),
        ..counted(3, revoked.id, "gone")
    };
    assert_eq!(ports.record(&limited), Ok(Recorded::AgentGone));

    let held = |number| Entry {
        held_limits: HeldLimits {
            per_agent: 1,
            in_all: 0,
        },
        counter: "held".to_owned(),
        ..held_entry(number, first, after_noon(0))
    };
    assert_recorded(ports.record(&held(4)));
    assert_eq!(ports.record(&held(5)), Ok(Recorded::TooManyHeld));
    expect(ports, &[("first", 1), ("held", 1)]);
}

pub fn counts_a_probe_that_passes_and_no_open_circuit(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for _ in 0..RULE.threshold {
        let failure = Report {
            origin: origin("a"),
            agent_id: agent,
            fate: Fate::Failed,
            errand: Errand::Ordinary,
            now: after_noon(0),
        };
        ports.report(&failure, RULE).unwrap();
    }
    let probe = |number, seconds: i64, rate_limit| {
        let now = after_noon(seconds * vectra_domain::Timestamp::SECOND);
        Entry {
            rate_limit,
            counter: "probe".to_owned(),
            probe: Some(Probe {
                origin: origin("a"),
                lease_until: now.plus(1),
                own_until: now.plus(2),
            }),
            ..entry(number, agent, now)
        }
    };
    let refused = ports.record(&probe(1, 0, None)).unwrap();
    assert!(matches!(refused, Recorded::CircuitOpen(_)), "{refused:?}");
    expect(ports, &[]);
    // Of both refusals the limit's is the one that counts.
    assert_eq!(
        ports.record(&probe(2, 0, Some(0))),
        Ok(Recorded::Limited(60))
    );
    expect(ports, &[("limited", 1)]);
    assert_recorded(ports.record(&probe(3, i64::from(RULE.open), None)));
    expect(ports, &[("limited", 1), ("probe", 1)]);
}

pub fn refuses_what_is_no_name_of_a_counter(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for name in [
        "",
        "Allow",
        "a b",
        "a_b",
        "ä",
        "a\0",
        "a\n",
        &"a".repeat(65),
    ] {
        assert_invalid(ports.record(&counted(1, agent, name)));
    }
    expect(ports, &[]);
    assert_recorded(ports.record(&counted(1, agent, "allow/none")));
}
