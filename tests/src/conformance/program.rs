//! Other people's hosts, and how each is started.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command as StdCommand, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::process::Command;

use super::records::Records;
use crate::database::Source;
use crate::dist::{dist, repository};

/// The lines of wasmtime that the standalone bundle is proven on: an old one that is still
/// maintained, the one that our runtime is built on, and a newer one. Their versions are in
/// `tests/hosts/requirements`.
pub const WASMTIME: [&str; 3] = ["36", "48", "49"];

/// How large the pool of `wash dev` is: as that of wasmtime, 1,000 core instances without more
/// ado, and it answers 500 when it is empty.
const WASH_POOL: [&str; 5] = [
    "WASMTIME_POOLING_TOTAL_CORE_INSTANCES",
    "WASMTIME_POOLING_TOTAL_COMPONENT_INSTANCES",
    "WASMTIME_POOLING_TOTAL_MEMORIES",
    "WASMTIME_POOLING_TOTAL_STACKS",
    "WASMTIME_POOLING_TOTAL_TABLES",
];

/// A host.
#[derive(Debug, Clone)]
pub enum Program {
    /// `wasmtime serve` of this line, with the standalone bundle.
    Wasmtime(&'static str),
    /// wasmCloud's `wash dev`, with the standalone bundle.
    Wash,
    /// Node.js: the SQLite bundle transpiled by jco, over npm's libsql.
    Node,
    /// `spin up` with the repository's manifest, if there is a Spin at hand.
    Spin,
}

/// Where `cargo xtask` installs what is no Debian package.
#[must_use]
pub fn tools(relative: &str) -> PathBuf {
    repository("target/tools/hosts").join(relative)
}

impl Program {
    /// Its name in `hosts.json` and in the names of tests.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Wasmtime(line) => format!("wasmtime-{line}"),
            Self::Wash => "wash".to_owned(),
            Self::Node => "node".to_owned(),
            Self::Spin => "spin".to_owned(),
        }
    }

    /// The bundle that it runs.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn bundle(&self) -> Result<PathBuf> {
        match self {
            Self::Wasmtime(_) | Self::Wash => dist("vectra-standalone.wasm"),
            Self::Node | Self::Spin => dist("vectra-sqlite.wasm"),
        }
    }

    /// What it says before its address once it listens.
    pub(super) fn listening(&self) -> &'static str {
        match self {
            Self::Wasmtime(_) => "Serving HTTP on http://",
            Self::Wash => "HTTP server listening addr=",
            Self::Node => "listening on http://",
            Self::Spin => "http://",
        }
    }

    /// Where it keeps its rows, under its folder.
    pub(super) fn records(&self, folder: &Path) -> Records {
        match self {
            Self::Wasmtime(_) | Self::Wash => Records::Unlocked(folder.join("data/vectra.db")),
            Self::Node => Records::Database(Source::File(folder.join("vectra.db"))),
            Self::Spin => Records::Database(Source::File(folder.join("sqlite_db.db"))),
        }
    }

    /// The command that starts it in `folder`, with these variables of the gateway, by
    /// their names in upper case.
    ///
    /// # Errors
    /// If it is not installed.
    pub(super) fn command(
        &self,
        folder: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Result<Command> {
        let mut command = match self {
            Self::Wasmtime(line) => wasmtime(line, folder, variables)?,
            Self::Wash => self.wash(folder, variables)?,
            Self::Node => node(folder)?,
            Self::Spin => spin(folder)?,
        };
        command.current_dir(folder);
        for name in ["PATH", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", folder);
        for (name, value) in variables {
            match self {
                Self::Spin => command.env(format!("SPIN_VARIABLE_{name}"), value),
                _ => command.env(environment_name(name), value),
            };
        }
        if matches!(self, Self::Spin) {
            // Any port: the gateway's own list is narrower.
            command.env("SPIN_VARIABLE_UPSTREAM_HOSTS", "http://127.0.0.1:*");
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    /// `wash dev` builds and serves a project: this one's build does nothing.
    fn wash(&self, folder: &Path, variables: &BTreeMap<String, String>) -> Result<Command> {
        let environment: BTreeMap<String, &String> = variables
            .iter()
            .map(|(name, value)| (environment_name(name), value))
            .collect();
        let project = json!({
            "build": { "command": "true", "component_path": self.bundle()? },
            "dev": {
                "address": "127.0.0.1:0",
                "volumes": [{ "host_path": folder.join("data"), "guest_path": "/data" }],
            },
            "workload": { "environment": { "config": environment } },
        });
        fs::create_dir_all(folder.join(".wash"))?;
        fs::write(folder.join(".wash/config.json"), project.to_string())?;
        let mut command = bare(installed("wash/wash_cli/wash")?);
        command.args(["dev", "--non-interactive"]);
        command.envs(WASH_POOL.map(|name| (name, "8000")));
        Ok(command)
    }
}

/// The environment variable of a variable: its name with a prefix, which `vectra_config`
/// has already.
fn environment_name(name: &str) -> String {
    if name.starts_with("VECTRA_") {
        name.to_owned()
    } else {
        format!("VECTRA_{name}")
    }
}

/// `wasmtime serve` with code that the same wasmtime has compiled before.
fn wasmtime(line: &str, folder: &Path, variables: &BTreeMap<String, String>) -> Result<Command> {
    let mut command = bare(wasmtime_binary(line)?);
    command.args([
        "serve",
        "-Scli=y",
        "--addr=127.0.0.1:0",
        "--allow-precompiled",
    ]);
    // The pool holds 1,000 core instances, of which a request takes more than 20, and
    // wasmtime answers 500 when it is empty.
    command.arg("-Opooling-allocator=n");
    command.arg("--dir");
    command.arg(format!("{}::/data", folder.join("data").display()));
    for name in variables.keys() {
        command.args(["--env", &environment_name(name)]);
    }
    command.arg(installed(&compiled(line))?);
    Ok(command)
}

fn wasmtime_binary(line: &str) -> Result<PathBuf> {
    installed(&format!("wasmtime-{line}/wasmtime_cli/wasmtime"))
}

/// The standalone bundle's code for this line.
fn compiled(line: &str) -> String {
    format!("wasmtime-{line}.cwasm")
}

/// How long compiling may take, in seconds.
const PATIENCE: &str = "600";

/// Makes what all gateways of a program share: compiled code.
///
/// # Errors
/// If the program is not installed, or does not take its bundle.
pub fn prepare(program: &Program) -> Result<()> {
    let bundle = program.bundle()?;
    let mut command = match program {
        Program::Wasmtime(line) => {
            let mut command = StdCommand::new("timeout");
            command.arg(PATIENCE).arg(wasmtime_binary(line)?);
            command.arg("compile").arg(bundle);
            command.arg("-o").arg(tools(&compiled(line)));
            command
        }
        Program::Node => {
            let mut command = StdCommand::new("timeout");
            command
                .args([PATIENCE, "node"])
                .arg(installed("node/transpile.mjs")?)
                .arg(bundle);
            command.arg(tools("node/vectra"));
            command
        }
        Program::Wash | Program::Spin => return Ok(()),
    };
    let name = program.name();
    let output = command.output().with_context(|| name.clone())?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// The server in `tests/hosts/node`, beside the packages it uses.
fn node(folder: &Path) -> Result<Command> {
    let mut command = bare("node");
    command
        .arg(installed("node/serve.mjs")?)
        .arg(folder.join("vectra.db"));
    Ok(command)
}

fn spin(folder: &Path) -> Result<Command> {
    // It says the port that it is told, not the one that it gets.
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = bare("spin");
    command.arg("up").arg("--listen").arg(free.to_string());
    command.arg("--from").arg(repository("spin.toml"));
    command.arg("--state-dir").arg(folder);
    Ok(command)
}

/// A command that inherits nothing.
fn bare(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command
}

fn installed(relative: &str) -> Result<PathBuf> {
    let path = tools(relative);
    if !path.is_file() {
        bail!(
            "{} is not installed: `cargo xtask test --all` does that",
            path.display()
        );
    }
    Ok(path.canonicalize()?)
}
