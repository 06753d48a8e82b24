//! Many requests at once.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use vectra_tests::client::Request;
use vectra_tests::conformance::{Host, Program, Stock, all_are_recorded, at_once, unlimited};
use vectra_tests::upstream::Upstream;

use crate::trial;

/// First requests to an empty database.
const FIRST: usize = 50;

pub fn trials(runtime: &Arc<Runtime>, program: &Program) -> Vec<Trial> {
    let name = program.name();
    let (governed, first) = (program.clone(), program.clone());
    vec![
        trial(
            runtime,
            format!("{name}::200_requests_at_once_leave_200_audit_rows"),
            move || async move { are_recorded(&governed).await },
        ),
        trial(
            runtime,
            format!("{name}::50_first_requests_at_once_make_the_tables_once"),
            move || async move { all_are_first(&first).await },
        ),
    ]
}

async fn are_recorded(program: &Program) -> Result<()> {
    let upstream = Upstream::start().await?;
    let stock = Stock::bare(program, &unlimited(), &[upstream.host()]).await?;
    let recorded = all_are_recorded(&stock.deployment()?, &upstream).await;
    recorded.with_context(|| said(&stock))
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
        let body = String::from_utf8_lossy(&answer.body);
        let status = answer.status;
        ensure!(status == 201, "{status}: {body}\n{}", said(&stock));
    }
    let listed = Request::new("GET", "/agents?limit=200").bearer(&deployment.admin_key);
    let listed = listed.send(&deployment.address).await?.json()?;
    let agents = listed.pointer("/items").and_then(Value::as_array);
    let agents = agents.context("no list of agents")?.len();
    ensure!(agents == FIRST, "{agents} agents instead of {FIRST}");
    Ok(())
}

/// What the host says beside its requests.
fn said(stock: &Stock) -> String {
    let output = stock.output();
    let said = output.lines().filter(|line| !line.contains("\"event\":"));
    said.take(40).collect::<Vec<_>>().join("\n")
}
