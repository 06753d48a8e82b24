//! Steps that say what they do and how long it took.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Runs one step; its name is printed before it and its duration after it.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {what}");
    let start = Instant::now();
    let outcome = work();
    let seconds = start.elapsed().as_secs_f64();
    match &outcome {
        Ok(_) => eprintln!("    {what}: done in {seconds:.1} s"),
        Err(_) => eprintln!("    {what}: failed after {seconds:.1} s"),
    }
    outcome
}

/// Runs a program whose output goes to the terminal; fails if it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a program and returns what it writes to stdout; fails if it fails.
pub fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", line(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} wrote no UTF-8", line(command)))
}

/// All failures of several steps, so that one failing does not hide the others.
#[derive(Default)]
pub struct Failures(Vec<String>);

impl Failures {
    /// Runs a step and remembers its failure.
    pub fn step(&mut self, what: &str, work: impl FnOnce() -> Result<()>) {
        if let Err(error) = step(what, work) {
            eprintln!("    {error:#}");
            self.0.push(format!("{what}: {error:#}"));
        }
    }

    /// Fails if a step has failed, and names all that did.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        bail!("{} failed:\n  {}", self.0.len(), self.0.join("\n  "));
    }
}

fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    format!("`{}`", words.join(" "))
}
