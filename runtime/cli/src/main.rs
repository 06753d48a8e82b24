//! The `vectra` command.

mod bundle;
mod capabilities;
mod commands;
mod config;
mod database;
mod export;
mod lifecycle;
mod logging;
mod metrics;
mod secrets;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A governance gateway for AI agents.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  vectra up --allow-upstream 127.0.0.1:9000"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the gateway until it is told to stop (SIGTERM, Ctrl-C)
    Up(commands::up::Arguments),
    /// Says what is wrong with a configuration, all at once
    Check(commands::check::Arguments),
    /// Copies the SQLite database, also while it is served
    Backup(commands::backup::Arguments),
    /// Reads what was decided and done
    Audit(commands::audit::Arguments),
    /// Those who manage the gateway
    #[command(subcommand)]
    Operator(vectra_client::Operator),
    /// Those who call
    #[command(subcommand)]
    Agent(vectra_client::Agent),
    /// What agents prove themselves with
    #[command(subcommand)]
    Token(vectra_client::Token),
    /// What agents may do
    #[command(subcommand)]
    Policy(vectra_client::Policy),
    /// Which upstreams are given a rest
    #[command(subcommand)]
    Circuit(vectra_client::Circuit),
    /// Requests that wait for a human
    #[command(subcommand)]
    Hitl(vectra_client::Hitl),
    /// Secrets that the gateway adds to what it sends, so that agents never hold them
    #[command(subcommand)]
    Credential(vectra_client::Credential),
    /// Decisions that were made
    #[command(subcommand)]
    Decision(vectra_client::Decision),
    /// What happens outside requests, for hosts that do not see to it
    #[command(subcommand)]
    Lifecycle(vectra_client::Lifecycle),
    /// Brings over what the original gateway kept: agents and audit
    Import(commands::import::Arguments),
}

/// Exit codes: 0 as asked, 1 it failed or was refused, 2 the configuration or the
/// command line is wrong. Commands that ask a gateway also have 3 no key or no right, 4
/// not found, 5 not available.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What reads a configuration is told there how to log.
    if !matches!(arguments.command, Command::Up(_) | Command::Check(_)) {
        logging::start(logging::Format::default());
    }
    let outcome = match arguments.command {
        Command::Up(arguments) => commands::up::run(arguments),
        Command::Check(arguments) => commands::check::run(arguments),
        Command::Backup(arguments) => commands::backup::run(arguments),
        Command::Audit(arguments) => commands::audit::run(arguments),
        Command::Operator(command) => Ok(command.run()),
        Command::Agent(command) => Ok(command.run()),
        Command::Token(command) => Ok(command.run()),
        Command::Policy(command) => Ok(command.run()),
        Command::Circuit(command) => Ok(command.run()),
        Command::Hitl(command) => Ok(command.run()),
        Command::Credential(command) => Ok(command.run()),
        Command::Decision(command) => Ok(command.run()),
        Command::Lifecycle(command) => Ok(command.run()),
        Command::Import(arguments) => commands::import::run(arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("vectra: {error:#}");
        ExitCode::FAILURE
    })
}
