//! Circuits of upstreams, over real sockets and two gateways.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use vectra_domain::Timestamp;
use vectra_tests::DEADLINE;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::Request;
use vectra_tests::process::ADMIN_KEY;
use vectra_tests::upstream::{Answer, Holding};

use crate::fleet::Fleet;

const THRESHOLD: usize = 3;

fn settings() -> Value {
    json!({ "System": {
        "CircuitBreaker": {
            "FailureThreshold": THRESHOLD, "OpenDurationSeconds": 1, "SamplingWindowSeconds": 60,
        },
        "RateLimit": { "Enabled": false },
    } })
}

fn broken() -> Answer {
    Answer {
        status: 502,
        ..Answer::default()
    }
}

fn items(fleet: &Fleet, agent: &Agent) -> Request {
    agent.proxied("GET", &format!("http://{}/items", fleet.upstream.host()))
}

/// Sends so many requests one after the other, to both gateways in turn.
async fn send(fleet: &Fleet, agent: &Agent, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 0..times {
        let address = fleet.gateways[number % 2].address();
        statuses.push(items(fleet, agent).send(address).await.unwrap().status);
    }
    statuses
}

/// What one endpoint of circuits lists.
async fn listed(fleet: &Fleet, path: &str) -> Vec<Value> {
    let request = Request::new("GET", path).bearer(ADMIN_KEY);
    let answer = request.send(fleet.address()).await.unwrap();
    let list = must(answer, 200).unwrap().json().unwrap();
    list["items"].as_array().unwrap().clone()
}

/// Waits until a probe may pass for every circuit that is open.
async fn due(fleet: &Fleet) {
    let begun = Instant::now();
    loop {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = i64::try_from(since.as_micros()).unwrap();
        let waiting = listed(fleet, "/circuits").await.iter().any(|circuit| {
            let opens_at = circuit["opensAt"].as_str();
            let opens_at = opens_at.map(|at| at.parse::<Timestamp>().unwrap());
            opens_at.is_some_and(|at| at.micros() > now)
        });
        if !waiting {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "it stays open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// OB §23.18: 5xx answers never open it, half-open admits unlimited traffic.
#[tokio::test(flavor = "multi_thread")]
async fn defect_18_answers_of_500_open_it_and_one_probe_of_64_waiting_tries_again() {
    const WAITING: usize = 64;
    let fleet = Fleet::start(settings()).await;
    let agent = fleet.agent("agent").await;
    fleet.upstream.answer(broken());
    assert_eq!(send(&fleet, &agent, THRESHOLD).await, [502; THRESHOLD]);
    assert_eq!(fleet.upstream.take_received().len(), THRESHOLD);
    for gateway in &fleet.gateways {
        let refused = items(&fleet, &agent).send(gateway.address()).await.unwrap();
        let refused = must(refused, 503).unwrap();
        let after = refused
            .headers
            .iter()
            .find(|(name, _)| name == "retry-after");
        assert_eq!(after.map(|(_, value)| value.as_str()), Some("1"));
    }
    assert_eq!(fleet.upstream.take_received().len(), 0);

    // The probe's answer is kept back until all others have been refused.
    fleet.upstream.answer(Answer::default());
    fleet.upstream.hold(Holding::Back);
    due(&fleet).await;
    let mut waiting = JoinSet::new();
    for number in 0..WAITING {
        let request = items(&fleet, &agent);
        let address = fleet.gateways[number % 2].address().to_owned();
        waiting.spawn(async move { request.send(&address).await.unwrap().status });
    }
    for _ in 1..WAITING {
        assert_eq!(waiting.join_next().await.unwrap().unwrap(), 503);
    }
    fleet.upstream.has_received(1).await.unwrap();
    fleet.upstream.hold(Holding::Off);
    assert_eq!(waiting.join_next().await.unwrap().unwrap(), 200);
    assert_eq!(
        fleet.upstream.take_received().len(),
        1,
        "one probe, exactly"
    );

    assert_eq!(send(&fleet, &agent, 2).await, [200; 2]);
    let changes = listed(&fleet, "/circuits/changes").await;
    let states: Vec<_> = changes
        .iter()
        .rev()
        .map(|change| {
            (
                change["before"].as_str().unwrap(),
                change["after"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("Closed", "Open"),
        ("Open", "HalfOpen"),
        ("HalfOpen", "Closed"),
    ];
    assert_eq!(states, expected, "{changes:?}");
    assert!(changes.iter().all(|change| change["agentId"] == agent.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_agents_failures_shut_out_only_itself_and_those_of_two_everybody() {
    let fleet = Fleet::start(settings()).await;
    let (bad, good, third) = (
        fleet.agent("bad").await,
        fleet.agent("good").await,
        fleet.agent("third").await,
    );
    fleet.upstream.answer(broken());
    send(&fleet, &bad, THRESHOLD).await;
    assert_eq!(send(&fleet, &bad, 1).await, [503]);
    fleet.upstream.answer(Answer::default());
    assert_eq!(
        send(&fleet, &good, 1).await,
        [200],
        "the origin is open to others"
    );
    let circuits = listed(&fleet, "/circuits").await;
    assert_eq!(circuits.len(), 1, "{circuits:?}");
    assert_eq!(circuits[0]["agentId"], bad.id);

    // Half of three, rounded up, of the first one, and one of another: three.
    fleet.upstream.answer(broken());
    assert_eq!(send(&fleet, &good, 1).await, [502]);
    fleet.upstream.answer(Answer::default());
    assert_eq!(send(&fleet, &third, 1).await, [503]);
    let circuits = listed(&fleet, "/circuits").await;
    assert!(circuits[0]["agentId"].is_null(), "{circuits:?}");
    assert_eq!(circuits[0]["state"], "Open");

    due(&fleet).await;
    assert_eq!(send(&fleet, &third, 2).await, [200; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_does_not_answer_in_time_counts() {
    let mut settings = settings();
    settings["Proxy"]["UpstreamTimeoutSeconds"] = json!(1);
    let fleet = Fleet::start(settings).await;
    let agent = fleet.agent("agent").await;
    fleet.upstream.hold(Holding::Back);
    assert_eq!(send(&fleet, &agent, THRESHOLD).await, [503; THRESHOLD]);
    assert_eq!(fleet.upstream.take_received().len(), THRESHOLD);
    let circuits = listed(&fleet, "/circuits").await;
    assert_eq!(circuits[0]["state"], "Open", "{circuits:?}");
    fleet.upstream.hold(Holding::Off);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_cannot_be_reached_counts_and_a_failed_probe_opens_it_again() {
    let fleet = Fleet::start(settings()).await;
    let agent = fleet.agent("agent").await;
    let host = fleet.upstream.host();
    fleet.upstream.stop().await;
    let request = agent.proxied("GET", &format!("http://{host}/items"));
    let send = async || request.send(fleet.address()).await.unwrap();
    for _ in 0..THRESHOLD {
        must(send().await, 503).unwrap();
    }
    let circuits = listed(&fleet, "/circuits").await;
    assert_eq!(circuits[0]["state"], "Open", "{circuits:?}");
    due(&fleet).await;
    must(send().await, 503).unwrap();
    let states: Vec<_> = listed(&fleet, "/circuits/changes").await;
    let states: Vec<_> = states.iter().map(|change| &change["after"]).collect();
    assert_eq!(states, ["Open", "HalfOpen", "Open"]);
}
