//! Circuits, as operators and agents see them.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use vectra_api::UpstreamError;
use vectra_domain::repository::{CircuitRepository, Schema};
use vectra_domain::{
    AgentId, CircuitRule, Errand, Fate, Origin, PersistenceError, Report, Timestamp,
};

use crate::database::{Manner, Place};
use crate::world::World;

const RULE: CircuitRule = CircuitRule {
    threshold: 2,
    window: 60,
    open: 30,
};

/// Fails so often that the agent's circuit opens.
fn fail(world: &World, host: &str, agent: AgentId) {
    for _ in 0..RULE.threshold {
        let report = Report {
            origin: Origin {
                scheme: "https".to_owned(),
                host: host.to_owned(),
                port: 443,
            },
            agent_id: agent,
            fate: Fate::Failed,
            errand: Errand::Ordinary,
            now: Timestamp::from_micros(world.now.get()).unwrap(),
        };
        world.memory.report(&report, RULE).unwrap();
    }
}

fn pages(world: &World, list: &str) -> Vec<Value> {
    let (mut path, mut items) = (format!("{list}?limit=1"), Vec::new());
    loop {
        let (status, page) = world.manage("GET", &path, "");
        assert_eq!(status, StatusCode::OK, "{page}");
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["nextCursor"].as_str() else {
            return items;
        };
        path = format!("{list}?limit=1&cursor={cursor}");
    }
}

#[test]
fn circuits_and_their_changes_are_listed_page_by_page() {
    let world = World::new();
    Schema::ensure(&world.memory).unwrap();
    let agents: Vec<AgentId> = (0..2).map(|_| world.agent().0.parse().unwrap()).collect();
    fail(&world, "b.example", agents[0]);
    fail(&world, "a.example", agents[0]);
    world.wait(1);
    fail(&world, "a.example", agents[1]);

    let circuits = pages(&world, "/circuits");
    let at = |circuit: &Value| (circuit["origin"].clone(), circuit["agentId"].clone());
    let places: Vec<_> = circuits.iter().map(at).collect();
    let origin = |host: &str| json!(format!("https://{host}:443"));
    let mut sorted = agents.clone();
    sorted.sort_unstable();
    let ours: Vec<_> = places
        .iter()
        .filter(|(_, agent)| !agent.is_null())
        .cloned()
        .collect();
    assert_eq!(
        ours,
        [
            (origin("a.example"), json!(sorted[0])),
            (origin("a.example"), json!(sorted[1])),
            (origin("b.example"), json!(agents[0])),
        ]
    );
    // Two agents' failures open the one for all, which stands before theirs.
    let all = &circuits[0];
    assert_eq!(at(all), (origin("a.example"), Value::Null));
    assert_eq!(all["state"], "Open");
    assert_eq!(all["opensAt"], "2023-11-15T12:00:31.000000Z");
    let own = circuits
        .iter()
        .find(|circuit| !circuit["agentId"].is_null());
    assert_eq!(own.unwrap()["failures"], 2);

    let changes = pages(&world, "/circuits/changes");
    let numbers: Vec<u64> = changes
        .iter()
        .map(|c| c["number"].as_u64().unwrap())
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    let last = changes
        .iter()
        .find(|change| change["agentId"].is_null())
        .unwrap();
    let expected = json!({
        "number": last["number"], "origin": "https://a.example:443", "agentId": null,
        "before": "Closed", "after": "Open", "timestamp": "2023-11-15T12:00:01.000000Z",
    });
    assert_eq!(last, &expected);
}

const SORTS: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"never","effect":"Deny","conditions":[{"field":"path","operator":"eq","value":"/no"}]},
    {"name":"ask","effect":"Hitl","conditions":[{"field":"path","operator":"eq","value":"/ask"}]}]}"#;

#[test]
fn what_is_denied_or_held_is_recorded_however_its_origin_fares() {
    let world = World::new();
    world.policies(&[("p.json", SORTS)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    for _ in 0..RULE.threshold + 3 {
        fail(&world, "api.example", id.parse().unwrap());
    }
    for (path, status, rows) in [
        ("/yes", 503, 0),
        ("/no", 403, 1),
        ("/ask", 202, 2),
        ("/yes", 503, 2),
    ] {
        let target = format!("/proxy/https://api.example{path}");
        let (answered, body) = world.ask(&token, "GET", &target, "");
        assert_eq!(answered, status, "{path}: {body}");
        assert_eq!(world.audit().len(), rows, "{path}");
    }
    assert!(world.reached.borrow().is_empty());
}

#[test]
fn a_report_that_is_lost_is_logged_and_the_answer_goes_out() {
    let world = World::new();
    let (_, token) = world.agent();
    world.answers.borrow_mut().insert(
        "https://api.example/broken".to_owned(),
        (502, "broken".to_owned()),
    );
    let gone = PersistenceError::Unavailable("gone".to_owned());
    let place = Place::Call("circuits.report");
    world.database.fail(place, gone, Manner::Before);
    let (status, _) = world.ask(&token, "GET", "/proxy/https://api.example/broken", "");
    assert_eq!(status, 502);
    let log = world.log.borrow().join("\n");
    assert!(log.contains("a report was lost"), "{log}");
}

fn proxied(world: &World, token: &str) -> StatusCode {
    let request = Request::builder()
        .uri("/proxy/https://a.example/")
        .header("authorization", format!("Bearer {token}"));
    world.send(request.body(Vec::new()).unwrap()).status()
}

const LEASE_OF_30: &str = r#"{"System":{"CircuitBreaker":{"ProbeLeaseSeconds":30}}}"#;

/// Whether it failed, or nothing was reported and its lease of as long ran out.
#[test]
fn who_took_the_probe_for_all_in_vain_waits_30_seconds_longer_than_the_others() {
    let refused = StatusCode::SERVICE_UNAVAILABLE;
    for lost in [false, true] {
        let world = World::configured(LEASE_OF_30);
        Schema::ensure(&world.memory).unwrap();
        let [prober, other, third] = [(); 3].map(|()| world.agent().1);
        let down = UpstreamError::Unreachable("down".to_owned());
        world.upstream_fails.replace(Some(down));
        for token in [&other, &other, &other, &third, &third] {
            assert_eq!(proxied(&world, token), refused);
        }
        world.wait(30);
        if lost {
            let failure = PersistenceError::Other("lost".to_owned());
            let report = Place::Call("circuits.report");
            world.database.fail(report, failure, Manner::Before);
        }
        let recorded = world.audit().len();
        assert_eq!(proxied(&world, &prober), refused);
        assert_eq!(world.audit().len(), recorded + 1, "it was the probe");
        world.database.mend();
        world.upstream_fails.replace(None);

        world.wait(29);
        assert_eq!(proxied(&world, &other), refused);
        world.wait(1);
        assert_eq!(proxied(&world, &prober), refused, "lost: {lost}");
        assert_eq!(proxied(&world, &other), StatusCode::CREATED, "lost: {lost}");
        // Open to the others from now on.
        assert_eq!(proxied(&world, &third), StatusCode::CREATED);
        world.wait(29);
        assert_eq!(proxied(&world, &prober), refused, "lost: {lost}");
        world.wait(1);
        assert_eq!(proxied(&world, &prober), StatusCode::CREATED);
    }
}
