//! The `vectra` binary, and everything it needs beside it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::components;
use crate::compose::{self, Plan};
use crate::stamp::Stamp;
use crate::step::step;
use crate::workspace::Workspace;

/// How the host is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum HostProfile {
    /// Optimised and quick to build again; what tests and benchmarks use.
    Dev,
    /// What is shipped.
    Release,
}

/// Builds components, bundles and host; returns the binary. It finds its bundles beside
/// it.
pub fn build_all(workspace: &Workspace, profile: HostProfile) -> Result<PathBuf> {
    build_components(workspace)?;
    build_host(workspace, profile)
}

/// Builds components and bundles: all that another host needs.
pub fn build_components(workspace: &Workspace) -> Result<()> {
    let stamp = Stamp::of(workspace);
    components::build(workspace, &stamp)?;
    for (name, socket, parts) in bundles() {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        bundle(workspace, socket, &parts, &name, &stamp)?;
    }
    Ok(())
}

/// The bundles: name, socket, parts.
pub fn bundles() -> Vec<(String, &'static str, Vec<String>)> {
    let mut bundles = Vec::new();
    for database in components::DATABASES {
        let repositories = format!("repositories-{database}");
        for (ending, classifier) in components::CLASSIFIERS {
            let parts = ["decision", "policy-rules", classifier, &repositories];
            let parts = parts.map(str::to_owned).to_vec();
            bundles.push((format!("vectra-{database}{ending}"), "gateway", parts));
        }
        let name = format!("vectra-import-{database}");
        bundles.push((name, "import", vec![repositories]));
    }
    bundles
}

/// Composes `dist/NAME.wasm` of a socket and the parts that go into it.
pub fn bundle(
    workspace: &Workspace,
    socket: &str,
    parts: &[&str],
    name: &str,
    stamp: &Stamp,
) -> Result<()> {
    let delivered = |shell: &&str| components::delivered(workspace, shell);
    let file = workspace.dist(&format!("{name}.wasm"));
    let described = format!("Vectra composed of {socket}, {}", parts.join(", "));
    let plan = Plan {
        socket: components::delivered(workspace, socket),
        parts: parts.iter().map(delivered).collect(),
        fronts: Vec::new(),
    };
    step(&format!("composing dist/{name}.wasm"), || {
        compose::compose(&plan, &file)?;
        stamp.put(&file, &file, name, &described)
    })
}

/// Builds the binary and copies it to `dist/vectra`.
pub fn build_host(workspace: &Workspace, profile: HostProfile) -> Result<PathBuf> {
    step("building the host (some minutes the first time)", || {
        let executable = compile(workspace, profile)?;
        let delivered = workspace.dist("vectra");
        fs::create_dir_all(workspace.dist(""))?;
        // A running copy keeps its file: it is replaced, not written over.
        let draft = workspace.dist("vectra.new");
        fs::copy(&executable, &draft)
            .with_context(|| format!("cannot copy {} to dist/", executable.display()))?;
        fs::rename(&draft, &delivered)
            .with_context(|| format!("cannot write {}", delivered.display()))?;
        Ok(delivered)
    })
}

/// The whole workspace is selected and one binary of it built: the features of
/// the dependencies are then the same as in clippy and in the tests, and nothing
/// is built twice.
fn compile(workspace: &Workspace, profile: HostProfile) -> Result<PathBuf> {
    let mut command = workspace.cargo("build");
    command.args([
        "--bin",
        "vectra",
        "--message-format",
        "json-render-diagnostics",
    ]);
    if profile == HostProfile::Release {
        command.arg("--release");
    }
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "the host does not build: cargo ended with {}",
            output.status
        );
    }
    executable(&output.stdout).context("cargo did not say where it put the vectra binary")
}

fn executable(messages: &[u8]) -> Option<PathBuf> {
    let messages = String::from_utf8_lossy(messages);
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| {
            message
                .pointer("/target/name")
                .is_some_and(|name| name == "vectra")
        })
        .filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .next_back()
}

/// Builds and serves in the current folder until it is stopped.
pub fn up(workspace: &Workspace, args: &[String]) -> Result<()> {
    let host = build_all(workspace, HostProfile::Dev)?;
    eprintln!("{NEXT}");
    let mut vectra = Command::new(host);
    vectra.arg("up").args(args);
    serve(vectra)
}

/// Becomes `vectra`, so that a signal to this process reaches it.
#[cfg(unix)]
fn serve(mut vectra: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(vectra.exec()).context("cannot start dist/vectra")
}

#[cfg(not(unix))]
fn serve(mut vectra: Command) -> Result<()> {
    crate::step::run(&mut vectra)
}

const NEXT: &str = "
When it listens, register an agent from another terminal. KEY_FILE is the file that the line
`admin key is kept in` names; the address is the one it says it is listening on.

  curl -s http://127.0.0.1:7080/agents -H \"Authorization: Bearer $(cat KEY_FILE)\" \\
       -H 'Content-Type: application/json' -d '{\"name\":\"first\"}'
";
