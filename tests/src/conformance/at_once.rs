//! Many requests at once.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::host::Deployment;
use super::records::audit_rows;
use crate::agent::Agent;
use crate::client::{Request, Response};
use crate::upstream::Upstream;

/// Governed requests that come at once.
const GOVERNED: usize = 200;
/// How long the last of them may wait: where one is recorded after the other, on a slow
/// machine that has other work.
const PATIENCE: Duration = Duration::from_secs(120);

/// Settings under which no agent's own limit is in the way.
#[must_use]
pub fn unlimited() -> Value {
    json!({ "System": { "RateLimit": { "Enabled": false } } })
}

/// Sends 200 governed requests at once: all are forwarded, and each leaves a row.
///
/// # Errors
/// If one is not, or the rows are more or less.
pub async fn all_are_recorded(deployment: &Deployment, upstream: &Upstream) -> Result<()> {
    let agent = Agent::register(&deployment.address, &deployment.admin_key, "many", None).await?;
    let url = format!("http://{}/items", upstream.host());
    let request = agent.proxied("GET", &url);
    let begun = Instant::now();
    for answer in at_once(&deployment.address, &vec![request; GOVERNED]).await? {
        let body = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == 200, "{}: {body}", answer.status);
    }
    eprintln!("{GOVERNED} requests at once: {:?}", begun.elapsed());
    let rows = audit_rows(deployment, &agent.id, GOVERNED).await?;
    ensure!(rows == GOVERNED, "{rows} audit rows instead of {GOVERNED}");
    let reached = upstream.take_received().len();
    ensure!(
        reached == GOVERNED,
        "{reached} requests reached the upstream"
    );
    Ok(())
}

/// Sends each on a connection of its own.
///
/// # Errors
/// If one is not answered.
pub async fn at_once(address: &str, requests: &[Request]) -> Result<Vec<Response>> {
    let mut sending = JoinSet::new();
    for request in requests {
        let (request, address) = (request.clone(), address.to_owned());
        sending.spawn(async move { request.send_within(&address, PATIENCE).await });
    }
    sending.join_all().await.into_iter().collect()
}
