//! `vectra:persistence/agents`.

use vectra_domain::repository::{
    AgentHistoryRepository, AgentPage, AgentRepository, AuditRepository, Ledger,
};
use vectra_domain::{
    Agent, AgentChange, AgentStatus, HistoryId, TextChange, Timestamp, TrustScore,
};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent, agent_id, assert_conflict, assert_invalid, assert_not_found, audit_id,
    entry, given_agent, history_id, insert,
};

fn find(ports: &impl Ports, number: u128) -> Option<Agent> {
    AgentRepository::find(ports, agent_id(number)).unwrap()
}

fn page(limit: u32) -> AgentPage {
    AgentPage {
        after: None,
        limit,
        status: None,
        owner_id: None,
        policy_name: None,
        name: None,
    }
}

fn list(ports: &impl Ports, page: &AgentPage) -> Vec<Agent> {
    AgentRepository::list(ports, page).unwrap()
}

pub fn finds_what_was_inserted(ports: &impl Ports) {
    let statuses = [
        AgentStatus::Active,
        AgentStatus::Revoked,
        AgentStatus::Quarantined,
        AgentStatus::Deleted,
    ];
    for (number, status) in (1..).zip(statuses) {
        let full = insert(
            ports,
            Agent {
                owner_id: Some("team a".to_owned()),
                policy_name: Some("strict".to_owned()),
                status,
                trust_score: TrustScore::new(0.1 + 0.2).unwrap(),
                updated_at: Some(after_noon(1)),
                ..agent(number)
            },
        );
        assert_eq!(find(ports, number), Some(full));
    }
    let bare = given_agent(ports, 9);
    assert_eq!(find(ports, 9), Some(bare));
}

pub fn finds_nothing_for_an_unknown_id(ports: &impl Ports) {
    given_agent(ports, 1);
    assert_eq!(find(ports, 2), None);
}

pub fn refuses_a_second_agent_of_the_same_id(ports: &impl Ports) {
    let first = given_agent(ports, 1);
    let second = Agent {
        name: "another".to_owned(),
        ..agent(1)
    };
    assert_conflict(AgentRepository::insert(ports, &second));
    assert_eq!(find(ports, 1), Some(first));
}

pub fn takes_a_second_agent_of_the_same_name(ports: &impl Ports) {
    given_agent(ports, 1);
    let second = insert(
        ports,
        Agent {
            name: agent(1).name,
            ..agent(2)
        },
    );
    assert_eq!(find(ports, 2), Some(second));
}

pub fn refuses_names_that_are_empty_or_too_long(ports: &impl Ports) {
    let bad = [String::new(), "a".repeat(129), "ä".repeat(129)];
    for name in bad {
        assert_invalid(AgentRepository::insert(ports, &Agent { name, ..agent(1) }));
    }
    assert_eq!(find(ports, 1), None);

    let longest = insert(
        ports,
        Agent {
            name: "🦀".repeat(128),
            ..agent(1)
        },
    );
    let too_long = AgentChange {
        name: Some("a".repeat(129)),
        ..AgentChange::at(after_noon(0))
    };
    assert_invalid(ports.update(longest.id, &too_long));
    assert_eq!(find(ports, 1), Some(longest));
}

pub fn updates_only_what_is_named(ports: &impl Ports) {
    let before = insert(
        ports,
        Agent {
            owner_id: Some("team a".to_owned()),
            policy_name: Some("strict".to_owned()),
            ..agent(1)
        },
    );
    let now = after_noon(7);
    let same = Agent {
        updated_at: Some(now),
        ..before.clone()
    };
    assert_eq!(
        ports.update(before.id, &AgentChange::at(now)),
        Ok(same.clone())
    );
    assert_eq!(find(ports, 1), Some(same.clone()));

    let change = AgentChange {
        name: Some("renamed".to_owned()),
        status: Some(AgentStatus::Quarantined),
        client_secret_hash: Some("$2b$04$other".to_owned()),
        ..AgentChange::at(now)
    };
    let changed = Agent {
        name: "renamed".to_owned(),
        status: AgentStatus::Quarantined,
        client_secret_hash: "$2b$04$other".to_owned(),
        ..same
    };
    assert_eq!(ports.update(before.id, &change), Ok(changed.clone()));
    assert_eq!(find(ports, 1), Some(changed));
}

pub fn clears_and_sets_optional_columns(ports: &impl Ports) {
    let id = given_agent(ports, 1).id;
    let now = after_noon(0);
    let set = AgentChange {
        owner_id: TextChange::Set("team b".to_owned()),
        policy_name: TextChange::Set("open".to_owned()),
        ..AgentChange::at(now)
    };
    let agent = ports.update(id, &set).unwrap();
    assert_eq!(
        (agent.owner_id.as_deref(), agent.policy_name.as_deref()),
        (Some("team b"), Some("open"))
    );

    let clear = AgentChange {
        owner_id: TextChange::Clear,
        ..AgentChange::at(now)
    };
    let agent = ports.update(id, &clear).unwrap();
    assert_eq!(
        (agent.owner_id.as_deref(), agent.policy_name.as_deref()),
        (None, Some("open"))
    );

    let clear = AgentChange {
        policy_name: TextChange::Clear,
        ..AgentChange::at(now)
    };
    let agent = ports.update(id, &clear).unwrap();
    assert_eq!((agent.owner_id, agent.policy_name), (None, None));
}

pub fn does_not_update_an_unknown_or_deleted_agent(ports: &impl Ports) {
    let change = AgentChange::at(after_noon(0));
    assert_not_found(ports.update(agent_id(1), &change));

    let id = given_agent(ports, 1).id;
    ports.delete(id, after_noon(0)).unwrap();
    let before = find(ports, 1);
    let revive = AgentChange {
        status: Some(AgentStatus::Active),
        ..change
    };
    assert_not_found(ports.update(id, &revive));
    assert_eq!(find(ports, 1), before);
}

pub fn leaves_a_tombstone_when_deleted(ports: &impl Ports) {
    let before = given_agent(ports, 1);
    let now = after_noon(9);
    assert_eq!(ports.delete(before.id, now), Ok(()));
    let tombstone = Agent {
        status: AgentStatus::Deleted,
        updated_at: Some(now),
        ..before
    };
    assert_eq!(find(ports, 1), Some(tombstone.clone()));

    assert_not_found(ports.delete(tombstone.id, after_noon(10)));
    assert_not_found(ports.delete(agent_id(2), now));
    assert_eq!(find(ports, 1), Some(tombstone));
}

pub fn lists_by_the_bytes_of_the_name_then_by_id(ports: &impl Ports) {
    // Upper before lower case, accents after both: the order of bytes.
    let ordered = [
        ("A", 9),
        ("Z", 1),
        ("a", 2),
        ("a", 5),
        ("a", 7),
        ("b", 3),
        ("Ä", 4),
        ("𝔞", 6),
    ];
    for number in [7, 1, 9, 3, 2, 6, 5, 4] {
        let (name, _) = ordered.iter().find(|(_, n)| *n == number).unwrap();
        insert(
            ports,
            Agent {
                name: (*name).to_owned(),
                ..agent(number)
            },
        );
    }
    let listed: Vec<_> = list(ports, &page(1_000))
        .into_iter()
        .map(|a| (a.name, a.id))
        .collect();
    let expected: Vec<_> = ordered
        .iter()
        .map(|(name, number)| ((*name).to_owned(), agent_id(*number)))
        .collect();
    assert_eq!(listed, expected);
}

pub fn pages_without_gap_or_repetition(ports: &impl Ports) {
    for number in 1..=11 {
        // Three names, so that pages break within ties.
        insert(
            ports,
            Agent {
                name: format!("n{}", number % 3),
                ..agent(number)
            },
        );
    }
    let whole = list(ports, &page(1_000));
    assert_eq!(whole.len(), 11);
    for size in [1, 2, 3, 11] {
        let (mut after, mut paged) = (None, Vec::new());
        loop {
            let next = list(
                ports,
                &AgentPage {
                    after,
                    ..page(size)
                },
            );
            assert!(next.len() <= usize::try_from(size).unwrap());
            let Some(last) = next.last() else { break };
            after = Some((last.name.clone(), last.id));
            paged.extend(next);
        }
        assert_eq!(paged, whole, "pages of {size}");
    }
}

pub fn lists_deleted_agents_only_when_asked_for(ports: &impl Ports) {
    for (number, status) in [
        (1, None),
        (2, Some(AgentStatus::Revoked)),
        (3, Some(AgentStatus::Quarantined)),
    ] {
        insert(
            ports,
            Agent {
                status: status.unwrap_or(AgentStatus::Active),
                ..agent(number)
            },
        );
    }
    given_agent(ports, 4);
    ports.delete(agent_id(4), after_noon(0)).unwrap();

    let ids = |status| -> Vec<_> {
        list(ports, &AgentPage { status, ..page(10) })
            .into_iter()
            .map(|a| a.id)
            .collect()
    };
    assert_eq!(ids(None), [agent_id(1), agent_id(2), agent_id(3)]);
    let each = [
        (AgentStatus::Active, 1),
        (AgentStatus::Revoked, 2),
        (AgentStatus::Quarantined, 3),
        (AgentStatus::Deleted, 4),
    ];
    for (status, number) in each {
        assert_eq!(ids(Some(status)), [agent_id(number)], "{status:?}");
    }
}

pub fn lists_only_the_agents_of_an_owner(ports: &impl Ports) {
    for (number, owner) in [
        (1, Some("a")),
        (2, Some("b")),
        (3, None),
        (4, Some("a")),
        (5, Some("A")),
    ] {
        insert(
            ports,
            Agent {
                owner_id: owner.map(str::to_owned),
                ..agent(number)
            },
        );
    }
    let of_a = AgentPage {
        owner_id: Some("a".to_owned()),
        ..page(10)
    };
    let listed: Vec<_> = list(ports, &of_a).into_iter().map(|a| a.id).collect();
    assert_eq!(listed, [agent_id(1), agent_id(4)]);
    let of_nobody = AgentPage {
        owner_id: Some("c".to_owned()),
        ..page(10)
    };
    assert_eq!(list(ports, &of_nobody), []);
}

pub fn lists_only_the_agents_of_a_policy_or_a_name(ports: &impl Ports) {
    for (number, name, policy) in [
        (1, "a", Some("p")),
        (2, "b", Some("p")),
        (3, "a", None),
        (4, "A", Some("P")),
    ] {
        insert(
            ports,
            Agent {
                name: name.to_owned(),
                policy_name: policy.map(str::to_owned),
                ..agent(number)
            },
        );
    }
    let cases: [(Option<&str>, Option<&str>, &[u128]); 5] = [
        (Some("p"), None, &[1, 2]),
        (None, Some("a"), &[1, 3]),
        (Some("p"), Some("a"), &[1]),
        (Some("q"), None, &[]),
        (Some("P"), Some("A"), &[4]),
    ];
    for (policy, name, expected) in cases {
        let wanted = AgentPage {
            policy_name: policy.map(str::to_owned),
            name: name.map(str::to_owned),
            ..page(10)
        };
        let listed: Vec<_> = list(ports, &wanted).into_iter().map(|a| a.id).collect();
        let expected: Vec<_> = expected.iter().map(|number| agent_id(*number)).collect();
        assert_eq!(listed, expected, "{policy:?} {name:?}");
    }
}

pub fn refuses_pages_of_no_or_too_many_rows(ports: &impl Ports) {
    for limit in [0, 1_001, u32::MAX] {
        assert_invalid(AgentRepository::list(ports, &page(limit)));
        assert_invalid(ports.recent(agent_id(1), after_noon(0), limit));
    }
}

pub fn prunes_tombstones_that_have_nothing_left(ports: &impl Ports) {
    let [busy, idle, late, alive] = [1, 2, 3, 4].map(|number| given_agent(ports, number));
    ports.record(&entry(1, busy.id, after_noon(0))).unwrap();
    for (agent, at) in [(&busy, 1), (&idle, 1), (&late, 2)] {
        ports.delete(agent.id, after_noon(at)).unwrap();
    }
    assert_eq!(AgentRepository::prune(ports, after_noon(2), 10), Ok(1));
    let is_there = |agent: &Agent| AgentRepository::find(ports, agent.id).unwrap().is_some();
    assert!(!is_there(&idle));
    assert!(is_there(&busy) && is_there(&late) && is_there(&alive));

    // With its history and activity gone it goes too; its audit stays.
    let later = after_noon(8 * Timestamp::DAY);
    let first = HistoryId::first_at(later);
    assert!(history_id(1) < first);
    assert_eq!(AgentHistoryRepository::prune(ports, later, 10), Ok(1));
    assert_eq!(Ledger::prune(ports, later, 10), Ok(2));
    assert_eq!(AgentRepository::prune(ports, later, 1), Ok(1));
    assert_eq!(AgentRepository::prune(ports, later, 1), Ok(1));
    assert_eq!(AgentRepository::prune(ports, later, 1), Ok(0));
    assert!(!is_there(&busy) && is_there(&alive));
    assert!(AuditRepository::find(ports, audit_id(1)).unwrap().is_some());
    assert_invalid(AgentRepository::prune(ports, later, 0));
}
