//! Against a gateway that somebody else has started: `cargo xtask conformance --url`.

use std::env;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use vectra_tests::DEADLINE;
use vectra_tests::conformance::{Addresses, Gateway, Given, Host, Program, Stock, Suite};
use vectra_tests::process::{ADMIN_KEY, Home, Setup, TOKEN_SECRET};

use crate::trial;

/// What `cargo xtask conformance` hands over, each in an environment variable: keys are
/// seen by nobody else there.
const PREFIX: &str = "VECTRA_CONFORMANCE_";

/// The gateway that is named, if one is.
pub fn given() -> Result<Option<Gateway>> {
    let said = |name: &str| env::var(format!("{PREFIX}{name}")).ok();
    let Some(url) = said("URL") else {
        return Ok(None);
    };
    Ok(Some(Gateway {
        address: Gateway::address_of(&url)?,
        admin_key: said("ADMIN_KEY").context("there is no admin key")?,
        token_secret: said("TOKEN_SECRET"),
        addresses: Addresses {
            upstream: said("UPSTREAM"),
            closed: said("CLOSED"),
        },
        file: said("DATA_FILE").map(Into::into),
        isolated: said("ISOLATED").is_some(),
    }))
}

/// Runs what can be run there, one after the other: rows are counted.
pub fn run(arguments: &Arguments, suite: &Suite, gateway: Gateway) -> ExitCode {
    let left_out = suite.left_out::<Given>(&gateway);
    for (case, reason) in &left_out {
        eprintln!("not run: {case}: {reason}");
    }
    eprintln!("not run in all: {}", left_out.len());
    if gateway.file.is_none() {
        eprintln!("history rows are not looked at: they are in the database (--data-file) only");
    }
    let mut arguments = arguments.clone();
    arguments.test_threads = Some(1);
    let host = env::var(format!("{PREFIX}HOST"));
    let trials = suite.trials::<Given>(host.as_deref().unwrap_or("url"), gateway);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// This mode itself.
pub fn trials(runtime: &Arc<Runtime>, program: &Program) -> Vec<Trial> {
    let program = program.clone();
    let name = program.name();
    vec![
        trial(
            runtime,
            "url::asks_vectra_up_and_reads_its_file".to_owned(),
            || async { vectra_up().await },
        ),
        trial(
            runtime,
            format!("url::asks_{name}_and_nothing_but_its_interface"),
            move || async move { stock(&program).await },
        ),
        trial(
            runtime,
            "url::fails_where_no_gateway_of_ours_answers".to_owned(),
            || async { nobody().await },
        ),
    ]
}

async fn vectra_up() -> Result<()> {
    let addresses = two_addresses().await?;
    let home = Home::new(Setup {
        allowed_upstreams: addresses.to_vec(),
        ..Setup::default()
    })?;
    let vectra = home.up().await?;
    let file = home.database().display().to_string();
    let given = [
        ("TOKEN_SECRET", TOKEN_SECRET),
        ("DATA_FILE", file.as_str()),
        ("ISOLATED", "1"),
    ];
    let (passed, output) = ask(vectra.address(), &addresses, &given).await?;
    ensure!(passed, "{output}");
    // Settings and restarts are not to be had; all else has run.
    for reason in ["it needs settings of its own", "it needs a restart"] {
        ensure!(output.contains(reason), "no `{reason}` in:\n{output}");
    }
    for silent in ["(--isolated)", "(--token-secret)", "history rows are not"] {
        ensure!(!output.contains(silent), "`{silent}` in:\n{output}");
    }
    Ok(())
}

async fn stock(program: &Program) -> Result<()> {
    let addresses = two_addresses().await?;
    let stock = Stock::bare(program, &Value::Null, &addresses).await?;
    let host = program.name();
    let given = [("HOST", host.as_str())];
    let (passed, output) = ask(&stock.deployment()?.address, &addresses, &given).await?;
    ensure!(passed, "{output}");
    for reason in ["(--isolated)", "(--token-secret)", "history rows are not"] {
        ensure!(output.contains(reason), "no `{reason}` in:\n{output}");
    }
    Ok(())
}

async fn nobody() -> Result<()> {
    let addresses = two_addresses().await?;
    let [_, closed] = &addresses;
    let (passed, output) = ask(closed, &addresses, &[]).await?;
    ensure!(!passed, "it passed:\n{output}");
    ensure!(output.contains("cannot connect"), "{output}");
    Ok(())
}

/// Runs this program against a gateway; whether all passed, and what it said.
async fn ask(
    address: &str,
    addresses: &[String; 2],
    given: &[(&str, &str)],
) -> Result<(bool, String)> {
    let [upstream, closed] = addresses;
    let mut command = Command::new(env::current_exe()?);
    command
        .env(format!("{PREFIX}URL"), format!("http://{address}"))
        .env(format!("{PREFIX}ADMIN_KEY"), ADMIN_KEY)
        .env(format!("{PREFIX}UPSTREAM"), upstream)
        .env(format!("{PREFIX}CLOSED"), closed);
    for (name, value) in given {
        command.env(format!("{PREFIX}{name}"), value);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(DEADLINE * 10, command.output())
        .await
        .context("it does not end")??;
    let mut text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stdout));
    Ok((output.status.success(), text))
}

/// Two addresses that nobody listens on now.
async fn two_addresses() -> Result<[String; 2]> {
    let (one, other) = (
        TcpListener::bind("127.0.0.1:0").await?,
        TcpListener::bind("127.0.0.1:0").await?,
    );
    Ok([
        one.local_addr()?.to_string(),
        other.local_addr()?.to_string(),
    ])
}
