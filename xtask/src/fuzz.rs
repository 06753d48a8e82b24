//! Feeds the readers of what strangers and slips of the pen send with nonsense: the
//! targets of `fuzz/`, by cargo-fuzz.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::programs;
use crate::step::{read, run, step};
use crate::workspace::Workspace;

/// The version of cargo-fuzz that is installed.
const CARGO_FUZZ: &str = "0.13.2";
/// Where it is installed, and where it builds.
const TOOLS: &str = "target/tools";
const TARGET_DIR: &str = "target/fuzz";
/// Bounds of one input: bytes, seconds, and megabytes of the whole program.
const BOUNDS: [&str; 3] = ["-max_len=4096", "-timeout=20", "-rss_limit_mb=2048"];
/// How much longer than it was told a target may take before it is killed.
const GRACE: Duration = Duration::from_secs(60);
/// How long a bounded number of inputs may take: many times what they do.
const INPUTS_DEADLINE: Duration = Duration::from_secs(300);
/// Lines of a target's output that are shown when it fails.
const SHOWN: usize = 20;

/// How long each target runs.
#[derive(Clone, Copy)]
pub enum Effort {
    /// So many inputs, all seeds and then always the same ones: a test says the same of
    /// the same code however fast the machine is.
    Inputs(u64),
    /// So many seconds, with other inputs each time.
    Seconds(u64),
}

impl Effort {
    fn arguments(self) -> Vec<String> {
        match self {
            Self::Inputs(inputs) => vec![format!("-runs={inputs}"), "-seed=1".to_owned()],
            Self::Seconds(seconds) => vec![format!("-max_total_time={seconds}")],
        }
    }

    const fn deadline(self) -> Duration {
        match self {
            Self::Inputs(_) => INPUTS_DEADLINE,
            Self::Seconds(seconds) => Duration::from_secs(seconds).saturating_add(GRACE),
        }
    }
}

/// Builds all targets and runs each, as many at a time as there are cores.
pub fn fuzz(workspace: &Workspace, effort: Effort) -> Result<()> {
    programs::ensure_cxx()?;
    let compiler = Compiler::find(workspace);
    let tool = cargo_fuzz(workspace)?;
    eprintln!("==> fuzzing with {}", compiler.describe());
    step("building the fuzz targets", || {
        run(compiler
            .cargo_fuzz(workspace, &tool)
            .args(["build", "--fuzz-dir", "fuzz", "--target-dir", TARGET_DIR])
            .args(compiler.arguments()))
    })?;
    let targets = read(
        compiler
            .cargo_fuzz(workspace, &tool)
            .args(["list", "--fuzz-dir", "fuzz"]),
    )?;
    let targets: Vec<Target> = targets
        .lines()
        .map(|name| Target::locate(workspace, name.trim()))
        .collect::<Result<_>>()?;
    ensure!(!targets.is_empty(), "there is no fuzz target");
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut failures = Vec::new();
    for together in targets.chunks(cores) {
        let running: Vec<_> = together
            .iter()
            .map(|target| (target, target.start(effort)))
            .collect();
        for (target, started) in running {
            if let Err(error) = started.and_then(|process| target.finish(process, effort)) {
                eprintln!("    {}: {error:#}", target.name);
                failures.push(target.name.clone());
            }
        }
    }
    ensure!(failures.is_empty(), "failed: {}", failures.join(", "));
    Ok(())
}

/// The compilers there may be.
enum Compiler {
    /// With the address sanitizer, which only it has.
    Nightly,
    /// Without; everything else is the same.
    Stable,
}

impl Compiler {
    fn find(workspace: &Workspace) -> Self {
        let found = workspace
            .command("rustup")
            .args(["run", "nightly", "rustc", "--version"])
            .output();
        match found {
            Ok(output) if output.status.success() => Self::Nightly,
            _ => Self::Stable,
        }
    }

    const fn describe(&self) -> &'static str {
        match self {
            Self::Nightly => "nightly and its address sanitizer",
            Self::Stable => "stable, without a sanitizer",
        }
    }

    const fn arguments(&self) -> &'static [&'static str] {
        match self {
            Self::Nightly => &[],
            Self::Stable => &["--sanitizer", "none"],
        }
    }

    /// cargo-fuzz itself calls `cargo`, which rustup makes the one of this toolchain.
    fn cargo_fuzz(&self, workspace: &Workspace, tool: &Path) -> Command {
        let mut command = workspace.command(tool);
        if let Self::Nightly = self {
            command.env("RUSTUP_TOOLCHAIN", "nightly");
        }
        command
    }
}

/// The pinned cargo-fuzz, installed if it is not there.
fn cargo_fuzz(workspace: &Workspace) -> Result<PathBuf> {
    let tool = workspace.path(TOOLS).join("bin/cargo-fuzz");
    let version = workspace.command(&tool).arg("--version").output();
    let is_there = version.is_ok_and(|output| {
        let text = String::from_utf8_lossy(&output.stdout);
        text.split_whitespace().any(|word| word == CARGO_FUZZ)
    });
    if !is_there {
        step("installing cargo-fuzz", || {
            run(workspace
                .cargo("install")
                .args(["--locked", "--root", TOOLS, "--version", CARGO_FUZZ])
                .arg("cargo-fuzz"))
        })?;
    }
    Ok(tool)
}

/// A target and its files.
struct Target {
    name: String,
    program: PathBuf,
    /// What has been found to be of interest; grows from run to run.
    corpus: PathBuf,
    seeds: PathBuf,
    dictionary: PathBuf,
    /// Inputs that failed.
    artefacts: PathBuf,
    log: PathBuf,
}

impl Target {
    fn locate(workspace: &Workspace, name: &str) -> Result<Self> {
        let built = workspace.path(TARGET_DIR);
        let program = triple(&built, name)?;
        let target = Self {
            name: name.to_owned(),
            program,
            corpus: built.join("corpus").join(name),
            seeds: workspace.path("fuzz/seeds").join(name),
            dictionary: workspace
                .path("fuzz/dictionaries")
                .join(format!("{name}.dict")),
            artefacts: built.join("artefacts").join(name),
            log: built.join(format!("{name}.log")),
        };
        for folder in [&target.corpus, &target.artefacts] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make `{}`", folder.display()))?;
        }
        Ok(target)
    }

    fn start(&self, effort: Effort) -> Result<Child> {
        let log = File::create(&self.log)
            .with_context(|| format!("cannot write `{}`", self.log.display()))?;
        let mut command = Command::new(&self.program);
        command.arg(&self.corpus).arg(&self.seeds).args(BOUNDS);
        command.args(effort.arguments());
        command.arg(format!("-artifact_prefix={}/", self.artefacts.display()));
        if self.dictionary.is_file() {
            command.arg(format!("-dict={}", self.dictionary.display()));
        }
        command
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start `{}`", self.program.display()))
    }

    /// Waits for its end and says what came of it.
    fn finish(&self, mut process: Child, effort: Effort) -> Result<()> {
        let deadline = Instant::now() + effort.deadline();
        let status = loop {
            if let Some(status) = process.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                process.kill()?;
                process.wait()?;
                bail!("it did not end in time; see `{}`", self.log.display());
            }
            thread::sleep(Duration::from_millis(50));
        };
        let log = fs::read(&self.log)?;
        let log = String::from_utf8_lossy(&log);
        if status.success() {
            let done = log.lines().rev().find(|line| line.starts_with("Done "));
            let done = done.context("it says that it did nothing")?;
            eprintln!("    {}: {}", self.name, done.to_lowercase());
            return Ok(());
        }
        // What happened stands above the trace.
        let is_telling = |line: &&str| !line.trim_start().starts_with('#');
        let lines: Vec<&str> = log.lines().filter(is_telling).collect();
        let tail = lines.get(lines.len().saturating_sub(SHOWN)..);
        for line in tail.unwrap_or_default() {
            eprintln!("    | {line}");
        }
        let artefact = log
            .lines()
            .find_map(|line| line.split_once("Test unit written to "))
            .map_or("no input was kept", |(_, path)| path);
        bail!(
            "ended with {status}; repeat it with `{} {artefact}`",
            self.program.display()
        );
    }
}

/// The program of a target: cargo-fuzz always builds for a named triple.
fn triple(built: &Path, name: &str) -> Result<PathBuf> {
    for entry in fs::read_dir(built).context("nothing was built")? {
        let program = entry?.path().join("release").join(name);
        if program.is_file() {
            return Ok(program);
        }
    }
    bail!("`{name}` was not built")
}
