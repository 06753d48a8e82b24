//! Requests per second, side by side in one run: a native reverse proxy, a wasm
//! hello, and the governed pipeline. No thresholds: it prints what it measures.

pub mod load;
pub mod native;
pub mod persistence;
mod process;
pub mod tokens;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::agent::Agent;
use crate::dist::dist;
use crate::process::{ADMIN_KEY, Home, Setup};
use load::{Figures, Load};
use process::CpuClock;

/// Connections of the load generator.
const CONNECTIONS: usize = 16;

/// One measured server.
struct Row {
    name: &'static str,
    figures: Figures,
    /// Server CPU per request, in microseconds.
    cpu: f64,
}

/// Measures all three, `duration` each, and prints a table. `this_binary` is the
/// one that knows the command `native-proxy`.
///
/// # Errors
/// If a server does not come up or answers anything but 200.
pub async fn run(this_binary: &Path, duration: Duration) -> Result<()> {
    let upstream = native::Fixed::start().await?;
    let rows = [
        native_proxy(this_binary, &upstream.host(), duration)
            .await
            .context("native proxy")?,
        wasm_hello(duration).await.context("wasm hello")?,
        governed(&upstream.host(), duration)
            .await
            .context("governed pipeline")?,
    ];
    print(&rows, duration);
    Ok(())
}

async fn native_proxy(binary: &Path, upstream: &str, duration: Duration) -> Result<Row> {
    let server = process::Spawned::native_proxy(binary).await?;
    let load = Load::get(server.address(), &format!("/proxy/http://{upstream}/items"));
    measure("native hyper proxy", &load, server.id()?, duration).await
}

async fn wasm_hello(duration: Duration) -> Result<Row> {
    let home = Home::new(Setup::default())?;
    let vectra = home.up_with(&dist("guests/plain.wasm")?).await?;
    let load = Load::get(vectra.address(), "/");
    measure(
        "wasm hello, no proxy",
        &load,
        vectra.id().context("it has ended")?,
        duration,
    )
    .await
}

async fn governed(upstream: &str, duration: Duration) -> Result<Row> {
    let home = Home::new(Setup {
        settings: json!({ "System": { "RateLimit": { "Enabled": false } } }),
        allowed_upstreams: vec![upstream.to_owned()],
        ..Setup::default()
    })?;
    let vectra = home.up().await?;
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "bench", None).await?;
    let load = Load::get(vectra.address(), &format!("/proxy/http://{upstream}/items"))
        .bearer(&agent.token);
    measure(
        "governed pipeline",
        &load,
        vectra.id().context("it has ended")?,
        duration,
    )
    .await
}

async fn measure(name: &'static str, load: &Load, server: u32, duration: Duration) -> Result<Row> {
    eprintln!("    {name}: {} s after a short warm-up", duration.as_secs());
    load.run(CONNECTIONS, duration / 5).await?;
    let clock = CpuClock::new(server)?;
    let before = clock.read()?;
    let figures = load.run(CONNECTIONS, duration).await?;
    let spent = clock.read()?.saturating_sub(before);
    let cpu = spent.as_secs_f64() * 1e6 / figures.requests as f64;
    Ok(Row { name, figures, cpu })
}

fn print(rows: &[Row], duration: Duration) {
    println!(
        "{CONNECTIONS} connections, {} s each, load generator and upstream on the same machine",
        duration.as_secs()
    );
    println!(
        "{:<22} {:>11} {:>9} {:>9} {:>12} {:>16} {:>10}",
        "", "requests/s", "p50 ms", "p99 ms", "CPU µs/req", "rate to native", "CPU to it"
    );
    let Some(native) = rows.first() else { return };
    for Row { name, figures, cpu } in rows {
        println!(
            "{name:<22} {:>11.0} {:>9.2} {:>9.2} {cpu:>12.0} {:>16.2} {:>10.1}",
            figures.per_second(),
            figures.percentile(0.50).as_secs_f64() * 1e3,
            figures.percentile(0.99).as_secs_f64() * 1e3,
            figures.per_second() / native.figures.per_second(),
            cpu / native.cpu,
        );
    }
}
