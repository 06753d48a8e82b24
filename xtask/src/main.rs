//! The commands of the README: `cargo xtask build | up | test | check | bench | crash-test |
//! fuzz | compose | conformance | publish`.

mod components;
mod compose;
mod conformance;
mod fuzz;
mod guests;
mod host;
mod hosts;
mod isolate;
mod kit;
mod licences;
mod postgres;
mod programs;
mod providers;
mod publish;
mod stamp;
mod step;
mod verify;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::host::HostProfile;
use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, runs and proves Vectra")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the components, the bundle and the host into dist/
    Build(BuildArgs),
    /// Builds, then serves on 127.0.0.1:7080 with vectra.db in the current folder
    Up(UpArgs),
    /// Formatting, clippy, licences, all tests, and a little of `crash-test` and `fuzz`
    Test(TestArgs),
    /// Formatting, clippy and licences
    Check,
    /// Requests per second beside a native proxy and a wasm hello; `bench persistence`:
    /// decisions recorded per second on both databases
    Bench(BenchArgs),
    /// Kills the gateway and PostgreSQL under load and looks for what is lost
    CrashTest(CrashTestArgs),
    /// Feeds tokens, key sets and connection strings with nonsense
    Fuzz(FuzzArgs),
    /// Composes a gateway of other people's components; see docs/compose.md
    Compose(kit::ComposeArgs),
    /// Runs the conformance suite against a gateway that somebody else has started
    Conformance(conformance::ConformanceArgs),
    /// Pushes components and WIT packages to a registry as OCI artefacts
    Publish(publish::PublishArgs),
    /// Becomes a test program, isolated if it tries forbidden targets
    #[command(hide = true)]
    RunTest(RunTestArgs),
}

#[derive(Args)]
struct BuildArgs {
    /// Builds the host with the release profile: slower to build, smaller, a little faster
    #[arg(long)]
    release: bool,
    /// Components and bundles only: all that another host needs, such as Spin
    #[arg(long, conflicts_with = "release")]
    components: bool,
    /// Also builds dist/vectra-standalone.wasm, the gateway for hosts without a database;
    /// needs clang and a libc for WebAssembly
    #[arg(long)]
    standalone: bool,
}

#[derive(Args)]
struct UpArgs {
    /// Handed to `vectra up`
    #[arg(last = true)]
    args: Vec<String>,
}

#[derive(Args)]
struct TestArgs {
    /// Runs everything, on every host; without it a part that is named in tests/README.md
    #[arg(long)]
    all: bool,
    /// Handed to `cargo test`, which is then all that runs: `-- -p vectra-tests --test gateway`
    #[arg(last = true)]
    args: Vec<String>,
}

#[derive(Args)]
struct RunTestArgs {
    #[arg(last = true, required = true)]
    program: Vec<std::ffi::OsString>,
}

#[derive(Args)]
struct BenchArgs {
    /// What to measure
    #[arg(default_value = "http")]
    what: verify::Measured,
    /// How long each target is measured, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

#[derive(Args)]
struct CrashTestArgs {
    /// How often
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
    /// Repeats the random moments of another test; the time if left out
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Args)]
struct FuzzArgs {
    /// How long each target runs, in seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    if let Command::RunTest(args) = cli.command {
        return isolate::become_test(&args.program);
    }
    let workspace = Workspace::locate()?;
    match cli.command {
        Command::Build(args) => {
            let profile = if args.release {
                HostProfile::Release
            } else {
                HostProfile::Dev
            };
            match args.components {
                true => host::build_components(&workspace)?,
                false => drop(host::build_all(&workspace, profile)?),
            }
            if args.standalone {
                providers::build(&workspace)?;
            }
            Ok(())
        }
        Command::Up(args) => host::up(&workspace, &args.args),
        Command::Test(args) if args.args.is_empty() => verify::test(&workspace, args.all),
        Command::Test(args) => verify::test_only(&workspace, &args.args),
        Command::RunTest(args) => isolate::become_test(&args.program),
        Command::Check => verify::check(&workspace),
        Command::Bench(args) => verify::bench(&workspace, args.what, args.seconds),
        Command::Fuzz(args) => fuzz::fuzz(&workspace, fuzz::Effort::Seconds(args.seconds)),
        Command::Compose(args) => kit::compose(&workspace, &args),
        Command::Conformance(args) => conformance::run(&workspace, &args),
        Command::Publish(args) => publish::publish(&workspace, &args),
        Command::CrashTest(args) => verify::crash_test(&workspace, args.runs, args.seed),
    }
}
