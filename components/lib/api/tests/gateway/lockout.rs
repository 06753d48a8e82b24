//! OB §23.10: nobody slowed those down who tried one secret after the other.

use http::{Request, StatusCode};
use serde_json::json;

use crate::world::World;

const SECRET: &str = "a secret of enough length";
const HERE: &str = "192.0.2.1:4000";
const ELSEWHERE: &str = "198.51.100.7:80";
const MANY_PER_ADDRESS: &str =
    r#"{"Security":{"AgentAuth":{"Lockout":{"FailuresPerAddress":10000}}}}"#;

/// Asks for a token from an address.
fn ask(world: &World, address: &str, id: &str, secret: &str) -> StatusCode {
    let mut request = Request::post("/tokens").header("content-type", "application/json");
    if !address.is_empty() {
        request = request.header("spin-client-addr", address);
    }
    let body = json!({ "agentId": id, "clientSecret": secret }).to_string();
    world
        .send(request.body(body.into_bytes()).unwrap())
        .status()
}

fn fail(world: &World, address: &str, id: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(ask(world, address, id, "wrong"), StatusCode::UNAUTHORIZED);
    }
}

/// Fails for as many agents as lock an address.
fn fail_for_many(world: &World, address: &str) {
    for nth in 0..20 {
        let id = format!("018f4d2e-7c1b-7a3d-9e5f-{nth:012}");
        fail(world, address, &id, 1);
    }
}

/// Asks with the right secret.
fn passes(world: &World, address: &str, id: &str) -> bool {
    ask(world, address, id, SECRET) == StatusCode::OK
}

#[test]
fn defect_10_a_guesser_waits_longer_with_each_guess() {
    let known = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
    let unknown = [1, 2, 4, 8, 16, 32, 60, 60, 60];
    for (address, locks) in [(HERE, &known[..]), ("", &unknown[..])] {
        let world = World::configured(MANY_PER_ADDRESS);
        let id = world.agent().0;
        fail(&world, address, &id, 9);
        assert!(passes(&world, address, &id), "nine failures lock nobody");
        fail(&world, address, &id, 10);
        for seconds in locks {
            assert!(!passes(&world, address, &id), "locked for {seconds} s");
            world.wait(seconds - 1);
            assert!(!passes(&world, address, &id), "locked for {seconds} s");
            world.wait(1);
            fail(&world, address, &id, 1);
        }
        world.wait(300);
        assert!(
            passes(&world, address, &id),
            "a right secret after the lock"
        );
        fail(&world, address, &id, 9);
        assert!(
            passes(&world, address, &id),
            "a success forgets the failures"
        );
    }
}

/// A lock of the agent everywhere let anyone shut it out who knew its id.
#[test]
fn nobody_shuts_an_agent_out_from_elsewhere() {
    let config = r#"{"Security":{"AgentAuth":{"Lockout":
        {"FailuresPerAgent":1,"FailuresPerAddress":1,"MaxSeconds":900}}}}"#;
    let world = World::configured(config);
    let id = world.agent().0;
    for _ in 0..10 {
        fail(&world, HERE, &id, 1);
        assert!(passes(&world, ELSEWHERE, &id));
        world.wait(512);
    }
    fail(&world, HERE, &id, 1);
    assert!(passes(&world, ELSEWHERE, &id));
    // The address's own lock is over, the agent's there is not.
    let other = world.agent().0;
    world.wait(60);
    assert!(passes(&world, HERE, &other));
    assert!(!passes(&world, HERE, &id));
    assert!(passes(&world, ELSEWHERE, &id));
}

/// It used to cost two bcrypts and a place in the host's lane.
#[test]
fn a_locked_address_is_answered_before_anything_is_read() {
    let world = World::new();
    let id = world.agent().0;
    fail_for_many(&world, HERE);
    for asked in [&*id, "018f4d2e-7c1b-7a3d-9e5f-000000000000", "robot"] {
        world.database.calls();
        assert!(!passes(&world, HERE, asked));
        assert_eq!(world.database.calls(), ["lockouts.find"]);
    }
}

/// The address's lock is seen: if attempts on an agent that is locked there did not
/// count for it, they would tell that there is such an agent.
#[test]
fn an_address_is_locked_as_soon_whether_or_not_there_is_such_an_agent() {
    for exists in [true, false] {
        let world = World::new();
        let known = world.agent().0;
        let id = if exists {
            known
        } else {
            "018f4d2e-7c1b-7a3d-9e5f-000000000000".to_owned()
        };
        for attempt in 1..=21 {
            world.database.calls();
            fail(&world, HERE, &id, 1);
            let at_once = world.database.calls().len() == 1;
            assert_eq!(at_once, attempt > 20, "{attempt} {exists}");
        }
    }
}

/// What was counted while a clock was an hour ahead kept locking until that hour came.
#[test]
fn a_clock_that_was_wrong_locks_nobody() {
    let world = World::new();
    let id = world.agent().0;
    world.wait(3_600);
    fail(&world, HERE, &id, 30);
    world.wait(-3_600);
    assert!(passes(&world, HERE, &id));
    fail(&world, HERE, &id, 10);
    assert!(!passes(&world, HERE, &id));
    world.wait(1);
    assert!(passes(&world, HERE, &id));
}

#[test]
fn attempts_while_locked_do_not_prolong_the_lock() {
    let world = World::new();
    let id = world.agent().0;
    fail(&world, "", &id, 10);
    fail(&world, "", &id, 100);
    world.wait(1);
    assert!(passes(&world, "", &id));
}

#[test]
fn failures_are_forgotten_after_fifteen_minutes() {
    let world = World::new();
    let id = world.agent().0;
    fail(&world, "", &id, 9);
    world.wait(15 * 60 + 1);
    fail(&world, "", &id, 9);
    assert!(passes(&world, "", &id));
}

#[test]
fn an_address_that_tries_many_agents_is_locked_and_no_other_is() {
    let world = World::new();
    let id = world.agent().0;
    fail_for_many(&world, HERE);
    assert!(!passes(&world, HERE, &id));
    assert!(
        !passes(&world, "192.0.2.1:4001", &id),
        "the port does not matter"
    );
    assert!(passes(&world, "192.0.2.2:4000", &id));
    assert!(passes(&world, "", &id));
    // A success elsewhere does not clear the address.
    assert!(!passes(&world, HERE, &id));
    world.wait(1);
    fail(&world, HERE, &id, 1);
    world.wait(1);
    assert!(
        !passes(&world, HERE, &id),
        "the 21st failure locks for two seconds"
    );
    world.wait(1);
    assert!(passes(&world, HERE, &id));
    fail(&world, HERE, &id, 1);
    assert!(passes(&world, HERE, &id), "a success there clears it");
}

#[test]
fn addresses_of_one_ipv6_network_are_one() {
    let config = r#"{"Security":{"AgentAuth":{"Lockout":{"FailuresPerAgent":1000}}}}"#;
    let world = World::configured(config);
    let id = world.agent().0;
    for host in 1..=20 {
        fail(&world, &format!("[2001:db8:1:2::{host}]:80"), &id, 1);
    }
    assert!(!passes(&world, "[2001:db8:1:2:ffff::1]:80", &id));
    assert!(passes(&world, "[2001:db8:1:3::1]:80", &id));
}

#[test]
fn without_an_address_nobody_shuts_an_agent_out_for_more_than_a_minute() {
    let config = r#"{"Security":{"AgentAuth":{"Lockout":
        {"FailuresPerAgent":1,"MaxSeconds":900}}}}"#;
    let world = World::configured(config);
    let id = world.agent().0;
    for _ in 0..10 {
        fail(&world, "", &id, 1);
        world.wait(512);
    }
    fail(&world, "", &id, 1);
    world.wait(60);
    assert!(passes(&world, "", &id));
}

#[test]
fn without_a_lockout_nothing_is_counted() {
    let config = r#"{"Security":{"AgentAuth":{"Lockout":{"Enabled":false}}}}"#;
    let world = World::configured(config);
    let id = world.agent().0;
    world.database.calls();
    fail(&world, HERE, &id, 1);
    assert_eq!(world.database.calls(), ["agents.find", "access.find"]);
    fail(&world, HERE, &id, 30);
    assert!(passes(&world, HERE, &id));
}
