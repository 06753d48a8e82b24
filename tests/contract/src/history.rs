//! `vectra:persistence/agent-history`.

use vectra_domain::repository::AgentHistoryRepository;
use vectra_domain::{Agent, AgentHistory, DecisionType, HistoryId, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent, assert_conflict, assert_invalid, assert_not_found, at, given_agent, history,
    history_id,
};

fn append(ports: &impl Ports, entry: AgentHistory) -> AgentHistory {
    AgentHistoryRepository::append(ports, &entry).unwrap();
    entry
}

fn numbers(ports: &impl Ports, agent: &Agent, since: Timestamp, limit: u32) -> Vec<u128> {
    let rows = ports.recent(agent.id, since, limit).unwrap();
    rows.iter()
        .map(|row| {
            (0..100)
                .find(|number| history_id(*number) == row.id)
                .unwrap()
        })
        .collect()
}

pub fn gives_the_newest_first(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    let decisions = [DecisionType::Allow, DecisionType::Deny, DecisionType::Hitl];
    let rows: Vec<_> = (1..)
        .zip([5, 1, 3])
        .zip(decisions)
        .map(|((number, micros), decision_type)| {
            append(
                ports,
                AgentHistory {
                    decision_type,
                    ..history(number, &agent, after_noon(micros))
                },
            )
        })
        .collect();
    let newest_first = vec![rows[0].clone(), rows[2].clone(), rows[1].clone()];
    assert_eq!(
        ports.recent(agent.id, after_noon(0), 10),
        Ok(newest_first.clone())
    );
    assert_eq!(
        ports.recent(agent.id, after_noon(0), 2),
        Ok(newest_first[..2].to_vec())
    );
}

pub fn includes_the_very_microsecond_of_since(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    for (number, micros) in [(1, -1), (2, 0), (3, 1)] {
        append(ports, history(number, &agent, after_noon(micros)));
    }
    assert_eq!(numbers(ports, &agent, after_noon(-1), 10), [3, 2, 1]);
    assert_eq!(numbers(ports, &agent, after_noon(0), 10), [3, 2]);
    assert_eq!(numbers(ports, &agent, after_noon(1), 10), [3]);
    assert_eq!(numbers(ports, &agent, after_noon(2), 10), [] as [u128; 0]);
    assert_eq!(
        numbers(ports, &agent, at("0001-01-01T00:00:00Z"), 10),
        [3, 2, 1]
    );
}

pub fn knows_no_other_agents_rows(ports: &impl Ports) {
    let (one, two) = (given_agent(ports, 1), given_agent(ports, 2));
    append(ports, history(1, &one, after_noon(0)));
    append(ports, history(2, &two, after_noon(0)));
    assert_eq!(numbers(ports, &one, after_noon(0), 10), [1]);
    assert_eq!(
        numbers(ports, &agent(3), after_noon(0), 10),
        [] as [u128; 0]
    );
}

pub fn breaks_ties_by_id(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    for number in [3, 1, 4, 2] {
        append(ports, history(number, &agent, after_noon(0)));
    }
    assert_eq!(numbers(ports, &agent, after_noon(0), 3), [4, 3, 2]);
}

pub fn refuses_an_unknown_agent(ports: &impl Ports) {
    let unknown = agent(1);
    assert_not_found(AgentHistoryRepository::append(
        ports,
        &history(1, &unknown, after_noon(0)),
    ));
    assert_eq!(numbers(ports, &unknown, after_noon(0), 10), [] as [u128; 0]);
}

pub fn refuses_a_second_row_of_the_same_id(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    let first = append(ports, history(1, &agent, after_noon(0)));
    let second = AgentHistory {
        method: "POST".to_owned(),
        ..first.clone()
    };
    assert_conflict(AgentHistoryRepository::append(ports, &second));
    assert_eq!(ports.recent(agent.id, after_noon(0), 10), Ok(vec![first]));
}

pub fn takes_a_row_of_a_deleted_agent(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    ports.delete(agent.id, after_noon(0)).unwrap();
    append(ports, history(1, &agent, after_noon(0)));
    assert_eq!(numbers(ports, &agent, after_noon(0), 10), [1]);
}

pub fn prunes_the_oldest_up_to_the_limit(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    let row = |millis: i64| {
        let timestamp = after_noon(millis * 1_000);
        AgentHistory {
            id: HistoryId::first_at(timestamp),
            ..history(0, &agent, timestamp)
        }
    };
    for millis in 0..6 {
        AgentHistoryRepository::append(ports, &row(millis)).unwrap();
    }
    let left = || {
        let rows = ports.recent(agent.id, after_noon(0), 10).unwrap();
        rows.iter().map(|row| row.timestamp).collect::<Vec<_>>()
    };
    assert_eq!(
        AgentHistoryRepository::prune(ports, after_noon(4_000), 3),
        Ok(3)
    );
    assert_eq!(left(), [5_000, 4_000, 3_000].map(after_noon));
    assert_eq!(
        AgentHistoryRepository::prune(ports, after_noon(4_000), 3),
        Ok(1)
    );
    assert_eq!(
        AgentHistoryRepository::prune(ports, after_noon(4_000), 3),
        Ok(0)
    );
    assert_eq!(left(), [5_000, 4_000].map(after_noon));
    assert_invalid(AgentHistoryRepository::prune(ports, after_noon(0), 1_001));
}
