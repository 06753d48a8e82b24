//! What must hold before a change is landed.

use anyhow::Result;

use crate::components::{self, TARGET, TARGET_DIR};
use crate::conformance;
use crate::fuzz::{self, Effort};
use crate::guests;
use crate::host::{self, HostProfile};
use crate::hosts;
use crate::isolate;
use crate::kit;
use crate::licences;
use crate::postgres::Server;
use crate::programs;
use crate::providers;
use crate::publish;
use crate::step::{Failures, run, step};
use crate::workspace::Workspace;

/// Runs of the crash test that are part of every test: each kind of kill at least once.
const CRASH_RUNS: u32 = 8;

/// Inputs of each fuzz target when everything is tested: all seeds, and some more. Every test
/// has those of `fuzz/targets/tests`.
const FUZZ_INPUTS: u64 = 5_000;

/// Formatting, clippy and licences; says all that is wrong, not only the first.
pub fn check(workspace: &Workspace) -> Result<()> {
    let mut failures = Failures::default();
    check_into(workspace, &mut failures);
    failures.finish()
}

/// Everything of [`check`], then all tests: those of the libraries, of the
/// components, the end-to-end tests over `dist/` and a short crash test; with `all` also what
/// takes long or needs other people's hosts.
pub fn test(workspace: &Workspace, all: bool) -> Result<()> {
    programs::ensure_all()?;
    programs::ensure_browser(workspace)?;
    let mut failures = Failures::default();
    check_into(workspace, &mut failures);
    let built = host::build_all(workspace, HostProfile::Dev).and_then(|_| guests::build(workspace));
    match built {
        Ok(()) => {
            // What needs these says so by failing; all else is tested all the same.
            failures.step("providers", || providers::build(workspace));
            failures.step("examples", || kit::build(workspace));
            failures.step("other hosts", || hosts::ensure(workspace));
            failures.step("running all tests", || {
                run_tests(workspace, &["--no-fail-fast".to_owned()])
            });
            failures.step("crash test", || crash(workspace, CRASH_RUNS, None));
        }
        // The libraries' tests need no bundle: they still say what they can.
        Err(error) => {
            failures.step("building dist/", || Err(error));
            failures.step("running the tests that need no dist/", || {
                run(isolate::cargo_test(workspace)?.args(["--no-fail-fast", "--lib", "--bins"]))
            });
        }
    }
    if all {
        failures.step("licences of what is built apart", || {
            licences::check_apart(workspace)
        });
        failures.step("the conformance suite on every host", || {
            conformance::everywhere(workspace)
        });
        failures.step("every text of the databases at every endpoint", || {
            let server = Server::for_tests()?;
            let mut command = isolate::cargo_test(workspace)?;
            server.tell(&mut command);
            run(command
                .args(["--test", "faults"])
                .env("VECTRA_ALL_TEXTS", "1"))
        });
        failures.step("other policy engines", || {
            kit::build_policies(workspace)?;
            run_tests(workspace, &["--test".to_owned(), "engines".to_owned()])
        });
        failures.step("publishing", || publish::prove(workspace));
        failures.step("fuzzing", || {
            fuzz::fuzz(workspace, Effort::Inputs(FUZZ_INPUTS))
        });
    }
    failures.finish()?;
    eprintln!("==> all is well");
    Ok(())
}

/// Builds `dist/` and runs `cargo test` with these arguments.
pub fn test_only(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    programs::ensure()?;
    let named = arguments.iter().any(|argument| argument == "--test");
    if !named || arguments.iter().any(|argument| argument == "console") {
        programs::ensure_browser(workspace)?;
    }
    build(workspace)?;
    run_tests(workspace, arguments)
}

/// Everything that tests look for in `dist/`.
fn build(workspace: &Workspace) -> Result<()> {
    host::build_all(workspace, HostProfile::Dev)?;
    guests::build(workspace)?;
    providers::build(workspace)?;
    kit::build(workspace)?;
    hosts::ensure(workspace)
}

/// Runs `cargo test` with a PostgreSQL for those that need one.
fn run_tests(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let server = Server::for_tests()?;
    let mut command = isolate::cargo_test(workspace)?;
    server.tell(&mut command);
    run(command.args(arguments))
}

fn check_into(workspace: &Workspace, failures: &mut Failures) {
    failures.step("checking the formatting", || {
        run(workspace.cargo("fmt").args(["--all", "--check"]))?;
        run(workspace
            .cargo("fmt")
            .args(["--manifest-path", "fuzz/Cargo.toml", "--check"]))?;
        run(workspace.cargo("fmt").args([
            "--manifest-path",
            "xtask/publish/Cargo.toml",
            "--check",
        ]))?;
        run(workspace.cargo("fmt").args([
            "--manifest-path",
            "examples/policies/Cargo.toml",
            "--all",
            "--check",
        ]))
    });
    failures.step("clippy on the libraries, the host and the tests", || {
        run(workspace
            .cargo("clippy")
            .args(["--all-targets", "--", "-D", "warnings"]))
    });
    failures.step("clippy on the components and the guests", || {
        components::ensure_target(workspace)?;
        run(workspace
            .cargo("clippy")
            .args(["--target", TARGET, "--target-dir", TARGET_DIR])
            .args(components::package_arguments())
            .args(kit::package_arguments())
            .args(guests::package_arguments(workspace)?)
            .args(["--", "-D", "warnings"]))
    });
    failures.step("clippy on the providers", || providers::lint(workspace));
    failures.step("checking licences and bans", || licences::check(workspace));
}

/// What a benchmark looks at.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Measured {
    /// The governed pipeline beside a native proxy and a wasm hello.
    Http,
    /// Governed calls while token requests fail, beside the same calls alone.
    Tokens,
    /// Durable decisions on SQLite and PostgreSQL.
    Persistence,
}

/// Measures and prints.
pub fn bench(workspace: &Workspace, what: Measured, seconds: u64) -> Result<()> {
    if what != Measured::Persistence {
        host::build_all(workspace, HostProfile::Dev)?;
        guests::build(workspace)?;
    } else {
        programs::ensure()?;
    }
    step("measuring", || {
        let mut command = workspace.cargo("run");
        command
            .args(["--quiet", "--bin", "vectra-bench", "--", "--seconds"])
            .arg(seconds.to_string());
        match what {
            Measured::Http => {}
            Measured::Tokens => drop(command.arg("tokens")),
            Measured::Persistence => drop(command.arg("persistence")),
        }
        run(&mut command)
    })
}

/// Builds `dist/` and runs the crash test so many times; with the seed of another one
/// at the same moments.
pub fn crash_test(workspace: &Workspace, runs: u32, seed: Option<u64>) -> Result<()> {
    programs::ensure()?;
    host::build_all(workspace, HostProfile::Dev)?;
    step("crash test", || crash(workspace, runs, seed))
}

fn crash(workspace: &Workspace, runs: u32, seed: Option<u64>) -> Result<()> {
    let mut command = workspace.cargo("run");
    // The tests' own profile: nothing is built again for it.
    command.args(["--quiet", "--profile", "test", "--bin", "vectra-crash-test"]);
    command.args(["--", "--runs"]);
    command.arg(runs.to_string());
    if let Some(seed) = seed {
        command.args(["--seed", &seed.to_string()]);
    }
    run(&mut command)
}
