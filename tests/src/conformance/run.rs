//! Runs cases.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::case::{Case, Content, Decision, Frame, Group, Reached, UpstreamAnswer};
use super::expect;
use super::host::Host;
use super::records::{Mark, View};
use super::steps;
use super::variables::Variables;
use crate::client::Framing;
use crate::upstream::{Answer, Received, Upstream};

/// A group's gateway and upstream, used by one case at a time.
pub struct GroupRun<H> {
    pub(super) host: H,
    pub(super) upstream: Upstream,
    /// An address that nobody listens on, though the gateway may call it.
    pub(super) closed: String,
}

impl<H: Host> GroupRun<H> {
    /// Starts both.
    ///
    /// # Errors
    /// If one does not come up.
    pub async fn start(group: &Group, place: &H::Place) -> Result<Self> {
        let addresses = H::addresses(place);
        let upstream = match addresses.upstream {
            None => Upstream::start().await?,
            Some(address) => Upstream::start_at(&address).await?,
        };
        let closed = match addresses.closed {
            Some(address) => address,
            None => {
                let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
                taken.local_addr()?.to_string()
            }
        };
        let allowed = [upstream.host(), closed.clone()];
        let host = H::start(group, &allowed, place).await?;
        Ok(Self {
            host,
            upstream,
            closed,
        })
    }

    /// Its rows as they are now.
    async fn view(&self) -> Result<View> {
        let deployment = self.host.deployment()?;
        View::of(&deployment).await
    }
}

/// Runs one case.
///
/// # Errors
/// At the first thing that is not as it must be.
pub async fn run_case<H: Host>(run: &mut GroupRun<H>, case: &Case) -> Result<()> {
    run.upstream.answer(
        case.upstream_answers
            .as_ref()
            .map_or_else(Answer::default, answer),
    );
    let _ = run.upstream.take_received();
    let deployment = run.host.deployment()?;
    let before = deployment
        .records
        .settled(async || run.view().await?.mark().await);
    let before = before.await?;

    let mut variables = Variables::default();
    variables.set("adminKey", deployment.admin_key);
    variables.set("upstream", format!("http://{}", run.upstream.host()));
    variables.set("upstreamHost", run.upstream.host());
    variables.set("closed", format!("http://{}", run.closed));
    let mut sent = Vec::new();
    for (at, step) in case.steps.iter().enumerate() {
        steps::take(run, step, &mut variables, &mut sent)
            .await
            .with_context(|| format!("step {}", at + 1))?;
    }

    let records = deployment.records;
    let decided = records.settled(async || check_decisions(run, case, &variables, &before).await);
    decided.await?;
    check_reached(
        &run.upstream.take_received(),
        &case.reached,
        &variables,
        &sent,
    )
}

fn answer(written: &UpstreamAnswer) -> Answer {
    Answer {
        status: written.status,
        headers: written.headers.clone(),
        body: match written.body {
            Content::Echo => None,
            ref other => Some(other.bytes(&[]).into()),
        },
        framing: framing(written.framing),
    }
}

/// The client's word for it.
pub(super) fn framing(written: Frame) -> Framing {
    match written {
        Frame::Length => Framing::Length,
        Frame::Chunked => Framing::Chunked,
    }
}

/// Exactly the decisions that are written down are there, each as an audit row
/// and a history row, and no other row has come, whoever's it were.
async fn check_decisions<H: Host>(
    run: &GroupRun<H>,
    case: &Case,
    variables: &Variables,
    before: &Mark,
) -> Result<()> {
    let view = run.view().await?;
    let expected: Vec<&Decision> = case
        .decisions
        .iter()
        .flat_map(|decision| std::iter::repeat_n(decision, decision.times as usize))
        .collect();
    let wanted = i64::try_from(expected.len())?;
    for (kind, rows) in view.since(before).await? {
        ensure!(rows == wanted, "{rows} new {kind} rows instead of {wanted}");
    }

    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for decision in expected {
        let place = seen.entry(&decision.agent).or_default();
        let agent = variables.get(&decision.agent)?;
        let audit = view.audit(agent).await?;
        let history = match view.history(agent).await? {
            None => None,
            Some(rows) => Some(rows.get(*place).context("no history row")?.clone()),
        };
        check_decision(decision, audit.get(*place), history.as_ref(), variables)
            .with_context(|| format!("decision {} of `{}`", *place + 1, decision.agent))?;
        *place += 1;
    }
    Ok(())
}

/// History is compared where it can be read.
fn check_decision(
    decision: &Decision,
    audit: Option<&Value>,
    history: Option<&Value>,
    variables: &Variables,
) -> Result<()> {
    let audit = audit.context("no audit row")?;
    // The seed's integers.
    let code = match decision.outcome.as_str() {
        "Allow" => 0,
        "Deny" => 1,
        "Hitl" => 2,
        other => anyhow::bail!("no outcome `{other}`"),
    };
    let must = serde_json::json!({ "DecisionType": code, "Id": "${uuid}", "Timestamp": "${time}" });
    expect::holds(audit, &must, "audit")?;
    if let Some(history) = history {
        expect::holds(history, &must, "history")?;
        for name in ["Method", "Path", "Timestamp"] {
            ensure!(
                audit.get(name) == history.get(name),
                "{name} differs: {audit} and {history}"
            );
        }
    }
    let columns = Value::Object(decision.audit.clone().into_iter().collect());
    expect::holds(audit, &variables.fill_json(&columns)?, "audit")
}

fn check_reached(
    received: &[Received],
    expected: &[Reached],
    variables: &Variables,
    sent: &[u8],
) -> Result<()> {
    let expected: Vec<&Reached> = expected
        .iter()
        .flat_map(|reached| std::iter::repeat_n(reached, reached.times as usize))
        .collect();
    ensure!(
        received.len() == expected.len(),
        "{} requests reached the upstream instead of {}: {:?}",
        received.len(),
        expected.len(),
        received
            .iter()
            .map(|one| format!("{} {}", one.method, one.target))
            .collect::<Vec<_>>()
    );
    for (received, expected) in received.iter().zip(expected) {
        let request = format!("{} {}", received.method, received.target);
        let wanted = variables.fill(&expected.request)?;
        ensure!(
            request == wanted,
            "`{request}` reached the upstream instead of `{wanted}`"
        );
        for (name, value) in &expected.headers {
            expect::header(name, &received.values(name), &variables.fill_json(value)?)?;
        }
        for name in &expected.absent_headers {
            let values = received.values(name);
            ensure!(
                values.is_empty(),
                "header {name} reached the upstream: {values:?}"
            );
        }
        if let Some(body) = &expected.body {
            expect::bytes("body at the upstream", &received.body, &body.bytes(sent))?;
        }
    }
    Ok(())
}
