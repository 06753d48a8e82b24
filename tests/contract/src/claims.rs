//! Whose probe of an origin moves whose circuit, and that nobody keeps it to itself.

use std::collections::BTreeMap;

use vectra_domain::repository::CircuitRepository;
use vectra_domain::{CircuitState, Errand, Fate, Recorded};

use crate::Ports;
use crate::circuits::{changes, circuit, circuits, fail, open_for_all, report, seconds};
use crate::fixtures::given_agent;
use crate::probes::{LEASE, OPEN, probe};

use CircuitState::{Closed, HalfOpen, Open};

pub fn who_claims_the_one_for_all_claims_its_own_with_it(ports: &impl Ports) {
    given_agent(ports, 1);
    given_agent(ports, 3);
    open_for_all(ports, 0);
    // The failures of its own stand; who has none gets a row.
    ports.record(&probe(1, 1, 30)).unwrap();
    let halves = [(None, HalfOpen, 0), (Some(1), HalfOpen, 2)];
    assert_eq!(
        circuits(ports),
        [&halves[..], &[(Some(2), Closed, 2)]].concat()
    );
    ports.record(&probe(2, 3, 50)).unwrap();
    let third = (Some(3), HalfOpen, 0);
    assert_eq!(
        circuits(ports),
        [&halves[..], &[(Some(2), Closed, 2), third]].concat()
    );
    // Now it is the third agent's: the first one moves what is left to it.
    report(ports, 1, Fate::Failed, Errand::Probe, 51);
    assert_eq!(circuit(ports, 1), Some((Open, Some(81))));
    assert_eq!(circuit(ports, 2), Some((HalfOpen, Some(70))));
    report(ports, 3, Fate::Answered, Errand::Probe, 52);
    assert_eq!(circuits(ports), [(Some(1), Open, 0)]);
    assert_eq!(circuit(ports, 3), None);
    let expected = [
        (None, Closed, Open, 0),
        (Some(1), Closed, HalfOpen, 30),
        (None, Open, HalfOpen, 30),
        (Some(3), Closed, HalfOpen, 50),
        (Some(1), HalfOpen, Open, 51),
    ];
    let mut noted = changes(ports);
    noted[5..].sort_by_key(|(agent, ..)| *agent);
    assert_eq!(noted[..5], expected);
    assert_eq!(
        noted[5..],
        [
            (None, HalfOpen, Closed, 52),
            (Some(3), HalfOpen, Closed, 52)
        ]
    );
}

pub fn a_probe_of_an_agents_own_circuit_does_not_move_the_one_for_all_that_another_has_claimed(
    ports: &impl Ports,
) {
    for fate in [Fate::Failed, Fate::Answered] {
        // Both fates at origins of their own would not meet these rows again.
        let first = u128::from(fate == Fate::Answered) * 10;
        let at = i64::from(fate == Fate::Answered) * 1_000;
        let (number, [own, other, third]) = (first, [1, 2, 3].map(|agent| first + agent));
        for agent in [own, other] {
            given_agent(ports, agent);
        }
        fail(ports, own, 4, at);
        let mut long = probe(number, own, at + 30);
        long.probe.as_mut().unwrap().lease_until = seconds(at + 200);
        long.probe.as_mut().unwrap().own_until = seconds(at + 230);
        ports.record(&long).unwrap();
        // Only its own was there to be claimed.
        assert_eq!(circuit(ports, own), Some((HalfOpen, Some(at + 200))));
        fail(ports, other, 2, at + 30);
        fail(ports, third, 2, at + 30);
        ports.record(&probe(number + 1, other, at + 60)).unwrap();
        let (before, noted) = (circuits(ports), changes(ports).len());
        let of_all = before[0];
        assert_eq!(of_all, (None, HalfOpen, 0));

        report(ports, own, fate, Errand::Probe, at + 61);
        assert_eq!(circuits(ports)[0], of_all, "{fate:?}");
        assert_eq!(
            circuit(ports, 90),
            Some((HalfOpen, Some(at + 80))),
            "{fate:?}"
        );
        let others = |rows: Vec<(Option<u128>, CircuitState, u32)>| -> Vec<_> {
            rows.into_iter().filter(|row| row.0 != Some(own)).collect()
        };
        assert_eq!(others(circuits(ports)), others(before), "{fate:?}");
        let after = if fate == Fate::Failed { Open } else { Closed };
        assert_eq!(
            changes(ports)[noted..],
            [(Some(own), HalfOpen, after, at + 61)]
        );

        // The claimer's does.
        report(ports, other, Fate::Answered, Errand::Probe, at + 62);
        assert_eq!(circuit(ports, 90), None, "{fate:?}");
    }
}

/// How an agent holds on to the probes it claims.
#[derive(Debug, Clone, Copy)]
enum Malice {
    /// Each fails after so many seconds.
    FailsAfter(i64),
    /// It hangs up, and nothing is ever reported.
    NeverReports,
}

pub fn one_agent_cannot_keep_an_origin_shut_for_all(ports: &impl Ports) {
    const BAD: u128 = 1;
    const GOOD: u128 = 3;
    let mut number = 0;
    let mut tries = |agent, at| {
        number += 1;
        let outcome = ports.record(&probe(number, agent, at)).unwrap();
        assert!(matches!(
            outcome,
            Recorded::Recorded(_) | Recorded::CircuitOpen(_)
        ));
        matches!(outcome, Recorded::Recorded(_))
    };
    given_agent(ports, BAD);
    given_agent(ports, GOOD);
    for (run, malice) in (0..).zip([
        Malice::FailsAfter(0),
        Malice::FailsAfter(1),
        Malice::FailsAfter(LEASE),
        Malice::NeverReports,
    ]) {
        let begun = run * 10_000;
        open_for_all(ports, begun);
        let (mut due, mut last, mut probes) = (None, begun, [0, 0]);
        // Ten minutes in which the origin ails, then it answers whom it can. Each second
        // the bad one comes first.
        for at in begun..begun + 700 {
            if due == Some(at) {
                report(ports, BAD, Fate::Failed, Errand::Probe, at);
                due = None;
            }
            if tries(BAD, at) {
                probes[0] += 1;
                match malice {
                    Malice::FailsAfter(0) => report(ports, BAD, Fate::Failed, Errand::Probe, at),
                    Malice::FailsAfter(seconds) => due = Some(at + seconds),
                    Malice::NeverReports => {}
                }
            }
            let waited = at - last;
            assert!(waited <= 2 * OPEN + LEASE, "{malice:?} for {waited} s");
            if tries(GOOD, at) {
                (probes[1], last) = (probes[1] + 1, at);
                if at >= begun + 600 {
                    report(ports, GOOD, Fate::Answered, Errand::Probe, at);
                    break;
                }
                report(ports, GOOD, Fate::Failed, Errand::Probe, at);
            }
        }
        assert!(last >= begun + 600, "{malice:?} at {last}");
        assert!(
            probes.iter().all(|probes| *probes > 4),
            "{malice:?}: {probes:?}"
        );
        assert_eq!(circuit(ports, GOOD), None, "{malice:?}");
        let own = circuits(ports);
        assert!(own.iter().all(|(agent, ..)| *agent == Some(BAD)), "{own:?}");
        let mut states = BTreeMap::new();
        for (agent, before, after, at) in changes(ports) {
            let state = states.insert(agent, after).unwrap_or(Closed);
            assert_eq!(state, before, "{malice:?}: {agent:?} at {at}");
        }
        // For the next one.
        CircuitRepository::prune(ports, seconds(begun + 9_000), 1_000).unwrap();
        assert_eq!(circuits(ports), []);
    }
}
