//! What a tick expires and prunes, and what it leaves.

use http::Request;
use vectra_api::Clock;
use vectra_api::lifecycle::{Ageing, Event, Progress, tick};
use vectra_domain::repository::{AgentHistoryRepository, AgentRepository, Ledger};
use vectra_domain::{AgentId, PersistenceError, Query, Timestamp};

use crate::database::{Manner, Place};
use crate::world::World;

const HOLDING: &str = r#"{"name":"p","default":"Allow","rules":[{"name":"ask","effect":"Hitl",
    "conditions":[{"field":"path","operator":"startswith","value":"/ask"}]}]}"#;

fn run(world: &World, budget: u32) -> Result<Progress, PersistenceError> {
    let ageing = Ageing {
        held: &world.database,
        history: &world.database,
        ledger: &world.database,
        circuits: &world.database,
        intents: &world.database,
        agents: &world.database,
    };
    let retention = (&world.settings()).into();
    tick(budget, Clock::now(world), retention, &ageing)
}

fn done(lines: &[&str], more: bool) -> Result<Progress, PersistenceError> {
    let done = |line: &&str| Event::Done((*line).to_owned());
    Ok(Progress {
        events: lines.iter().map(done).collect(),
        more,
    })
}

fn pass(world: &World, days: i64) {
    world.now.set(world.now.get() + days * Timestamp::DAY);
}

fn call(world: &World, token: &str, path: &str) {
    let request = Request::get(format!("/proxy/http://api.example{path}"))
        .header("authorization", format!("Bearer {token}"));
    let status = world.send(request.body(Vec::new()).unwrap()).status();
    assert!(status.is_success(), "{status}");
}

/// An agent with two requests and a held one, all of this moment.
fn busy(world: &World) -> AgentId {
    world.policies(&[("p.json", HOLDING)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    for path in ["/a", "/b", "/ask"] {
        call(world, &token, path);
    }
    id.parse().unwrap()
}

fn history(world: &World, agent: AgentId) -> usize {
    let rows = world.memory.recent(agent, Timestamp::EPOCH, 1_000).unwrap();
    rows.len()
}

fn baseline(world: &World, agent: AgentId) -> u32 {
    let query = Query {
        agent_id: agent,
        origin: None,
        now: Clock::now(world),
    };
    world.memory.load(&query).unwrap().activity.baseline_total
}

#[test]
fn history_older_than_its_retention_is_pruned_and_the_audit_never() {
    let world = World::configured(r#"{"History":{"RetentionDays":10}}"#);
    let agent = busy(&world);
    let audit = world.audit();
    assert_eq!(audit.len(), 3);
    pass(&world, 10);
    let events = ["1 held requests expired", "1 held requests removed"];
    assert_eq!(run(&world, 100), done(&events, false));
    assert_eq!(history(&world, agent), 3);

    // Ids tell times apart by milliseconds.
    world.now.set(world.now.get() + 1_000);
    assert_eq!(
        run(&world, 100),
        done(&["3 history rows pruned", "2 activity rows pruned"], false)
    );
    assert_eq!(history(&world, agent), 0);
    pass(&world, 3_650);
    assert_eq!(run(&world, 100), done(&[], false));
    assert_eq!(world.audit(), audit);
    let (_, page) = world.manage("GET", "/audit/export", "");
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    assert!(page["items"][0]["explanation"].is_object());
}

#[test]
fn a_held_request_is_removed_when_its_own_retention_is_over_and_only_if_it_is_settled() {
    let world = World::configured(r#"{"HumanInTheLoop":{"RetentionDays":3}}"#);
    busy(&world);
    let seen = || world.manage("GET", "/hitls", "").1["items"].clone();
    let id = seen()[0]["id"].as_str().unwrap().to_owned();
    let (status, _) = world.manage("POST", &format!("/hitls/{id}/approve"), "");
    assert_eq!(status, 200);
    // It would have expired an hour after it was held.
    pass(&world, 3);
    assert_eq!(run(&world, 100), done(&[], false));
    world.wait(3_600);
    assert_eq!(run(&world, 100), done(&[], false));
    world.wait(1);
    assert_eq!(run(&world, 100), done(&["1 held requests removed"], false));
    assert_eq!(seen().as_array().unwrap().len(), 0);
    assert_eq!(world.audit().len(), 4);
}

#[test]
fn activity_outlives_a_short_retention_since_the_baseline_reads_it() {
    let world = World::configured(r#"{"History":{"RetentionDays":1}}"#);
    let agent = busy(&world);
    pass(&world, 6);
    let events = ["1 held requests expired", "3 history rows pruned"];
    assert_eq!(run(&world, 100), done(&events, false));
    assert_eq!(baseline(&world, agent), 3);
    pass(&world, 3);
    let events = ["1 held requests removed", "2 activity rows pruned"];
    assert_eq!(run(&world, 100), done(&events, false));
}

#[test]
fn a_tombstone_goes_when_nothing_else_of_the_agent_is_left() {
    let world = World::new();
    let agent = busy(&world);
    world.manage("DELETE", &format!("/agents/{agent}"), "");
    let (other, _) = world.agent();
    pass(&world, 31);
    // With a budget of two some history is left, and so the tombstone is.
    let events = [
        "1 held requests expired",
        "1 held requests removed",
        "2 history rows pruned",
        "2 activity rows pruned",
    ];
    assert_eq!(run(&world, 2), done(&events, true));
    let events = ["1 history rows pruned", "1 deleted agents removed"];
    assert_eq!(run(&world, 2), done(&events, false));
    assert_eq!(run(&world, 2), done(&[], false));
    let left = AgentRepository::find(&world.memory, agent).unwrap();
    assert_eq!(left, None);
    assert!(
        AgentRepository::find(&world.memory, other.parse().unwrap())
            .unwrap()
            .is_some()
    );
    assert_eq!(world.audit().len(), 3);
}

#[test]
fn each_step_is_one_statement_and_a_budget_is_held_within_the_ports_limits() {
    let world = World::new();
    busy(&world);
    pass(&world, 31);
    world.database.calls();
    assert_eq!(run(&world, 0), done(&[], false));
    assert!(world.database.calls().is_empty());
    // The ports refuse more than a thousand.
    assert!(run(&world, u32::MAX).is_ok());
    assert_eq!(
        world.database.calls(),
        [
            "held.expire",
            "held.prune",
            "history.prune",
            "ledger.prune",
            "circuits.prune",
            "intents.prune",
            "agents.prune"
        ]
    );
}

#[test]
fn a_step_that_fails_is_told_and_does_not_keep_the_others_from_running() {
    let failure = PersistenceError::Other("no".to_owned());
    for (call, told, others) in [
        ("held.expire", "held requests expired", 2),
        ("held.prune", "held requests removed", 3),
        ("history.prune", "history rows pruned", 3),
        ("ledger.prune", "activity rows pruned", 3),
        ("agents.prune", "deleted agents removed", 4),
    ] {
        let world = World::new();
        busy(&world);
        pass(&world, 31);
        world
            .database
            .fail(Place::Call(call), failure.clone(), Manner::Before);
        let progress = run(&world, 100).unwrap();
        assert!(!progress.more, "{progress:?}");
        let (undone, done): (Vec<_>, Vec<_>) = progress
            .events
            .into_iter()
            .partition(|event| matches!(event, Event::Undone { .. }));
        let undone: Vec<_> = undone.iter().map(Event::to_string).collect();
        let expected = format!("not done: {told}: the database failed: no");
        assert_eq!(undone, [expected]);
        assert_eq!(done.len(), others, "{done:?}");
    }
}

#[test]
fn a_tick_fails_when_every_step_does() {
    let world = World::new();
    busy(&world);
    let down = PersistenceError::Unavailable("down".to_owned());
    world.memory.fail(Some(down.clone()));
    assert_eq!(run(&world, 100), Err(down));
}
