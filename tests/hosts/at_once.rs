//! Many requests at once.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use vectra_tests::agent::Agent;
use vectra_tests::client::{Request, Response};
use vectra_tests::conformance::{Host, Program, Stock, audit_rows};
use vectra_tests::upstream::Upstream;

use crate::trial;

/// Governed requests that come at once.
const GOVERNED: usize = 200;

/// First requests to an empty database.
const FIRST: usize = 50;

pub fn trials(runtime: &Arc<Runtime>, program: &Program) -> Vec<Trial> {
    let name = program.name();
    let (governed, first) = (program.clone(), program.clone());
    vec![
        trial(
            runtime,
            format!("{name}::200_requests_at_once_leave_200_audit_rows"),
            move || async move { all_are_recorded(&governed).await },
        ),
        trial(
            runtime,
            format!("{name}::50_first_requests_at_once_make_the_tables_once"),
            move || async move { all_are_first(&first).await },
        ),
    ]
}

/// No agent's own limit is in the way.
pub fn unlimited() -> Value {
    json!({ "System": { "RateLimit": { "Enabled": false } } })
}

async fn all_are_recorded(program: &Program) -> Result<()> {
    let upstream = Upstream::start().await?;
    let stock = Stock::bare(program, &unlimited(), &[upstream.host()]).await?;
    let deployment = stock.deployment()?;
    let agent = Agent::register(&deployment.address, &deployment.admin_key, "many", None).await?;
    let url = format!("http://{}/items", upstream.host());
    let request = agent.proxied("GET", &url);
    for answer in at_once(&deployment.address, &vec![request; GOVERNED]).await? {
        ensure!(answer.status == 200, "{}", told(&answer, &stock));
    }
    let rows = audit_rows(&deployment, &agent.id, GOVERNED).await?;
    ensure!(rows == GOVERNED, "{rows} audit rows instead of {GOVERNED}");
    let reached = upstream.take_received().len();
    ensure!(
        reached == GOVERNED,
        "{reached} requests reached the upstream"
    );
    Ok(())
}

async fn all_are_first(program: &Program) -> Result<()> {
    let stock = Stock::bare(program, &Value::Null, &[]).await?;
    let deployment = stock.deployment()?;
    let requests: Vec<Request> = (0..FIRST)
        .map(|number| {
            Request::new("POST", "/agents")
                .bearer(&deployment.admin_key)
                .json(&json!({ "name": format!("agent {number}") }))
        })
        .collect();
    for answer in at_once(&deployment.address, &requests).await? {
        ensure!(answer.status == 201, "{}", told(&answer, &stock));
    }
    let listed = Request::new("GET", "/agents?limit=200").bearer(&deployment.admin_key);
    let listed = listed.send(&deployment.address).await?.json()?;
    let agents = listed.pointer("/items").and_then(Value::as_array);
    let agents = agents.context("no list of agents")?.len();
    ensure!(agents == FIRST, "{agents} agents instead of {FIRST}");
    Ok(())
}

/// Sends each on a connection of its own.
async fn at_once(address: &str, requests: &[Request]) -> Result<Vec<Response>> {
    let mut sending = JoinSet::new();
    for request in requests {
        let (request, address) = (request.clone(), address.to_owned());
        sending.spawn(async move { request.send(&address).await });
    }
    sending.join_all().await.into_iter().collect()
}

/// An answer that is not as it should be, and what the host says beside its requests.
fn told(answer: &Response, stock: &Stock) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    let output = stock.output();
    let said = output.lines().filter(|line| !line.contains("\"event\":"));
    let said: Vec<&str> = said.take(40).collect();
    format!("{}: {body}\n{}", answer.status, said.join("\n"))
}
