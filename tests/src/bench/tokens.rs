//! Governed calls while others ask for tokens with wrong secrets: what it does to their
//! time, in one run. A failing token request costs as much computing as one that
//! succeeds, so it is the cheapest way to keep a gateway busy.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use super::load::{Figures, Load};
use super::native;
use super::process::CpuClock;
use crate::agent::Agent;
use crate::client::Request;
use crate::process::{ADMIN_KEY, Home, Setup};

/// Connections with governed calls, and the time between two calls of one.
const CONNECTIONS: usize = 8;
const PACE: Duration = Duration::from_millis(20);
/// Token requests that fail, and how many are sent at a time.
const FAILING: usize = 500;
const AT_A_TIME: usize = 16;
/// The cost of bcrypt as it is by default; other tests have a lower one.
const COST: u32 = 11;
/// As shipped one address is soon locked out; without, every request is computed, as
/// if each came from an address of its own.
const LOCKOUTS: [(&str, bool); 2] = [("as shipped", true), ("without lockout", false)];

/// One stretch of governed calls.
struct Stretch {
    figures: Figures,
    /// Share of one core that the server used.
    cores: f64,
}

/// Measures and prints. `alone` is how long each stretch takes.
///
/// # Errors
/// If a governed call is not answered with 200, or a token request not with 401 or 503.
pub async fn run(alone: Duration) -> Result<()> {
    println!(
        "{CONNECTIONS} connections with a governed call each {} ms; {FAILING} failing token \
         requests, {AT_A_TIME} at a time",
        PACE.as_millis()
    );
    println!(
        "{:<10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12} {:>7}",
        "", "calls", "p50 ms", "p90 ms", "p99 ms", "max ms", "tokens in s", "cores"
    );
    let upstream = native::Fixed::start().await?;
    for (name, lockout) in LOCKOUTS {
        println!("{name}");
        measure(&upstream.host(), lockout, alone).await?;
    }
    Ok(())
}

/// A stretch alone before and after those beside the token requests.
async fn measure(upstream: &str, lockout: bool, alone: Duration) -> Result<()> {
    let home = Home::new(Setup {
        settings: json!({
            "System": { "RateLimit": { "Enabled": false } },
            "Security": { "AgentAuth": { "BcryptCost": COST, "Lockout": { "Enabled": lockout } } },
        }),
        allowed_upstreams: vec![upstream.to_owned()],
        ..Setup::default()
    })?;
    let vectra = home.up().await?;
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "bench", None).await?;
    let load = Load::get(vectra.address(), &format!("/proxy/http://{upstream}/items"))
        .bearer(&agent.token)
        .paced(PACE);
    let clock = CpuClock::new(vectra.id().context("it has ended")?)?;
    load.run(CONNECTIONS, alone / 5).await?;

    let mut quiet = vec![stretch(&load, &clock, alone).await?];
    let mut failing = tokio::spawn(fail(vectra.address().to_owned(), agent.id.clone()));
    let mut beside = Vec::new();
    let (took, refused) = loop {
        beside.push(stretch(&load, &clock, alone).await?);
        if failing.is_finished() {
            break (&mut failing).await??;
        }
    };
    quiet.push(stretch(&load, &clock, alone).await?);
    for part in &quiet {
        print("alone", part, None);
    }
    for part in &beside {
        print("beside", part, Some(took));
    }
    let mean = |parts: &[Stretch]| {
        parts.iter().map(|part| p99(&part.figures)).sum::<f64>() / parts.len() as f64
    };
    println!(
        "{refused} token requests found the queue full; mean p99 beside to alone: {:.2}",
        mean(&beside) / mean(&quiet)
    );
    Ok(())
}

async fn stretch(load: &Load, clock: &CpuClock, duration: Duration) -> Result<Stretch> {
    let (before, begun) = (clock.read()?, Instant::now());
    let figures = load.run(CONNECTIONS, duration).await?;
    let spent = clock.read()?.saturating_sub(before);
    Ok(Stretch {
        figures,
        cores: spent.as_secs_f64() / begun.elapsed().as_secs_f64(),
    })
}

/// Sends the failing token requests and says how long they took, and how many were
/// refused before they were looked at.
async fn fail(address: String, agent: String) -> Result<(Duration, usize)> {
    let (begun, mut refused) = (Instant::now(), 0);
    let mut sending = JoinSet::new();
    for number in 0..FAILING {
        if sending.len() >= AT_A_TIME {
            refused += sending.join_next().await.context("nothing under way")???;
        }
        let body = json!({ "agentId": agent, "clientSecret": format!("a wrong secret {number}") });
        let (request, address) = (Request::new("POST", "/tokens").json(&body), address.clone());
        sending.spawn(async move {
            let status = request.send(&address).await?.status;
            ensure!(matches!(status, 401 | 503), "{status}");
            Ok::<_, anyhow::Error>(usize::from(status == 503))
        });
    }
    while let Some(sent) = sending.join_next().await {
        refused += sent??;
    }
    Ok((begun.elapsed(), refused))
}

fn p99(figures: &Figures) -> f64 {
    figures.percentile(0.99).as_secs_f64() * 1e3
}

fn print(name: &str, stretch: &Stretch, tokens: Option<Duration>) {
    let Stretch { figures, cores } = stretch;
    let at = |share| figures.percentile(share).as_secs_f64() * 1e3;
    let tokens = tokens.map_or(String::new(), |took| format!("{:.1}", took.as_secs_f64()));
    println!(
        "{name:<10} {:>9} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {tokens:>12} {cores:>7.2}",
        figures.requests,
        at(0.50),
        at(0.90),
        at(0.99),
        at(1.0),
    );
}
