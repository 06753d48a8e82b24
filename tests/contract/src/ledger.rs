//! `vectra:persistence/ledger`, without its limits.

use vectra_domain::repository::{
    AgentRepository, AuditPage, AuditRepository, HeldRequestRepository, Ledger, PolicyRepository,
};
use vectra_domain::{
    Activity, Agent, AgentAccess, AgentHistory, AgentId, AgentStatus, DecisionType, Entry, Policy,
    PolicyStatus, Recorded, Rotation, Timestamp, TrustRule, TrustScore,
};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent, agent_id, assert_conflict, assert_invalid, assert_recorded, audit_id, entry,
    given_agent, held_entry, held_id, history_id, insert, policy, query, trust, undone,
};

fn record(ports: &impl Ports, entry: &Entry) {
    assert_recorded(ports.record(entry));
}

fn activity(ports: &impl Ports, agent: AgentId, now: Timestamp) -> Activity {
    ports.load(&query(agent, now)).unwrap().activity
}

/// How many rows of audit and of history an agent has.
fn rows(ports: &impl Ports, agent: AgentId) -> (usize, usize) {
    let page = AuditPage {
        agent_id: Some(agent),
        after: None,
        limit: 1_000,
    };
    let audit = AuditRepository::list(ports, &page).unwrap();
    let history = ports
        .recent(agent, after_noon(-Timestamp::DAY), 1_000)
        .unwrap();
    (audit.len(), history.len())
}

pub fn loads_the_agent_its_policy_and_the_version(ports: &impl Ports) {
    let bound = insert(
        ports,
        Agent {
            policy_name: Some("p".to_owned()),
            ..agent(1)
        },
    );
    let unbound = given_agent(ports, 2);
    let lost = insert(
        ports,
        Agent {
            policy_name: Some("lost".to_owned()),
            ..agent(3)
        },
    );
    PolicyRepository::put(ports, &policy("p", "one")).unwrap();

    let context = ports.load(&query(bound.id, after_noon(0))).unwrap();
    assert_eq!(Ok(context.schema_version), ports.version());
    assert_eq!(context.agent, Some(bound));
    assert_eq!(
        context.policy,
        Some(Policy {
            revision: 1,
            document: String::new(),
            ..policy("p", "one")
        })
    );
    assert_eq!(context.activity, Activity::default());
    assert_eq!(context.circuit, None);
    assert_eq!(context.access, AgentAccess::default());

    for other in [unbound, lost] {
        let context = ports.load(&query(other.id, after_noon(0))).unwrap();
        assert_eq!((context.agent, context.policy), (Some(other), None));
    }
}

pub fn loads_nothing_of_an_unknown_agent(ports: &impl Ports) {
    given_agent(ports, 1);
    let context = ports.load(&query(agent_id(2), after_noon(0))).unwrap();
    assert_eq!((context.agent, context.policy), (None, None));
    assert_eq!(context.activity, Activity::default());
}

pub fn loads_an_agent_in_whatever_state(ports: &impl Ports) {
    let statuses = [
        AgentStatus::Revoked,
        AgentStatus::Quarantined,
        AgentStatus::Deleted,
    ];
    for (number, status) in (1..).zip(statuses) {
        let agent = insert(
            ports,
            Agent {
                status,
                ..agent(number)
            },
        );
        let context = ports.load(&query(agent.id, after_noon(0))).unwrap();
        assert_eq!(context.agent, Some(agent));
    }
}

pub fn loads_the_newest_revision_whatever_its_status(ports: &impl Ports) {
    let bound = insert(
        ports,
        Agent {
            policy_name: Some("p".to_owned()),
            ..agent(1)
        },
    );
    let load = || {
        ports
            .load(&query(bound.id, after_noon(0)))
            .unwrap()
            .policy
            .unwrap()
    };
    PolicyRepository::put(ports, &policy("p", "one")).unwrap();
    PolicyRepository::put(ports, &policy("p", "two")).unwrap();
    assert_eq!((load().revision, load().compiled), (2, b"two".to_vec()));
    let broken = Policy {
        status: PolicyStatus::Broken,
        ..policy("p", "three")
    };
    PolicyRepository::put(ports, &broken).unwrap();
    assert_eq!((load().revision, load().status), (3, PolicyStatus::Broken));
    ports
        .retire_missing(broken.source, &[], after_noon(0))
        .unwrap();
    assert_eq!((load().revision, load().status), (4, PolicyStatus::Retired));
}

pub fn writes_history_audit_and_explanation(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let mut decided = entry(1, agent, after_noon(7));
    decided.audit.decision_type = DecisionType::Deny;
    decided.audit.reason = Some("Rule denied".to_owned());
    decided.explanation = r#"{"rule":"no-delete"}"#.to_owned();
    record(ports, &decided);

    let row = AgentHistory {
        id: history_id(1),
        agent_id: agent,
        method: decided.audit.method.clone(),
        path: decided.audit.path.clone(),
        timestamp: after_noon(7),
        decision_type: DecisionType::Deny,
    };
    assert_eq!(ports.recent(agent, after_noon(7), 10), Ok(vec![row]));
    let found = AuditRepository::find(ports, audit_id(1)).unwrap();
    assert_eq!(found, Some(undone(decided.audit, &decided.explanation)));
}

pub fn counts_minutes_and_hours_to_their_edges(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let other = given_agent(ports, 2).id;
    let (minute, hour) = (Timestamp::MINUTE, Timestamp::HOUR);
    // The last microsecond of a minute and of an hour, the first of the next.
    for (number, micros) in [(1, -1), (2, 0), (3, minute - 1), (4, minute)] {
        record(ports, &entry(number, agent, after_noon(micros)));
    }
    record(ports, &entry(5, other, after_noon(0)));

    let cases = [
        // now, in this minute, in five minutes, in seven days, since
        (-1, 1, 1, 1, Some(-hour)),
        (0, 2, 3, 4, Some(-hour)),
        (minute - 1, 2, 3, 4, Some(-hour)),
        (minute, 1, 4, 4, Some(-hour)),
        (4 * minute - 1, 0, 4, 4, Some(-hour)),
        (4 * minute, 0, 3, 4, Some(-hour)),
        (5 * minute, 0, 1, 4, Some(-hour)),
        (6 * minute, 0, 0, 4, Some(-hour)),
        (167 * hour - 1, 0, 0, 4, Some(-hour)),
        (167 * hour, 0, 0, 3, Some(0)),
        (168 * hour - 1, 0, 0, 3, Some(0)),
        (168 * hour, 0, 0, 0, None),
        (-hour - 1, 0, 0, 0, None),
    ];
    for (now, current, recent, baseline, since) in cases {
        let expected = Activity {
            minute_total: current,
            recent_total: recent,
            recent_violations: 0,
            baseline_total: baseline,
            baseline_since: since.map(after_noon),
        };
        assert_eq!(
            activity(ports, agent, after_noon(now)),
            expected,
            "{now} µs after noon"
        );
    }
}

pub fn counts_denied_and_held_requests_as_violations(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let decisions = [DecisionType::Allow, DecisionType::Deny, DecisionType::Hitl];
    for (number, decision) in (1..).zip(decisions) {
        let mut decided = entry(number, agent, after_noon(0));
        decided.audit.decision_type = decision;
        record(ports, &decided);
    }
    let counted = activity(ports, agent, after_noon(0));
    assert_eq!((counted.recent_total, counted.recent_violations), (3, 2));
}

pub fn moves_trust_by_the_rule(ports: &impl Ports) {
    let rules = [
        // before, target, rate, after
        (0.5, 1.0, 0.1, 0.55),
        (0.5, 0.0, 0.25, 0.375),
        (0.5, 0.3, 1.0, 0.3),
        (0.5, 1.0, 0.0, 0.5),
        (0.0, 0.0, 1.0, 0.0),
        (1.0, 1.0, 1.0, 1.0),
        (0.1, 1.0, 1.0, 1.0),
    ];
    for (number, (before, target, rate, after)) in (1..).zip(rules) {
        let score = TrustScore::new(before).unwrap();
        let agent = insert(
            ports,
            Agent {
                trust_score: score,
                ..agent(number)
            },
        )
        .id;
        record(
            ports,
            &Entry {
                trust: TrustRule { target, rate },
                ..entry(number, agent, after_noon(0))
            },
        );
        let moved = trust(ports, agent);
        assert!(
            (moved - after).abs() < 1e-12,
            "{before} to {target} by {rate}: {moved}"
        );
    }
}

pub fn does_not_touch_the_time_of_change(ports: &impl Ports) {
    let agent = given_agent(ports, 1);
    let rule = TrustRule {
        target: 1.0,
        rate: 0.5,
    };
    record(
        ports,
        &Entry {
            trust: rule,
            ..entry(1, agent.id, after_noon(0))
        },
    );
    let expected = Agent {
        trust_score: TrustScore::new(0.75).unwrap(),
        ..agent.clone()
    };
    assert_eq!(AgentRepository::find(ports, agent.id), Ok(Some(expected)));
}

pub fn refuses_a_trust_rule_outside_0_to_1(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let bad = [
        (1.1, 0.5),
        (-0.1, 0.5),
        (0.5, 1.1),
        (0.5, -0.1),
        (f64::NAN, 0.5),
        (0.5, f64::INFINITY),
    ];
    for (target, rate) in bad {
        let entry = Entry {
            trust: TrustRule { target, rate },
            ..entry(1, agent, after_noon(0))
        };
        assert_invalid(ports.record(&entry));
    }
    assert_eq!(rows(ports, agent), (0, 0));
}

pub fn says_gone_for_an_agent_that_is_not_active(ports: &impl Ports) {
    let gone = [
        (1, Some(AgentStatus::Revoked)),
        (2, Some(AgentStatus::Quarantined)),
        (3, Some(AgentStatus::Deleted)),
        (4, None),
    ];
    for (number, status) in gone {
        if let Some(status) = status {
            insert(
                ports,
                Agent {
                    status,
                    ..agent(number)
                },
            );
        }
        let id = agent_id(number);
        let mut held = held_entry(number, id, after_noon(0));
        held.rate_limit = Some(0);
        assert_eq!(ports.record(&held), Ok(Recorded::AgentGone), "{status:?}");
        assert_eq!(rows(ports, id), (0, 0), "{status:?}");
        assert_eq!(
            HeldRequestRepository::find(ports, held_id(number)),
            Ok(None)
        );
        assert_eq!(activity(ports, id, after_noon(0)), Activity::default());
    }
}

pub fn writes_nothing_when_an_id_is_taken(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    record(ports, &held_entry(1, agent, after_noon(0)));
    let before = (activity(ports, agent, after_noon(0)), rows(ports, agent));

    let taken = |change: fn(&mut Entry)| {
        let mut entry = held_entry(2, agent, after_noon(1));
        entry.trust = TrustRule {
            target: 1.0,
            rate: 0.5,
        };
        change(&mut entry);
        entry
    };
    let cases = [
        taken(|entry| {
            entry.audit.id = audit_id(1);
            entry.held.as_mut().unwrap().audit_id = audit_id(1);
        }),
        taken(|entry| entry.history_id = history_id(1)),
        taken(|entry| entry.held.as_mut().unwrap().id = held_id(1)),
        // A limit that would refuse it must not make a taken id look recorded.
        Entry {
            rate_limit: Some(0),
            held: None,
            ..taken(|entry| entry.audit.id = audit_id(1))
        },
    ];
    for case in cases {
        assert_conflict(ports.record(&case));
    }
    assert_eq!(
        (activity(ports, agent, after_noon(0)), rows(ports, agent)),
        before
    );
    assert!((trust(ports, agent) - 0.5).abs() < 1e-12);
    assert_eq!(HeldRequestRepository::find(ports, held_id(2)), Ok(None));
    assert_eq!(AuditRepository::find(ports, audit_id(2)), Ok(None));
}

/// Deciding takes no secret: the former one stays where it is.
pub fn loads_what_governs_access_without_the_former_secret(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let other = given_agent(ports, 2).id;
    ports.limit(agent, Some(7), after_noon(1)).unwrap();
    ports.revoke_tokens(agent, after_noon(2)).unwrap();
    let rotation = Rotation {
        agent_id: agent,
        client_secret_hash: "new".to_owned(),
        former_until: Some(after_noon(9)),
        now: after_noon(3),
    };
    ports.rotate(&rotation).unwrap();
    let context = ports.load(&query(agent, after_noon(4))).unwrap();
    let expected = AgentAccess {
        requests_per_minute: Some(7),
        tokens_not_before: Some(after_noon(2)),
        ..AgentAccess::default()
    };
    assert_eq!(context.access, expected);
    let secret = context.agent.map(|agent| agent.client_secret_hash);
    assert_eq!(secret.as_deref(), Some("new"));
    let context = ports.load(&query(other, after_noon(4))).unwrap();
    assert_eq!(context.access, AgentAccess::default());
}

pub fn prunes_activity_that_began_earlier(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let minutes = |minutes: i64| after_noon(minutes * Timestamp::MINUTE);
    for number in 0..4_u8 {
        let at = minutes(i64::from(number));
        ports.record(&entry(number.into(), agent, at)).unwrap();
    }
    let now = minutes(3);
    let recent = || ports.load(&query(agent, now)).unwrap().activity;
    assert_eq!((recent().recent_total, recent().baseline_total), (4, 4));
    // The first minute and its hour began at the same time.
    assert_eq!(Ledger::prune(ports, minutes(2), 2), Ok(2));
    assert_eq!((recent().recent_total, recent().baseline_total), (3, 0));
    assert_eq!(Ledger::prune(ports, minutes(2), 10), Ok(1));
    assert_eq!(Ledger::prune(ports, minutes(2), 10), Ok(0));
    assert_eq!(recent().recent_total, 2);
    assert_invalid(Ledger::prune(ports, minutes(2), 0));
}
