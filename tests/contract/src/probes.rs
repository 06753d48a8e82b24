//! Probes: `vectra:persistence/ledger.record` of a request that wants to try whether an
//! origin answers again. Who may claim one of whom is in [`crate::claims`].

use vectra_domain::repository::{AuditPage, AuditRepository, HeldRequestRepository, RefusalsPage};
use vectra_domain::{
    AgentChange, AgentStatus, CircuitState, Entry, Errand, Fate, HeldLimits, Probe, Recorded,
    Timestamp,
};

use crate::Ports;
use crate::circuits::{RULE, circuit, circuits, fail, open_for_all, origin, report, seconds};
use crate::fixtures::{
    agent_id, assert_conflict, assert_invalid, entry, given_agent, held_entry, held_id,
};

use CircuitState::{Closed, HalfOpen, Open};

/// How long a probe may take, in seconds.
pub(crate) const LEASE: i64 = 20;

/// How long a circuit stays open, in seconds.
pub(crate) const OPEN: i64 = RULE.open as i64;

/// A request of an agent that wants to be the probe of the origin `a`.
pub(crate) fn probe(number: u128, agent: u128, at: i64) -> Entry {
    Entry {
        probe: Some(Probe {
            origin: origin("a"),
            lease_until: seconds(at + LEASE),
            own_until: seconds(at + LEASE + OPEN),
        }),
        ..entry(number, agent_id(agent), seconds(at))
    }
}

fn audited(ports: &impl Ports) -> usize {
    let page = AuditPage {
        agent_id: None,
        after: None,
        limit: 1_000,
    };
    AuditRepository::list(ports, &page).unwrap().len()
}

pub fn one_probe_passes_under_a_lease(ports: &impl Ports) {
    for agent in 1..=3 {
        given_agent(ports, agent);
    }
    open_for_all(ports, 0);
    let recorded = Recorded::Recorded(1);
    let steps = [
        // agent, seconds after noon, outcome, what the third agent finds then
        (3, 0, Recorded::CircuitOpen(30), (Open, 30)),
        (3, 29, Recorded::CircuitOpen(1), (Open, 30)),
        (1, 30, recorded, (HalfOpen, 50)),
        (2, 30, Recorded::CircuitOpen(20), (HalfOpen, 50)),
        // It took its own with it.
        (1, 31, Recorded::CircuitOpen(49), (HalfOpen, 50)),
        (3, 49, Recorded::CircuitOpen(1), (HalfOpen, 50)),
        (1, 50, Recorded::CircuitOpen(30), (HalfOpen, 50)),
        // The first one never reported.
        (2, 50, recorded, (HalfOpen, 70)),
        (3, 50, Recorded::CircuitOpen(20), (HalfOpen, 70)),
    ];
    for (number, (agent, at, outcome, found)) in (1..).zip(steps) {
        let entry = probe(number, agent, at);
        assert_eq!(ports.record(&entry), Ok(outcome), "{agent} at {at}");
        let (state, opens_at) = found;
        assert_eq!(circuit(ports, 3), Some((state, Some(opens_at))), "at {at}");
    }
    assert_eq!(audited(ports), 2);
}

pub fn tells_the_seconds_to_wait_rounded_up(ports: &impl Ports) {
    given_agent(ports, 1);
    fail(ports, 1, 4, 0);
    let second = Timestamp::SECOND;
    for (before, expected) in [
        (30 * second, 30),
        (29 * second + 1, 30),
        (second + 1, 2),
        (second, 1),
        (1, 1),
    ] {
        let now = seconds(30).plus(-before);
        let mut entry = probe(1, 1, 0);
        entry.audit.timestamp = now;
        entry.probe.as_mut().unwrap().lease_until = now.plus(second);
        let outcome = ports.record(&entry);
        assert_eq!(outcome, Ok(Recorded::CircuitOpen(expected)), "{before} µs");
    }
}

pub fn a_probe_that_is_answered_closes(ports: &impl Ports) {
    given_agent(ports, 1);
    open_for_all(ports, 0);
    fail(ports, 1, 2, 1);
    ports.record(&probe(1, 1, 31)).unwrap();
    assert_eq!(
        circuits(ports),
        [
            (None, HalfOpen, 0),
            (Some(1), HalfOpen, 4),
            (Some(2), Closed, 2)
        ]
    );
    report(ports, 1, Fate::Answered, Errand::Probe, 32);
    assert_eq!(circuits(ports), []);
    assert_eq!(circuit(ports, 1), None);
    // Both changes are kept, the failures from before are not.
    let noted = ports.list_changes(None, 2).unwrap();
    let mut closed: Vec<_> = noted
        .iter()
        .map(|row| (row.agent_id, row.before, row.after, row.timestamp))
        .collect();
    closed.sort_by_key(|(agent, ..)| *agent);
    let change = |agent| (agent, HalfOpen, Closed, seconds(32));
    assert_eq!(closed, [change(None), change(Some(agent_id(1)))]);
}

pub fn a_probe_that_fails_opens_again(ports: &impl Ports) {
    for agent in [1, 3] {
        given_agent(ports, agent);
    }
    open_for_all(ports, 0);
    ports.record(&probe(1, 3, 30)).unwrap();
    report(ports, 3, Fate::Failed, Errand::Probe, 40);
    assert_eq!(circuit(ports, 1), Some((Open, Some(70))));
    // It waits longer than the others. It was a probe: it counts for nothing else.
    assert_eq!(circuit(ports, 3), Some((Open, Some(100))));
    assert_eq!(
        circuits(ports),
        [
            (None, Open, 0),
            (Some(1), Closed, 2),
            (Some(2), Closed, 2),
            (Some(3), Open, 0)
        ]
    );
    let early = probe(2, 1, 69);
    assert_eq!(ports.record(&early), Ok(Recorded::CircuitOpen(1)));
    let outcome = ports.record(&probe(2, 1, 70));
    assert_eq!(outcome, Ok(Recorded::Recorded(1)));
}

pub fn failures_during_the_probe_do_not_count(ports: &impl Ports) {
    given_agent(ports, 1);
    fail(ports, 1, 4, 0);
    ports.record(&probe(1, 1, 30)).unwrap();
    fail(ports, 1, 3, 31);
    report(ports, 1, Fate::Answered, Errand::Ordinary, 32);
    assert_eq!(circuit(ports, 1), Some((HalfOpen, Some(50))));
    assert_eq!(circuits(ports), [(Some(1), HalfOpen, 4)]);
}

pub fn old_failures_do_not_open_it_again_for_all(ports: &impl Ports) {
    given_agent(ports, 1);
    for agent in 1..=4 {
        fail(ports, agent, 4, 0);
    }
    ports.record(&probe(1, 1, 30)).unwrap();
    report(ports, 1, Fate::Answered, Errand::Probe, 31);
    // Their own circuits are theirs to try.
    let open = |agent| (Some(agent), Open, 0);
    assert_eq!(circuits(ports), [open(2), open(3), open(4)]);
    fail(ports, 5, 1, 32);
    assert_eq!(circuit(ports, 6), None);
    // New failures do.
    fail(ports, 5, 1, 33);
    fail(ports, 6, 2, 34);
    assert_eq!(circuit(ports, 1), Some((Open, Some(64))));
}

pub fn claims_both_circuits_or_none(ports: &impl Ports) {
    given_agent(ports, 1);
    open_for_all(ports, 0);
    fail(ports, 1, 2, 10);
    // For all until 30, its own until 40.
    assert_eq!(circuit(ports, 1), Some((Open, Some(40))));
    assert_eq!(circuit(ports, 2), Some((Open, Some(30))));
    let early = probe(1, 1, 35);
    assert_eq!(ports.record(&early), Ok(Recorded::CircuitOpen(5)));
    assert_eq!(circuit(ports, 2), Some((Open, Some(30))));
    ports.record(&probe(1, 1, 40)).unwrap();
    assert_eq!(circuit(ports, 1), Some((HalfOpen, Some(90))));
    assert_eq!(circuit(ports, 2), Some((HalfOpen, Some(60))));
    // What is loaded is the stricter state and the later time of both.
    fail(ports, 2, 2, 41);
    assert_eq!(circuit(ports, 2), Some((Open, Some(71))));
}

pub fn what_refuses_otherwise_leaves_no_claim(ports: &impl Ports) {
    given_agent(ports, 1);
    given_agent(ports, 2);
    let revoked = AgentChange {
        status: Some(AgentStatus::Revoked),
        ..AgentChange::at(seconds(0))
    };
    ports.update(agent_id(2), &revoked).unwrap();
    ports
        .record(&held_entry(1, agent_id(1), seconds(0)))
        .unwrap();
    open_for_all(ports, 0);
    let before = circuits(ports);

    let limited = Entry {
        rate_limit: Some(0),
        ..probe(2, 1, 30)
    };
    let too_many = Entry {
        held_limits: HeldLimits {
            per_agent: 1,
            in_all: 0,
        },
        probe: probe(2, 1, 30).probe,
        ..held_entry(2, agent_id(1), seconds(30))
    };
    for (entry, outcome) in [
        (limited, Recorded::Limited(30)),
        (probe(2, 2, 30), Recorded::AgentGone),
        (too_many, Recorded::TooManyHeld),
    ] {
        assert_eq!(ports.record(&entry), Ok(outcome));
        assert_eq!(circuits(ports), before, "{outcome:?}");
    }
    assert_conflict(ports.record(&probe(1, 1, 30)));
    assert_eq!(circuits(ports), before);
    let outcome = ports.record(&probe(2, 1, 30));
    assert_eq!(outcome, Ok(Recorded::Recorded(2)));
}

pub fn of_several_refusals_the_agents_own_come_first(ports: &impl Ports) {
    given_agent(ports, 1);
    ports
        .record(&held_entry(1, agent_id(1), seconds(0)))
        .unwrap();
    open_for_all(ports, 0);
    let limits = HeldLimits {
        per_agent: 1,
        in_all: 0,
    };
    let all = |agent, rate_limit| Entry {
        rate_limit,
        held_limits: limits,
        probe: probe(2, agent, 0).probe,
        ..held_entry(2, agent_id(agent), seconds(0))
    };
    let cases = [
        (all(9, Some(0)), Recorded::AgentGone),
        (all(1, Some(1)), Recorded::Limited(60)),
        (all(1, Some(2)), Recorded::CircuitOpen(30)),
    ];
    for (entry, outcome) in cases {
        assert_eq!(ports.record(&entry), Ok(outcome));
    }
    // Only what the rate limit refused is counted.
    let page = RefusalsPage {
        agent_id: None,
        after: None,
        limit: 10,
    };
    let refused: Vec<_> = ports.list_refusals(&page).unwrap();
    assert_eq!(refused.iter().map(|row| row.refused).sum::<u32>(), 1);
    // A taken id must not make it look recorded.
    assert_conflict(ports.record(&probe(1, 1, 0)));
}

pub fn an_open_circuit_leaves_no_trace_of_the_request(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    fail(ports, 1, 4, 0);
    let mut held = held_entry(1, agent, seconds(1));
    held.probe = probe(1, 1, 1).probe;
    assert_eq!(ports.record(&held), Ok(Recorded::CircuitOpen(29)));
    assert_eq!(audited(ports), 0);
    assert_eq!(ports.recent(agent, seconds(0), 10), Ok(vec![]));
    assert_eq!(HeldRequestRepository::find(ports, held_id(1)), Ok(None));
    let page = RefusalsPage {
        agent_id: None,
        after: None,
        limit: 10,
    };
    assert_eq!(ports.list_refusals(&page), Ok(vec![]));
    let outcome = ports.record(&entry(1, agent, seconds(1)));
    assert_eq!(outcome, Ok(Recorded::Recorded(1)));
}

/// What somebody else's probe mended is an ordinary request again.
pub fn needs_no_probe_where_nothing_is_open(ports: &impl Ports) {
    given_agent(ports, 1);
    let outcome = ports.record(&probe(1, 1, 0));
    assert_eq!(outcome, Ok(Recorded::Recorded(1)));
    assert_eq!(circuits(ports), []);
    fail(ports, 1, 1, 0);
    let outcome = ports.record(&probe(2, 1, 1));
    assert_eq!(outcome, Ok(Recorded::Recorded(2)));
    assert_eq!(circuits(ports), [(Some(1), Closed, 1)]);
    assert_eq!(ports.list_changes(None, 10), Ok(vec![]));
}

pub fn keeps_every_change_in_order(ports: &impl Ports) {
    given_agent(ports, 1);
    fail(ports, 1, 4, 0);
    ports.record(&probe(1, 1, 30)).unwrap();
    // A lease that runs out changes no state.
    ports.record(&probe(2, 1, 50)).unwrap();
    report(ports, 1, Fate::Failed, Errand::Probe, 51);
    ports.record(&probe(3, 1, 81)).unwrap();
    report(ports, 1, Fate::Answered, Errand::Probe, 82);
    let mut noted = ports.list_changes(None, 10).unwrap();
    noted.reverse();
    let noted: Vec<_> = noted
        .iter()
        .map(|row| (row.before, row.after, row.timestamp))
        .collect();
    let expected = [
        (Closed, Open, seconds(0)),
        (Open, HalfOpen, seconds(30)),
        (HalfOpen, Open, seconds(51)),
        (Open, HalfOpen, seconds(81)),
        (HalfOpen, Closed, seconds(82)),
    ];
    assert_eq!(noted, expected);
}

pub fn refuses_a_probe_without_a_lease_or_an_origin(ports: &impl Ports) {
    given_agent(ports, 1);
    let with = |change: fn(&mut Probe)| {
        let mut entry = probe(1, 1, 0);
        change(entry.probe.as_mut().unwrap());
        entry
    };
    for entry in [
        with(|probe| probe.lease_until = seconds(0)),
        with(|probe| probe.own_until = probe.lease_until.plus(-1)),
        with(|probe| probe.origin.host = String::new()),
        with(|probe| probe.origin.scheme = "ws".to_owned()),
    ] {
        assert_invalid(ports.record(&entry));
    }
    assert_eq!(audited(ports), 0);
}
