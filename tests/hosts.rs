//! Runs the cases of `tests/conformance` on other people's hosts, and against a gateway at a
//! URL (`cargo xtask conformance`).
//!
//! Without further notice on the wasmtime that our runtime is built on; with
//! `VECTRA_ALL_HOSTS=1` on all hosts.

#[path = "hosts/at_once.rs"]
mod at_once;
#[path = "hosts/bundles.rs"]
mod bundles;
#[path = "hosts/by_url.rs"]
mod by_url;
#[path = "hosts/killed.rs"]
mod killed;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;
use vectra_tests::conformance::{Program, Stock, Suite, WASMTIME, prepare};

/// The host that every test run includes.
const ALWAYS: &str = "48";

fn main() -> ExitCode {
    match run(&Arguments::from_args()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let suite = Suite::read()?;
    if let Some(gateway) = by_url::given()? {
        return Ok(by_url::run(arguments, &suite, gateway));
    }
    // Some cases try forbidden targets: were the guard to fail, it must reach nothing.
    ensure!(
        env::var_os("VECTRA_ISOLATED").is_some(),
        "run this as `cargo xtask test -- --test hosts`"
    );
    let programs = programs();
    let runtime = suite.runtime();
    let mut trials = bundles::trials(&programs);
    let mut needed = Vec::new();
    for program in programs {
        let mut its = suite.trials::<Stock>(&program.name(), program.clone());
        its.extend(at_once::trials(&runtime, &program));
        if let Program::Wasmtime(_) = program {
            its.extend(killed::trials(&runtime, &program));
        }
        if let Program::Wasmtime(ALWAYS) = program {
            its.extend(by_url::trials(&runtime, &program));
        }
        if its.iter().any(|trial| is_asked_for(arguments, trial)) {
            needed.push(program);
        }
        trials.extend(its);
    }
    bundles::print(&needed)?;
    for program in &needed {
        prepare(program)?;
    }
    Ok(libtest_mimic::run(arguments, trials).exit_code())
}

/// What is not run needs no host.
fn is_asked_for(arguments: &Arguments, trial: &Trial) -> bool {
    let filter = arguments.filter.as_deref().unwrap_or_default();
    trial.name().contains(filter)
}

fn programs() -> Vec<Program> {
    if env::var_os("VECTRA_ALL_HOSTS").is_none() {
        return vec![Program::Wasmtime(ALWAYS)];
    }
    let mut programs: Vec<Program> = WASMTIME.into_iter().map(Program::Wasmtime).collect();
    programs.extend([Program::Wash, Program::Node]);
    if is_there_a_spin() {
        programs.push(Program::Spin);
    } else {
        eprintln!("not run on Spin: there is no `spin` on PATH");
    }
    programs
}

/// Whether `spin` is on PATH, and is the runtime: Debian has another program of this name.
fn is_there_a_spin() -> bool {
    let told = std::process::Command::new("spin").arg("--version").output();
    told.is_ok_and(|output| {
        let told = String::from_utf8_lossy(&output.stdout);
        let version = told.strip_prefix("spin ").unwrap_or_default();
        version.starts_with(|first: char| first.is_ascii_digit())
    })
}

/// A test that is no case.
fn trial<F>(
    runtime: &Arc<Runtime>,
    name: String,
    test: impl FnOnce() -> F + Send + 'static,
) -> Trial
where
    F: Future<Output = Result<()>>,
{
    let runtime = Arc::clone(runtime);
    Trial::test(name, move || {
        let came = runtime.block_on(test());
        came.map_err(|error| Failed::from(format!("{error:#}")))
    })
}
