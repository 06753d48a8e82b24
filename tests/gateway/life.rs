//! Start and stop.

use std::time::Duration;

use vectra_tests::agent::{Agent, must};
use vectra_tests::client::Request;
use vectra_tests::process::{ADMIN_KEY, Home, Setup};
use vectra_tests::upstream::Holding;

use crate::data::allowing;

#[tokio::test]
async fn sigterm_stops_it_with_exit_code_0() {
    let home = Home::new(Setup::default()).unwrap();
    let vectra = home.up().await.unwrap();
    must(
        Request::new("GET", "/health")
            .send(vectra.address())
            .await
            .unwrap(),
        200,
    )
    .unwrap();
    let (status, output) = vectra.stop().await.unwrap();
    assert_eq!(status.code(), Some(0), "{output}");
}

#[tokio::test]
async fn what_has_begun_is_finished_after_sigterm() {
    let (home, upstream) = allowing(&[]).await;
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    upstream.hold(Holding::Back);
    let request = agent.proxied("GET", &format!("http://{}/slow", upstream.host()));
    let address = vectra.address().to_owned();
    let answer = tokio::spawn(async move { request.send(&address).await });
    upstream.has_received(1).await.unwrap();

    let address = vectra.address().to_owned();
    let stopping = tokio::spawn(vectra.stop());
    // It has heard the signal when it takes no new connection.
    let deaf = tokio::time::timeout(vectra_tests::DEADLINE, async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    deaf.await.unwrap();
    upstream.hold(Holding::Off);
    let answer = must(answer.await.unwrap().unwrap(), 200).unwrap();
    assert_eq!(answer.body, b"hello from upstream");
    let (status, output) = stopping.await.unwrap().unwrap();
    assert_eq!(status.code(), Some(0), "{output}");
}

#[tokio::test]
async fn names_policies_that_do_not_compile_in_the_log() {
    let policies = [
        ("broken.json", "{ \"name\": \"broken\", "),
        (
            "never.json",
            r#"{"name":"never","owner":"tests","default":"Allow","rules":[{"name":"r","effect":"Deny",
               "conditions":[{"field":"method","operator":"eq","value":"get"}]}]}"#,
        ),
    ];
    let policies = policies.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let setup = Setup {
        policies: policies.into_iter().collect(),
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = home.up().await.unwrap();
    vectra.says("broken.json").await.unwrap();
    vectra.says("never.json").await.unwrap();
}
