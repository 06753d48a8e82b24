//! The limits of `vectra:persistence/ledger`.

use vectra_domain::repository::{
    AuditPage, AuditRepository, Expiry, HeldRequestRepository, HeldStep, RefusalsPage,
};
use vectra_domain::{AgentId, Entry, HeldLimits, HeldStatus, Recorded, Refusals, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent_id, assert_invalid, assert_recorded, audit_id, entry, given_agent,
    held_entry, held_id, is_recorded, query,
};

fn limited(number: u128, agent: AgentId, at: Timestamp, limit: u32) -> Entry {
    Entry {
        rate_limit: Some(limit),
        ..entry(number, agent, at)
    }
}

fn held(number: u128, agent: AgentId, at: Timestamp, per_agent: u32, in_all: u32) -> Entry {
    Entry {
        held_limits: HeldLimits { per_agent, in_all },
        ..held_entry(number, agent, at)
    }
}

/// How many of these were recorded.
fn recorded(ports: &impl Ports, entries: impl Iterator<Item = Entry>) -> usize {
    entries
        .filter(|entry| is_recorded(&ports.record(entry).unwrap()))
        .count()
}

fn audited(ports: &impl Ports, agent: AgentId) -> usize {
    let page = AuditPage {
        agent_id: Some(agent),
        after: None,
        limit: 1_000,
    };
    AuditRepository::list(ports, &page).unwrap().len()
}

pub fn records_exactly_the_limit(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let calls = (1..=100).map(|number| limited(number, agent, after_noon(0), 60));
    assert_eq!(recorded(ports, calls), 60);
    assert_eq!(audited(ports, agent), 60);
    assert_eq!(ports.recent(agent, after_noon(0), 1_000).unwrap().len(), 60);
    // What was refused is not activity.
    let activity = ports.load(&query(agent, after_noon(0))).unwrap().activity;
    assert_eq!((activity.recent_total, activity.baseline_total), (60, 60));
}

pub fn tells_how_many_the_minute_has_recorded(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let other = given_agent(ports, 2).id;
    let minute = Timestamp::MINUTE;
    let recorded = Recorded::Recorded;
    let steps = [
        // agent, microseconds after noon, limit, outcome
        (agent, 0, None, recorded(1)),
        (agent, 1, Some(2), recorded(2)),
        (agent, 2, Some(2), Recorded::Limited(60)),
        (other, 3, Some(2), recorded(1)),
        (agent, minute - 1, Some(3), recorded(3)),
        (agent, minute, Some(3), recorded(1)),
        // A refusal comes first in its minute, and is none of them.
        (agent, 2 * minute, Some(0), Recorded::Limited(60)),
        (agent, 2 * minute, Some(1), recorded(1)),
    ];
    for (number, (agent, micros, rate_limit, outcome)) in (1..).zip(steps) {
        let entry = Entry {
            rate_limit,
            ..entry(number, agent, after_noon(micros))
        };
        assert_eq!(ports.record(&entry), Ok(outcome), "{number}");
    }
    let held = held(20, other, after_noon(4), 1, 1);
    assert_eq!(ports.record(&held), Ok(recorded(2)));
}

pub fn opens_again_with_the_next_minute(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let minute = Timestamp::MINUTE;
    let steps = [
        (minute - 1, true),
        (minute - 1, false),
        (minute, true),
        (2 * minute - 1, false),
        (2 * minute, true),
    ];
    for (number, (micros, passes)) in (1..).zip(steps) {
        let outcome = ports
            .record(&limited(number, agent, after_noon(micros), 1))
            .unwrap();
        assert_eq!(is_recorded(&outcome), passes, "{micros} µs after noon");
    }
}

pub fn tells_the_seconds_to_the_next_minute(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let second = Timestamp::SECOND;
    let cases = [
        (0, 60),
        (1, 60),
        (second, 59),
        (second + 1, 59),
        (59 * second, 1),
        (60 * second - 1, 1),
        (-1, 1),
    ];
    for (micros, seconds) in cases {
        let outcome = ports.record(&limited(1, agent, after_noon(micros), 0));
        assert_eq!(
            outcome,
            Ok(Recorded::Limited(seconds)),
            "{micros} µs after noon"
        );
    }
}

pub fn lets_nothing_pass_at_a_limit_of_0(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let calls = (1..=5).map(|number| limited(number, agent, after_noon(0), 0));
    assert_eq!(recorded(ports, calls), 0);
    assert_eq!(audited(ports, agent), 0);
}

pub fn lets_everything_pass_without_a_limit(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    assert_eq!(
        recorded(ports, (1..=70).map(|n| entry(n, agent, after_noon(0)))),
        70
    );
    // Such requests count against a limit that comes later.
    let outcome = ports.record(&limited(71, agent, after_noon(0), 70));
    assert_eq!(outcome, Ok(Recorded::Limited(60)));
}

pub fn limits_each_agent_by_itself(ports: &impl Ports) {
    let agents = [given_agent(ports, 1).id, given_agent(ports, 2).id];
    let calls =
        (0..20).map(|n| limited(n, agents[usize::try_from(n % 2).unwrap()], after_noon(0), 3));
    assert_eq!(recorded(ports, calls), 6);
    assert_eq!(agents.map(|agent| audited(ports, agent)), [3, 3]);
}

pub fn holds_exactly_as_many_for_an_agent(ports: &impl Ports) {
    let (one, two) = (given_agent(ports, 1).id, given_agent(ports, 2).id);
    assert_eq!(
        recorded(ports, (1..=5).map(|n| held(n, one, after_noon(0), 3, 0))),
        3
    );
    assert_eq!(audited(ports, one), 3);
    let outcome = ports.record(&held(6, one, after_noon(0), 3, 0));
    assert_eq!(outcome, Ok(Recorded::TooManyHeld));
    assert_eq!(HeldRequestRepository::find(ports, held_id(6)), Ok(None));
    assert_recorded(ports.record(&held(7, two, after_noon(0), 3, 0)));
    // A request that is not held needs no room.
    let limits = HeldLimits {
        per_agent: 1,
        in_all: 1,
    };
    let allowed = Entry {
        held_limits: limits,
        ..entry(8, one, after_noon(0))
    };
    assert_recorded(ports.record(&allowed));
}

pub fn holds_exactly_as_many_in_all(ports: &impl Ports) {
    let agents = [given_agent(ports, 1).id, given_agent(ports, 2).id];
    let calls = (0..10).map(|n| {
        held(
            n,
            agents[usize::try_from(n % 2).unwrap()],
            after_noon(0),
            0,
            5,
        )
    });
    assert_eq!(recorded(ports, calls), 5);
    // Of both refusals the one with a time to wait is told.
    let both = Entry {
        rate_limit: Some(0),
        ..held(11, agents[0], after_noon(0), 0, 5)
    };
    assert_eq!(ports.record(&both), Ok(Recorded::Limited(60)));
}

pub fn does_not_count_expired_or_decided_requests_as_held(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let end = after_noon(Timestamp::HOUR);
    assert_recorded(ports.record(&held(1, agent, after_noon(0), 1, 1)));
    let too_early = held(2, agent, end.plus(-1), 1, 1);
    assert_eq!(ports.record(&too_early), Ok(Recorded::TooManyHeld));
    // Nobody has expired the first one yet, but its time is over.
    assert_recorded(ports.record(&held(3, agent, end, 1, 1)));

    let deny = HeldStep {
        id: held_id(3),
        from: vec![HeldStatus::Pending],
        to: HeldStatus::Denied,
        now: end,
        expiry: Expiry::Refuses,
        decided_by: Some("reviewer".to_owned()),
        comment: None,
    };
    ports.advance(&deny).unwrap();
    assert_recorded(ports.record(&held(4, agent, end, 1, 1)));
}

pub fn refuses_a_held_request_of_another_decision(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let change = |change: fn(&mut vectra_domain::HeldRequest)| {
        let mut entry = held_entry(1, agent, after_noon(0));
        change(entry.held.as_mut().unwrap());
        entry
    };
    let cases = [
        change(|held| held.agent_id = agent_id(2)),
        change(|held| held.audit_id = audit_id(2)),
        change(|held| held.status = HeldStatus::Approved),
    ];
    for case in cases {
        assert_invalid(ports.record(&case));
    }
    assert_eq!(audited(ports, agent), 0);
}

/// Refusals of five requests by a limit of two.
fn refuse_three(ports: &impl Ports, base: u128, agent: AgentId, at: Timestamp) {
    let calls = (0..5).map(|number| limited(base + number, agent, at, 2));
    assert_eq!(recorded(ports, calls), 2);
}

fn refusals(agent_id: AgentId, minute: Timestamp) -> Refusals {
    Refusals {
        agent_id,
        minute,
        requests: 2,
        refused: 3,
    }
}

pub fn lists_refusals_the_newest_first_then_by_agent_downwards(ports: &impl Ports) {
    let [one, two] = [given_agent(ports, 1).id, given_agent(ports, 2).id];
    let minutes = |minutes: i64| after_noon(minutes * Timestamp::MINUTE);
    for (number, (agent, minute)) in (0..).zip([(one, 0), (two, 1), (one, 1), (one, 2), (two, 0)]) {
        refuse_three(ports, number * 10, agent, minutes(minute).plus(7));
    }
    // Minutes in which nothing was refused are not listed.
    assert_recorded(ports.record(&entry(90, two, minutes(3))));
    let all = [
        refusals(one, minutes(2)),
        refusals(two, minutes(1)),
        refusals(one, minutes(1)),
        refusals(two, minutes(0)),
        refusals(one, minutes(0)),
    ];
    let of_one = [all[0], all[2], all[4]];
    for limit in [1, 2, 1_000] {
        for (agent_id, expected) in [(None, &all[..]), (Some(one), &of_one)] {
            let mut listed: Vec<Refusals> = Vec::new();
            loop {
                let page = RefusalsPage {
                    agent_id,
                    after: listed.last().map(|row| (row.minute, row.agent_id)),
                    limit,
                };
                let page = ports.list_refusals(&page).unwrap();
                if page.is_empty() {
                    break;
                }
                listed.extend(page);
            }
            assert_eq!(listed, expected, "{limit} of {agent_id:?}");
        }
    }
    for limit in [0, 1_001] {
        let page = RefusalsPage {
            agent_id: None,
            after: None,
            limit,
        };
        assert_invalid(ports.list_refusals(&page));
    }
}

pub fn counts_what_finds_no_room_as_refused(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    assert_eq!(
        recorded(ports, (1..=4).map(|n| held(n, agent, after_noon(0), 2, 0))),
        2
    );
    let page = RefusalsPage {
        agent_id: Some(agent),
        after: None,
        limit: 10,
    };
    let expected = Refusals {
        refused: 2,
        ..refusals(agent, after_noon(0))
    };
    assert_eq!(ports.list_refusals(&page), Ok(vec![expected]));
}
