//! `vectra:persistence/agent-access`.

use vectra_domain::repository::{AgentAccessRepository, AgentRepository};
use vectra_domain::{Agent, AgentAccess, AgentId, Rotation, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent, agent_id, assert_invalid, assert_not_found, given_agent, history,
};

fn find(ports: &impl Ports, agent: AgentId) -> AgentAccess {
    AgentAccessRepository::find(ports, agent).unwrap()
}

fn the_agent(ports: &impl Ports, agent: AgentId) -> Agent {
    AgentRepository::find(ports, agent).unwrap().unwrap()
}

fn rotation(agent: AgentId, hash: &str, former: Option<Timestamp>, now: Timestamp) -> Rotation {
    Rotation {
        agent_id: agent,
        client_secret_hash: hash.to_owned(),
        former_until: former,
        now,
    }
}

pub fn knows_nothing_of_an_agent_that_is_unknown_or_as_it_was_made(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    assert_eq!(find(ports, agent), AgentAccess::default());
    assert_eq!(find(ports, agent_id(2)), AgentAccess::default());
}

pub fn sets_and_clears_the_requests_per_minute(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    for (micros, requests) in (1..).zip([Some(60), Some(0), Some(u32::MAX), None, Some(1)]) {
        let now = after_noon(micros);
        ports.limit(agent.id, requests, now).unwrap();
        let expected = AgentAccess {
            requests_per_minute: requests,
            ..AgentAccess::default()
        };
        assert_eq!(find(ports, agent.id), expected);
        // Nothing else of the agent moves.
        let expected = Agent {
            updated_at: Some(now),
            ..agent.clone()
        };
        assert_eq!(the_agent(ports, agent.id), expected);
    }
}

pub fn rotates_with_an_overlap_and_leaves_tokens_alone(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    let (now, until) = (after_noon(1), after_noon(Timestamp::DAY));
    ports
        .rotate(&rotation(agent.id, "new", Some(until), now))
        .unwrap();
    let expected = AgentAccess {
        former_secret_hash: Some(agent.client_secret_hash.clone()),
        former_secret_until: Some(until),
        ..AgentAccess::default()
    };
    assert_eq!(find(ports, agent.id), expected);
    let expected = Agent {
        client_secret_hash: "new".to_owned(),
        updated_at: Some(now),
        ..agent
    };
    assert_eq!(the_agent(ports, expected.id), expected);
}

pub fn rotates_at_once_and_ends_every_token(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let now = after_noon(1);
    ports.rotate(&rotation(agent, "new", None, now)).unwrap();
    let expected = AgentAccess {
        tokens_not_before: Some(now),
        ..AgentAccess::default()
    };
    assert_eq!(find(ports, agent), expected);
    assert_eq!(the_agent(ports, agent).client_secret_hash, "new");
}

/// The secret before the last one is forgotten with each rotation; what else governs
/// the access stays.
pub fn keeps_one_former_secret(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    ports.limit(agent, Some(7), after_noon(1)).unwrap();
    ports.revoke_tokens(agent, after_noon(2)).unwrap();
    let former = || {
        let access = find(ports, agent);
        assert_eq!(access.requests_per_minute, Some(7));
        (access.former_secret_hash, access.tokens_not_before)
    };
    let until = Some(after_noon(Timestamp::HOUR));
    let rotate = |hash, until, micros| {
        ports
            .rotate(&rotation(agent, hash, until, after_noon(micros)))
            .unwrap();
    };
    rotate("two", until, 3);
    rotate("three", until, 4);
    assert_eq!(former(), (Some("two".to_owned()), Some(after_noon(2))));
    rotate("four", None, 5);
    assert_eq!(former(), (None, Some(after_noon(5))));
    assert_eq!(find(ports, agent).former_secret_until, None);
    rotate("five", until, 6);
    assert_eq!(former(), (Some("four".to_owned()), Some(after_noon(5))));
}

/// A clock that is behind does not bring tokens back.
pub fn ends_tokens_and_never_takes_it_back(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for (micros, expected) in [(5, 5), (9, 9), (7, 9)] {
        ports.revoke_tokens(agent, after_noon(micros)).unwrap();
        let ended = find(ports, agent).tokens_not_before;
        assert_eq!(ended, Some(after_noon(expected)));
        let updated = the_agent(ports, agent).updated_at;
        assert_eq!(updated, Some(after_noon(micros)));
    }
    ports
        .rotate(&rotation(agent, "new", None, after_noon(8)))
        .unwrap();
    let ended = find(ports, agent).tokens_not_before;
    assert_eq!(ended, Some(after_noon(9)));
}

pub fn changes_no_unknown_or_deleted_agent(ports: &impl Ports) {
    let deleted = given_agent(ports, 1).id;
    ports.limit(deleted, Some(7), after_noon(1)).unwrap();
    ports.delete(deleted, after_noon(2)).unwrap();
    let before = (the_agent(ports, deleted), find(ports, deleted));
    for agent in [deleted, agent_id(404)] {
        let now = after_noon(3);
        assert_not_found(ports.limit(agent, None, now));
        assert_not_found(ports.revoke_tokens(agent, now));
        assert_not_found(ports.rotate(&rotation(agent, "new", None, now)));
        assert_not_found(ports.rotate(&rotation(agent, "new", Some(now), now)));
    }
    assert_eq!((the_agent(ports, deleted), find(ports, deleted)), before);
    assert_eq!(find(ports, agent_id(404)), AgentAccess::default());
}

pub fn changes_no_other_agent(ports: &impl Ports) {
    let (one, two) = (given_agent(ports, 1).id, given_agent(ports, 2));
    let now = after_noon(1);
    ports.limit(one, Some(1), now).unwrap();
    ports.revoke_tokens(one, now).unwrap();
    ports.rotate(&rotation(one, "new", Some(now), now)).unwrap();
    assert_eq!(the_agent(ports, two.id), two);
    assert_eq!(find(ports, two.id), AgentAccess::default());
}

pub fn goes_with_its_agent(ports: &impl Ports) {
    let one = given_agent(ports, 1);
    ports.limit(one.id, Some(7), after_noon(1)).unwrap();
    ports.delete(one.id, after_noon(2)).unwrap();
    assert_eq!(find(ports, one.id).requests_per_minute, Some(7));
    let pruned = AgentRepository::prune(ports, after_noon(3), 10);
    assert_eq!(pruned, Ok(1));
    assert_eq!(find(ports, one.id), AgentAccess::default());

    // Another agent of this id begins anew.
    given_agent(ports, 1);
    assert_eq!(find(ports, one.id), AgentAccess::default());
    let append = vectra_domain::repository::AgentHistoryRepository::append;
    append(ports, &history(1, &agent(1), after_noon(4))).unwrap();
}

pub fn keeps_every_secret_hash_as_it_is_and_refuses_u0000(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let now = after_noon(1);
    for text in ["", "'; --", "漢字 🦀 a\u{308}", "$2b$10$x"] {
        ports
            .rotate(&rotation(agent, text, Some(now), now))
            .unwrap();
        ports
            .rotate(&rotation(agent, "next", Some(now), now))
            .unwrap();
        assert_eq!(find(ports, agent).former_secret_hash, Some(text.to_owned()));
    }
    assert_invalid(ports.rotate(&rotation(agent, "a\0b", None, now)));
    assert_eq!(the_agent(ports, agent).client_secret_hash, "next");
}
