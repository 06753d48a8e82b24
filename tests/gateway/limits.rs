//! The rate limit: exact, shared, per agent, and told.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::{Request, Response};
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra};
use vectra_tests::upstream::Upstream;

use crate::fleet::{Fleet, left_in_minute};

fn limited(limit: u32) -> Value {
    json!({ "System": { "RateLimit": { "DefaultRequestsPerMinute": limit } } })
}

/// The one value of a header field.
fn field<'r>(response: &'r Response, name: &str) -> &'r str {
    let named: Vec<_> = response
        .headers
        .iter()
        .filter(|(field, _)| field == name)
        .collect();
    assert_eq!(named.len(), 1, "{name}: {response:?}");
    &named[0].1
}

/// OB §23.25: several nodes multiply the limit.
#[tokio::test(flavor = "multi_thread")]
async fn defect_25_sixty_four_callers_on_two_gateways_share_a_limit_of_exactly_100() {
    const CALLERS: usize = 64;
    const EACH: usize = 4;
    let fleet = Fleet::start(limited(100)).await;
    let agent = fleet.agent("agent").await;
    let request = agent.proxied("GET", &format!("http://{}/items", fleet.upstream.host()));
    left_in_minute(25).await;

    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let request = request.clone();
        let address = fleet.gateways[number % 2].address().to_owned();
        callers.spawn(async move {
            let mut statuses = Vec::new();
            for _ in 0..EACH {
                statuses.push(request.send(&address).await.unwrap().status);
            }
            statuses
        });
    }
    let statuses = callers.join_all().await.concat();

    let with = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!(with(200), 100, "{statuses:?}");
    assert_eq!(with(429), CALLERS * EACH - 100, "{statuses:?}");
    assert_eq!(fleet.upstream.take_received().len(), 100);

    // What was refused is in no audit row, but counted for the auditor.
    let refusals = Request::new("GET", &format!("/audit/refusals?agentId={}", agent.id));
    let refusals = refusals
        .bearer(ADMIN_KEY)
        .send(fleet.address())
        .await
        .unwrap();
    let refusals = must(refusals, 200).unwrap().json().unwrap();
    let minutes = refusals["items"].as_array().unwrap();
    assert_eq!(minutes.len(), 1, "{refusals}");
    assert_eq!(minutes[0]["requests"], 100);
    assert_eq!(minutes[0]["refused"], CALLERS * EACH - 100);
}

async fn single(settings: Value) -> (Home, Vectra, Upstream) {
    let upstream = Upstream::start().await.unwrap();
    let setup = Setup {
        settings,
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = home.up().await.unwrap();
    (home, vectra, upstream)
}

#[tokio::test]
async fn an_answer_says_what_is_left_and_a_refusal_when_to_come_back() {
    let (_home, vectra, upstream) = single(limited(2)).await;
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let request = agent.proxied("GET", &format!("http://{}/items", upstream.host()));
    left_in_minute(10).await;
    for (status, left) in [(200, 1), (200, 0), (429, 0)] {
        let response = must(request.send(vectra.address()).await.unwrap(), status).unwrap();
        assert_eq!(field(&response, "ratelimit-policy"), "\"vectra\";q=2;w=60");
        let (rest, reset) = field(&response, "ratelimit").rsplit_once(";t=").unwrap();
        assert_eq!(rest, format!("\"vectra\";r={left}"));
        let reset: u64 = reset.parse().unwrap();
        assert!((1..=60).contains(&reset), "{reset}");
        if status == 429 {
            let after: u64 = field(&response, "retry-after").parse().unwrap();
            assert!(after == reset || after + 1 == reset, "{after} {reset}");
        }
    }
}

#[tokio::test]
async fn an_agents_own_limit_goes_before_the_default_from_the_next_request_on() {
    let (_home, vectra, upstream) = single(limited(1)).await;
    let address = vectra.address();
    let agent = Agent::register(address, ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let other = Agent::register(address, ADMIN_KEY, "other", None)
        .await
        .unwrap();
    let url = format!("http://{}/items", upstream.host());
    let set = |limit: Value| {
        Request::new("PUT", &format!("/agents/{}/limit", agent.id))
            .bearer(ADMIN_KEY)
            .json(&json!({ "requestsPerMinute": limit }))
    };
    left_in_minute(15).await;
    let shown = must(set(json!(3)).send(address).await.unwrap(), 200).unwrap();
    assert_eq!(shown.json().unwrap()["requestsPerMinute"], 3);
    for status in [200, 200, 200, 429] {
        must(
            agent.proxied("GET", &url).send(address).await.unwrap(),
            status,
        )
        .unwrap();
    }
    for status in [200, 429] {
        must(
            other.proxied("GET", &url).send(address).await.unwrap(),
            status,
        )
        .unwrap();
    }
    // Nothing may pass with 0; null goes back to the default.
    for (limit, status) in [(json!(0), 429), (json!(5), 200), (Value::Null, 429)] {
        must(set(limit).send(address).await.unwrap(), 200).unwrap();
        must(
            agent.proxied("GET", &url).send(address).await.unwrap(),
            status,
        )
        .unwrap();
    }
}
