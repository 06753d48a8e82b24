//! `vectra:persistence/circuits`: when they open and close. Claims of probes are in
//! [`crate::probes`].

use vectra_domain::repository::CircuitRepository;
use vectra_domain::{
    AgentId, Circuit, CircuitChange, CircuitRule, CircuitState, Errand, Fate, Origin, Query,
    Report, Timestamp, UpstreamCircuit,
};

use crate::Ports;
use crate::fixtures::{after_noon, agent_id, assert_invalid, query};

/// One agent counts for two of the four failures that open it for all.
pub(crate) const RULE: CircuitRule = CircuitRule {
    threshold: 4,
    window: 60,
    open: 30,
};

pub(crate) fn origin(host: &str) -> Origin {
    Origin {
        scheme: "https".to_owned(),
        host: host.to_owned(),
        port: 443,
    }
}

pub(crate) fn seconds(seconds: i64) -> Timestamp {
    after_noon(seconds * Timestamp::SECOND)
}

fn a_report(agent: u128, fate: Fate, errand: Errand, at: i64) -> Report {
    Report {
        origin: origin("a"),
        agent_id: agent_id(agent),
        fate,
        errand,
        now: seconds(at),
    }
}

/// Reports to the origin `a`, so many seconds after noon.
pub(crate) fn report(ports: &impl Ports, agent: u128, fate: Fate, errand: Errand, at: i64) {
    ports
        .report(&a_report(agent, fate, errand, at), RULE)
        .unwrap();
}

/// Failures of an agent at the origin `a`, one after the other in the same second.
pub(crate) fn fail(ports: &impl Ports, agent: u128, times: u32, at: i64) {
    for _ in 0..times {
        report(ports, agent, Fate::Failed, Errand::Ordinary, at);
    }
}

fn circuit_of(ports: &impl Ports, agent: u128, origin: Origin) -> Option<Circuit> {
    let query = Query {
        origin: Some(origin),
        ..query(agent_id(agent), seconds(0))
    };
    ports.load(&query).unwrap().circuit
}

/// What a request of the agent to the origin `a` finds; times in seconds after noon.
pub(crate) fn circuit(ports: &impl Ports, agent: u128) -> Option<(CircuitState, Option<i64>)> {
    let circuit = circuit_of(ports, agent, origin("a"))?;
    Some((circuit.state, circuit.opens_at.map(after)))
}

fn after(time: Timestamp) -> i64 {
    time.seconds() - seconds(0).seconds()
}

/// The number of a fixture's agent.
fn number(agent: AgentId) -> u128 {
    (0..100)
        .find(|number| agent_id(*number) == agent)
        .expect("an agent of ours")
}

/// Agent, state, failures of each circuit.
pub(crate) fn circuits(ports: &impl Ports) -> Vec<(Option<u128>, CircuitState, u32)> {
    let rows = CircuitRepository::list(ports, None, 1_000).unwrap();
    rows.iter()
        .map(|row| (row.agent_id.map(number), row.state, row.failures))
        .collect()
}

/// Agent, states before and after, and seconds of each change, oldest first.
pub(crate) fn changes(ports: &impl Ports) -> Vec<(Option<u128>, CircuitState, CircuitState, i64)> {
    let mut rows = ports.list_changes(None, 1_000).unwrap();
    assert!(rows.is_sorted_by(|one, next| one.number > next.number));
    rows.reverse();
    rows.iter()
        .map(|row| {
            let agent = row.agent_id.map(number);
            (agent, row.before, row.after, after(row.timestamp))
        })
        .collect()
}

/// Opens the circuit for all at the origin `a` by two agents, whose own stay closed.
pub(crate) fn open_for_all(ports: &impl Ports, at: i64) {
    fail(ports, 1, 2, at);
    fail(ports, 2, 2, at);
}

pub fn one_agent_alone_shuts_only_itself_off(ports: &impl Ports) {
    fail(ports, 1, 3, 0);
    assert_eq!(circuit(ports, 1), Some((CircuitState::Closed, None)));
    fail(ports, 1, 7, 1);
    assert_eq!(circuit(ports, 1), Some((CircuitState::Open, Some(31))));
    assert_eq!(circuit(ports, 2), None);
    assert_eq!(
        circuits(ports),
        [(Some(1), CircuitState::Open, RULE.threshold)]
    );

    let other = |scheme: &str, host: &str, port| Origin {
        scheme: scheme.to_owned(),
        host: host.to_owned(),
        port,
    };
    for other in [
        other("http", "a", 443),
        other("https", "b", 443),
        other("https", "a", 444),
    ] {
        assert_eq!(circuit_of(ports, 1, other.clone()), None, "{other}");
    }
    let without_origin = ports.load(&query(agent_id(1), seconds(0))).unwrap();
    assert_eq!(without_origin.circuit, None);
}

pub fn two_agents_shut_it_off_for_all(ports: &impl Ports) {
    fail(ports, 1, 2, 0);
    fail(ports, 2, 1, 1);
    assert_eq!(circuit(ports, 3), None);
    fail(ports, 2, 1, 2);
    for agent in [1, 2, 3] {
        let open = Some((CircuitState::Open, Some(32)));
        assert_eq!(circuit(ports, agent), open, "{agent}");
    }
    let own = |agent| (Some(agent), CircuitState::Closed, 2);
    assert_eq!(
        circuits(ports),
        [(None, CircuitState::Open, 0), own(1), own(2)]
    );
}

pub fn an_agent_counts_for_half_the_threshold_at_most(ports: &impl Ports) {
    let cases: [(u32, &[u32], bool); 13] = [
        // threshold, failures of each agent, open for all
        (1, &[1], false),
        (1, &[1, 1], true),
        (2, &[9], false),
        (2, &[1, 1], true),
        (3, &[9], false),
        (3, &[2, 1], true),
        (4, &[9, 1], false),
        (4, &[2, 2], true),
        (4, &[1, 1, 1], false),
        (4, &[1, 1, 1, 1], true),
        (5, &[9, 1], false),
        (5, &[3, 2], true),
        (5, &[9, 1, 1], true),
    ];
    for (case, (threshold, failures, opens)) in (0..).zip(cases) {
        let origin = origin(&format!("case-{case}"));
        let rule = CircuitRule { threshold, ..RULE };
        for (agent, failures) in (1..).zip(failures) {
            for _ in 0..*failures {
                let report = Report {
                    origin: origin.clone(),
                    ..a_report(agent, Fate::Failed, Errand::Ordinary, 0)
                };
                ports.report(&report, rule).unwrap();
            }
        }
        // Somebody who has not failed there.
        let open = circuit_of(ports, 50, origin).is_some();
        assert_eq!(open, opens, "{threshold}: {failures:?}");
    }
}

pub fn counts_failures_of_the_window_only(ports: &impl Ports) {
    // The window begins with the first of them and holds its very last microsecond.
    fail(ports, 1, 3, 0);
    fail(ports, 1, 1, 60);
    assert_eq!(circuit(ports, 1), Some((CircuitState::Open, Some(90))));

    let elsewhere = |now| {
        let report = Report {
            origin: origin("b"),
            now,
            ..a_report(1, Fate::Failed, Errand::Ordinary, 0)
        };
        ports.report(&report, RULE).unwrap();
        circuit_of(ports, 1, origin("b")).unwrap().state
    };
    for now in [seconds(0), seconds(0), seconds(0), seconds(60).plus(1)] {
        assert_eq!(elsewhere(now), CircuitState::Closed);
    }
    assert_eq!(elsewhere(seconds(61)), CircuitState::Closed);
    assert_eq!(elsewhere(seconds(62)), CircuitState::Closed);
    assert_eq!(elsewhere(seconds(63)), CircuitState::Open);
}

pub fn counts_agents_for_all_by_their_windows(ports: &impl Ports) {
    fail(ports, 1, 2, 0);
    fail(ports, 2, 2, 61);
    assert_eq!(circuit(ports, 3), None);
    fail(ports, 1, 1, 62);
    assert_eq!(circuit(ports, 3), None);
    fail(ports, 1, 1, 63);
    assert_eq!(circuit(ports, 3), Some((CircuitState::Open, Some(93))));
}

pub fn an_answer_forgets_the_failures_of_its_agent(ports: &impl Ports) {
    fail(ports, 1, 3, 0);
    fail(ports, 2, 1, 0);
    report(ports, 1, Fate::Answered, Errand::Ordinary, 1);
    assert_eq!(circuits(ports), [(Some(2), CircuitState::Closed, 1)]);
    assert_eq!(circuit(ports, 1), None);
    fail(ports, 1, 3, 2);
    assert_eq!(circuit(ports, 1), Some((CircuitState::Closed, None)));
    assert_eq!(changes(ports), []);
}

pub fn what_comes_late_neither_counts_nor_closes(ports: &impl Ports) {
    open_for_all(ports, 0);
    fail(ports, 1, 2, 1);
    let open = [
        (None, CircuitState::Open, 0),
        (Some(1), CircuitState::Open, 4),
        (Some(2), CircuitState::Closed, 2),
    ];
    assert_eq!(circuits(ports), open);
    let (noted, before) = (changes(ports), circuit(ports, 1));
    // Requests that were on their way when it opened.
    fail(ports, 1, 5, 10);
    report(ports, 1, Fate::Answered, Errand::Ordinary, 11);
    assert_eq!(circuits(ports), open);
    assert_eq!(circuit(ports, 1), before);
    // Nobody holds the probe that these speak of.
    report(ports, 1, Fate::Failed, Errand::Probe, 12);
    report(ports, 1, Fate::Answered, Errand::Probe, 13);
    assert_eq!(circuits(ports), open);
    assert_eq!(changes(ports), noted);
}

pub fn lists_by_origin_then_agent_the_one_for_all_first(ports: &impl Ports) {
    let to = |host: &str, agent| Report {
        origin: origin(host),
        ..a_report(agent, Fate::Failed, Errand::Ordinary, 0)
    };
    for (host, agent) in [("b", 2), ("é", 1), ("b", 1), ("Z", 3), ("z", 1), ("b", 3)] {
        ports.report(&to(host, agent), RULE).unwrap();
    }
    // Once more: now it is open for all.
    ports.report(&to("b", 3), RULE).unwrap();

    let expected = [
        ("https://Z:443", Some(3)),
        ("https://b:443", None),
        ("https://b:443", Some(1)),
        ("https://b:443", Some(2)),
        ("https://b:443", Some(3)),
        ("https://z:443", Some(1)),
        ("https://é:443", Some(1)),
    ];
    for limit in [1, 2, 3, 1_000] {
        let mut listed = Vec::new();
        let mut after: Option<(String, Option<AgentId>)> = None;
        loop {
            let page = CircuitRepository::list(ports, after.as_ref(), limit).unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.origin.clone(), last.agent_id));
            listed.extend(page);
        }
        let places: Vec<_> = listed
            .iter()
            .map(|row| (row.origin.as_str(), row.agent_id.map(number)))
            .collect();
        assert_eq!(places, expected, "{limit}");
    }
    let first = CircuitRepository::list(ports, None, 2).unwrap();
    let closed = UpstreamCircuit {
        origin: "https://Z:443".to_owned(),
        agent_id: Some(agent_id(3)),
        state: CircuitState::Closed,
        failures: 1,
        opens_at: None,
        changed_at: seconds(0),
    };
    let open = UpstreamCircuit {
        origin: "https://b:443".to_owned(),
        agent_id: None,
        state: CircuitState::Open,
        failures: 0,
        opens_at: Some(seconds(30)),
        changed_at: seconds(0),
    };
    assert_eq!(first, [closed, open]);
    assert_invalid(CircuitRepository::list(ports, None, 0));
    assert_invalid(CircuitRepository::list(ports, None, 1_001));
}

pub fn pages_changes_the_newest_first(ports: &impl Ports) {
    fail(ports, 1, 4, 0);
    fail(ports, 2, 4, 1);
    let expected = [
        (Some(1), CircuitState::Closed, CircuitState::Open, 0),
        (None, CircuitState::Closed, CircuitState::Open, 1),
        (Some(2), CircuitState::Closed, CircuitState::Open, 1),
    ];
    assert_eq!(changes(ports), expected);
    let all = ports.list_changes(None, 1_000).unwrap();
    let newest = CircuitChange {
        number: all[0].number,
        origin: "https://a:443".to_owned(),
        agent_id: Some(agent_id(2)),
        before: CircuitState::Closed,
        after: CircuitState::Open,
        timestamp: seconds(1),
    };
    assert_eq!(all[0], newest);
    let mut paged: Vec<CircuitChange> = Vec::new();
    while let Ok([change]) = <[CircuitChange; 1]>::try_from(
        ports
            .list_changes(paged.last().map(|change| change.number), 1)
            .unwrap(),
    ) {
        paged.push(change);
    }
    assert_eq!(paged, all);
    assert_eq!(ports.list_changes(Some(0), 10), Ok(vec![]));
    assert_eq!(ports.list_changes(Some(u64::MAX), 10), Ok(all));
    assert_invalid(ports.list_changes(None, 0));
    assert_invalid(ports.list_changes(None, 1_001));
}

pub fn prunes_what_nobody_needs_any_more(ports: &impl Ports) {
    // Open until 30, with two changes; closed from 10 and from 20.
    fail(ports, 1, 4, 0);
    fail(ports, 2, 2, 0);
    let to = |host: &str, at| Report {
        origin: origin(host),
        ..a_report(1, Fate::Failed, Errand::Ordinary, at)
    };
    ports.report(&to("b", 10), RULE).unwrap();
    ports.report(&to("c", 20), RULE).unwrap();
    // A later failure in the window does not make it younger: it began at 10.
    ports.report(&to("b", 25), RULE).unwrap();
    let prune = |before, limit| CircuitRepository::prune(ports, seconds(before), limit);
    let left = || {
        let rows = CircuitRepository::list(ports, None, 10).unwrap();
        (rows.len(), changes(ports).len())
    };
    assert_eq!(left(), (5, 2));
    assert_eq!(prune(0, 10), Ok(0));
    // One of each: the second agent's failures, and the older change.
    assert_eq!(prune(1, 1), Ok(2));
    assert_eq!(left(), (4, 1));
    assert_eq!(prune(20, 10), Ok(2));
    assert_eq!(left(), (3, 0));
    assert_eq!(prune(30, 10), Ok(1));
    // What is open is kept until nobody has tried it for as long.
    let open = Some((CircuitState::Open, Some(30)));
    assert_eq!((left(), circuit(ports, 1)), ((2, 0), open));
    assert_eq!(prune(31, 1), Ok(1));
    assert_eq!(prune(31, 10), Ok(1));
    assert_eq!((left(), circuit(ports, 1)), ((0, 0), None));
    assert_invalid(prune(31, 0));
    assert_invalid(prune(31, 1_001));
}

pub fn refuses_what_is_no_report(ports: &impl Ports) {
    let with = |change: fn(&mut Report, &mut CircuitRule)| {
        let mut report = a_report(1, Fate::Failed, Errand::Ordinary, 0);
        let mut rule = RULE;
        change(&mut report, &mut rule);
        (report, rule)
    };
    let cases = [
        with(|_, rule| rule.threshold = 0),
        with(|_, rule| rule.threshold = 1_001),
        with(|report, _| report.origin.scheme = "ftp".to_owned()),
        with(|report, _| report.origin.host = String::new()),
        with(|report, _| report.origin.host = "a".repeat(254)),
        with(|report, _| report.origin.host = "a\0".to_owned()),
        with(|report, _| report.agent_id = AgentId::new(uuid::Uuid::nil())),
    ];
    for (report, rule) in cases {
        assert_invalid(ports.report(&report, rule));
    }
    let far = with(|report, rule| {
        report.origin.host = "a".repeat(253);
        *rule = CircuitRule {
            threshold: 1_000,
            window: u32::MAX,
            open: u32::MAX,
        };
    });
    assert_eq!(ports.report(&far.0, far.1), Ok(()));
    let nowhere = Query {
        origin: Some(origin("")),
        ..query(agent_id(1), seconds(0))
    };
    assert_invalid(ports.load(&nowhere));
}
