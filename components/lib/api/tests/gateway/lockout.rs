//! OB §23.10: nobody slowed those down who tried one secret after the other.

use http::{Request, StatusCode};
use serde_json::json;

use crate::world::World;

const SECRET: &str = "a secret of enough length";
const HERE: &str = "192.0.2.1:4000";

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

/// Asks with the right secret.
fn passes(world: &World, address: &str, id: &str) -> bool {
    ask(world, address, id, SECRET) == StatusCode::OK
}

#[test]
fn defect_10_a_guesser_waits_longer_with_each_guess() {
    let world = World::new();
    let id = world.agent().0;
    fail(&world, "", &id, 9);
    assert!(passes(&world, "", &id), "nine failures lock nobody");
    fail(&world, "", &id, 10);
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        assert!(!passes(&world, "", &id), "locked for {seconds} seconds");
        world.wait(seconds - 1);
        assert!(!passes(&world, "", &id), "locked for {seconds} seconds");
        world.wait(1);
        fail(&world, "", &id, 1);
    }
    world.wait(60);
    assert!(passes(&world, "", &id), "a right secret after the lock");
    fail(&world, "", &id, 9);
    assert!(passes(&world, "", &id), "a success forgets what was before");
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
    for nth in 0..20 {
        fail(
            &world,
            HERE,
            &format!("018f4d2e-7c1b-7a3d-9e5f-{nth:012}"),
            1,
        );
    }
    assert!(!passes(&world, HERE, &id));
    assert!(
        !passes(&world, "192.0.2.1:4001", &id),
        "the port does not matter"
    );
    assert!(passes(&world, "192.0.2.2:4000", &id));
    assert!(passes(&world, "", &id));
    // The agent's success does not clear the address.
    assert!(!passes(&world, HERE, &id));
    world.wait(2);
    assert!(passes(&world, HERE, &id));
    fail(&world, HERE, &id, 1);
    world.wait(1);
    assert!(
        !passes(&world, HERE, &id),
        "the 21st failure locks for two seconds"
    );
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
fn nobody_shuts_an_agent_out_for_more_than_a_minute() {
    let config = r#"{"Security":{"AgentAuth":{"Lockout":
        {"FailuresPerAgent":1,"FailuresPerAddress":1,"MaxSeconds":900}}}}"#;
    let world = World::configured(config);
    let id = world.agent().0;
    for _ in 0..10 {
        fail(&world, HERE, &id, 1);
        world.wait(512);
    }
    fail(&world, HERE, &id, 1);
    world.wait(60);
    assert!(passes(&world, "198.51.100.7:80", &id));
    assert!(
        !passes(&world, HERE, &id),
        "the address is locked for longer"
    );
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
