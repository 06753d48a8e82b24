//! The floor of trust: below it an agent is quarantined, and an operator lifts that.

use vectra_domain::repository::AgentRepository;
use vectra_domain::{
    Agent, AgentChange, AgentId, AgentStatus, Entry, Recorded, TrustRule, TrustScore,
};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent, assert_not_found, assert_recorded, entry, given_agent, insert,
};

fn score(score: f64) -> TrustScore {
    TrustScore::new(score).unwrap()
}

fn of_trust(ports: &impl Ports, number: u128, trust: f64) -> Agent {
    let made = Agent {
        trust_score: score(trust),
        ..agent(number)
    };
    insert(ports, made)
}

fn moved(number: u128, agent: AgentId, (target, rate): (f64, f64), floor: Option<f64>) -> Entry {
    Entry {
        trust: TrustRule { target, rate },
        trust_floor: floor.map(score),
        ..entry(number, agent, after_noon(0))
    }
}

fn found(ports: &impl Ports, id: AgentId) -> Agent {
    AgentRepository::find(ports, id).unwrap().unwrap()
}

pub fn quarantines_below_the_floor_and_not_at_it(ports: &impl Ports) {
    let (down, up, still) = ((0.0, 0.5), (1.0, 0.5), (0.0, 0.0));
    let cases = [
        // trust before, its move, the floor, trust after, the status
        (0.5, down, None, 0.25, AgentStatus::Active),
        (0.5, down, Some(0.25), 0.25, AgentStatus::Active),
        (0.5, down, Some(0.2500001), 0.25, AgentStatus::Quarantined),
        (0.5, down, Some(0.0), 0.25, AgentStatus::Active),
        (0.5, up, Some(0.75), 0.75, AgentStatus::Active),
        // It is what comes after the move that counts.
        (0.5, up, Some(0.6), 0.75, AgentStatus::Active),
        (0.5, up, Some(0.9), 0.75, AgentStatus::Quarantined),
        (0.5, still, Some(0.6), 0.5, AgentStatus::Quarantined),
        (0.5, still, Some(0.5), 0.5, AgentStatus::Active),
        (0.0, down, Some(0.0), 0.0, AgentStatus::Active),
        (1.0, up, Some(1.0), 1.0, AgentStatus::Active),
    ];
    for (number, (before, rule, floor, after, status)) in (1..).zip(cases) {
        let agent = of_trust(ports, number, before);
        assert_recorded(ports.record(&moved(number, agent.id, rule, floor)));
        let expected = Agent {
            trust_score: score(after),
            status,
            // The time of change is that of administrative changes.
            ..agent
        };
        assert_eq!(found(ports, expected.id), expected, "case {number}");
    }
}

pub fn a_quarantined_agent_is_gone_until_an_operator_lifts_it(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let fall = (0.0, 1.0);
    assert_recorded(ports.record(&moved(1, agent, fall, Some(0.4))));
    let again = moved(2, agent, (1.0, 1.0), None);
    assert_eq!(ports.record(&again), Ok(Recorded::AgentGone));
    assert_eq!(found(ports, agent).trust_score, score(0.0));

    let lift = AgentChange {
        status: Some(AgentStatus::Active),
        trust_at_least: Some(score(0.4)),
        ..AgentChange::at(after_noon(1))
    };
    let lifted = ports.update(agent, &lift).unwrap();
    assert_eq!(lifted, found(ports, agent));
    assert_eq!(
        (lifted.status, lifted.trust_score),
        (AgentStatus::Active, score(0.4))
    );
    assert_recorded(ports.record(&moved(3, agent, (0.0, 0.0), Some(0.4))));
    assert_eq!(found(ports, agent).status, AgentStatus::Active);
}

pub fn a_refusal_quarantines_nobody(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    let limited = Entry {
        rate_limit: Some(0),
        ..moved(1, agent.id, (0.0, 1.0), Some(0.9))
    };
    assert_eq!(ports.record(&limited), Ok(Recorded::Limited(60)));
    assert_eq!(found(ports, agent.id), agent);
}

pub fn an_update_raises_trust_and_never_lowers_it(ports: &impl Ports) {
    for (number, (before, at_least, after)) in (1..).zip([
        (0.5, None, 0.5),
        (0.5, Some(0.4), 0.5),
        (0.5, Some(0.5), 0.5),
        (0.5, Some(0.75), 0.75),
        (0.0, Some(5e-324), 5e-324),
        (0.0, Some(1.0), 1.0),
    ]) {
        let agent = of_trust(ports, number, before);
        let change = AgentChange {
            trust_at_least: at_least.map(score),
            ..AgentChange::at(after_noon(1))
        };
        let expected = Agent {
            trust_score: score(after),
            updated_at: Some(after_noon(1)),
            ..agent
        };
        assert_eq!(ports.update(expected.id, &change), Ok(expected.clone()));
        assert_eq!(found(ports, expected.id), expected);
    }
    let gone = agent(99);
    let change = AgentChange {
        trust_at_least: Some(score(1.0)),
        ..AgentChange::at(after_noon(1))
    };
    assert_not_found(ports.update(gone.id, &change));
}
