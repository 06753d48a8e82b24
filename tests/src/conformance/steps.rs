//! Takes the steps of a case.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::case::{Content, Expect, Register, Send, Step};
use super::expect;
use super::host::{Host, policy_text};
use super::run::{GroupRun, framing};
use super::variables::Variables;
use crate::agent::Agent;
use crate::client::{Request, Response};

/// Takes one step. `sent` is the body of the last request that had one.
pub(super) async fn take<H: Host>(
    run: &mut GroupRun<H>,
    step: &Step,
    variables: &mut Variables,
    sent: &mut Vec<u8>,
) -> Result<()> {
    match step {
        Step::Register(agent) => register(run, agent, variables).await,
        Step::Send(request) => send(run, request, variables, sent).await,
        Step::Mint(mint) => {
            let mut mint = mint.clone();
            mint.subject = variables.fill(&mint.subject)?;
            let secret = run.host.deployment()?.token_secret;
            let token = mint.token(&secret.context("the token secret is not known")?)?;
            variables.set(&mint.name, token);
            Ok(())
        }
        Step::SecondsLeftInMinute(seconds) => seconds_left_in_minute(*seconds).await,
        Step::WritePolicy { file, content } => {
            run.host.set_policy(file, Some(&policy_text(content)))
        }
        Step::RemovePolicy(file) => run.host.set_policy(file, None),
        Step::Restart => run.host.restart().await,
    }
}

async fn register<H: Host>(
    run: &GroupRun<H>,
    agent: &Register,
    variables: &mut Variables,
) -> Result<()> {
    let deployment = run.host.deployment()?;
    let policy = agent.policy.as_deref();
    let registered = Agent::register(
        &deployment.address,
        &deployment.admin_key,
        &agent.name,
        policy,
    )
    .await?;
    variables.set(&agent.name, registered.id);
    variables.set(&format!("{}.secret", agent.name), registered.secret);
    variables.set(&format!("{}.token", agent.name), registered.token);
    Ok(())
}

async fn send<H: Host>(
    run: &GroupRun<H>,
    written: &Send,
    variables: &mut Variables,
    sent: &mut Vec<u8>,
) -> Result<()> {
    let request = request(written, variables)?;
    if !request.body.is_empty() {
        sent.clone_from(&request.body);
    }
    let deployment = run.host.deployment()?;
    let attempt = async {
        let mut last = None;
        for _ in 0..written.times {
            let response = request.send(&deployment.address).await?;
            check(&response, &written.expect, variables, &request.body)?;
            last = Some(response);
        }
        last.context("it was sent no time")
    };
    let last = attempt.await.with_context(|| written.request.clone())?;
    for (name, pointer) in &written.keep {
        let document = last.json()?;
        let value = document
            .pointer(pointer)
            .with_context(|| format!("no {pointer} in {document}"))?;
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        variables.set(name, text);
    }
    Ok(())
}

fn request(written: &Send, variables: &Variables) -> Result<Request> {
    let line = variables.fill(&written.request)?;
    let (method, target) = line
        .split_once(' ')
        .context("a request is `METHOD target`")?;
    let mut request = Request::new(method, target);
    for (name, value) in &written.headers {
        request = request.header(name, &variables.fill(value)?);
    }
    if let Some(token) = &written.bearer {
        request = request.bearer(&variables.fill(token)?);
    }
    if let Some(token) = &written.vectra_bearer {
        request = request.header(
            "Vectra-Authorization",
            &format!("Bearer {}", variables.fill(token)?),
        );
    }
    let content = match &written.body {
        Content::Json(document) => Content::Json(variables.fill_json(document)?),
        Content::Text(text) => Content::Text(variables.fill(text)?),
        other => other.clone(),
    };
    let typed = request
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if matches!(content, Content::Json(_)) && !typed {
        request = request.header("Content-Type", "application/json");
    }
    request.body = content.bytes(&[]);
    request.framing = framing(written.framing);
    Ok(request)
}

fn check(response: &Response, expected: &Expect, variables: &Variables, sent: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(&response.body);
    let start: String = text.chars().take(500).collect();
    ensure!(
        response.status == expected.status,
        "{} instead of {}: {start}",
        response.status,
        expected.status
    );
    ensure!(
        response.values("vectra-version").len() == 1,
        "no Vectra-Version: {:?}",
        response.headers
    );
    for (name, value) in &expected.headers {
        expect::header(name, &response.values(name), &variables.fill_json(value)?)?;
    }
    for name in &expected.absent_headers {
        let values = response.values(name);
        ensure!(values.is_empty(), "header {name} is there: {values:?}");
    }
    if let Some(json) = &expected.json {
        expect::holds(&response.json()?, &variables.fill_json(json)?, "")?;
    }
    if let Some(body) = &expected.body {
        expect::bytes("body", &response.body, &body.bytes(sent))?;
    }
    for never in &expected.never {
        let never = variables.fill(never)?;
        ensure!(
            !text.contains(&never),
            "the body holds what it never may: {start}"
        );
    }
    Ok(())
}

/// Waits for the next minute unless this one is long enough: at most `seconds`.
async fn seconds_left_in_minute(seconds: u64) -> Result<()> {
    let second = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 60;
    let left = 60 - second;
    if left < seconds {
        tokio::time::sleep(Duration::from_secs(left)).await;
    }
    Ok(())
}
