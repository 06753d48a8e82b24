//! `vectra policy test`: policies in files on the cases beside them.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::super::Command;
use super::file;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, Session, View};

/// How the names of files with cases end.
const CASES: &str = ".test.json";

/// `vectra policy test`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra policy test policies\n\n\
        The cases of read-only.json stand in read-only.test.json beside it. Nothing is put: the\n\
        gateway is asked what it would decide, with its own settings. The exit code is 1 if a\n\
        case comes to something else than it expects.")]
pub struct Test {
    /// Policies, or folders of them
    #[arg(required = true)]
    file: Vec<PathBuf>,
}

/// What came of the cases of all files.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    /// For people.
    lines: Vec<String>,
    /// For programs.
    files: Vec<Value>,
}

impl Command for Test {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::post(&["decisions", "evaluate"]))
    }

    fn view(&self) -> View {
        View::Record(Record::of(&[]))
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let mut tally = Tally::default();
        for policy in self.policies()? {
            let question = question(&policy)?;
            let answer = session.value(&self.call()?.text(question)).await;
            match answer {
                Ok(answer) => tally.add(&policy, answer)?,
                // The others are still tried; who asks is the same for all.
                Err(failure) if failure.code() == 1 => tally.refused(&policy, &failure),
                Err(failure) => return Err(failure),
            }
        }
        let (passed, failed) = (tally.passed, tally.failed);
        tally
            .lines
            .push(format!("{passed} passed, {failed} failed"));
        let json = json!({ "passed": passed, "failed": failed, "files": tally.files });
        session.tell(&tally.lines, &json)?;
        match failed {
            0 => Ok(()),
            failed => Err(Failure::Cases(failed)),
        }
    }
}

impl Test {
    /// The files that hold policies with cases, each once, in the order of their names.
    fn policies(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut policies = Vec::new();
        for path in &self.file {
            if !path.is_dir() {
                policies.push(path.clone());
                continue;
            }
            let unreadable = |error: std::io::Error| Failure::File {
                path: path.clone(),
                cause: error.to_string(),
            };
            let before = policies.len();
            for entry in fs::read_dir(path).map_err(unreadable)? {
                let file = entry.map_err(unreadable)?.path();
                policies.extend(policy_of(&file));
            }
            if policies.len() == before {
                let cause = format!("no file in it ends with `{CASES}`");
                return Err(Failure::File {
                    path: path.clone(),
                    cause,
                });
            }
        }
        policies.sort();
        policies.dedup();
        Ok(policies)
    }
}

/// The policy that a file of cases is for; whether it is there is seen when it is read.
fn policy_of(cases: &Path) -> Option<PathBuf> {
    let name = cases.file_name()?.to_str()?;
    let stem = name.strip_suffix(CASES).filter(|stem| !stem.is_empty())?;
    Some(cases.with_file_name(format!("{stem}.json")))
}

/// What the gateway is asked: the cases as they are written, and the policy as a text.
fn question(policy: &Path) -> Result<String, Failure> {
    let text = file::read(policy)?;
    let path = policy.with_extension(CASES.trim_start_matches('.'));
    let cases = file::read(&path)?;
    let wrong = |cause: &str| Failure::File {
        path: path.clone(),
        cause: cause.to_owned(),
    };
    let read: Value = serde_json::from_str(&cases).map_err(|error| wrong(&error.to_string()))?;
    let Some(list) = read.get("cases").and_then(Value::as_array) else {
        return Err(wrong("it has no list `cases`"));
    };
    if list.is_empty() {
        return Err(wrong("it holds no case"));
    }
    if read.get("policy").is_some() {
        return Err(wrong("the policy stands in its own file"));
    }
    if let Some(case) = list.iter().find(|case| case.get("expect").is_none()) {
        let name = case.get("name").and_then(Value::as_str);
        return Err(wrong(&format!(
            "the case `{}` expects nothing",
            name.unwrap_or_default()
        )));
    }
    // Not written anew: a name that is repeated in a body would be lost.
    let members = cases.trim_start().strip_prefix('{').unwrap_or_default();
    Ok(format!("{{\"policy\":{},{members}", Value::from(text)))
}

impl Tally {
    fn add(&mut self, policy: &Path, mut answer: Value) -> Result<(), Failure> {
        let shown = policy.display();
        let count = |answer: &Value, name: &str| {
            let count = answer.get(name).and_then(Value::as_u64);
            count.ok_or_else(|| Failure::Answer(format!("there is no `{name}`")))
        };
        let (passed, failed) = (count(&answer, "passed")?, count(&answer, "failed")?);
        self.passed = self.passed.saturating_add(passed);
        self.failed = self.failed.saturating_add(failed);
        self.lines
            .push(format!("{shown}: {passed} passed, {failed} failed"));
        for warning in list(&answer, "warnings") {
            let (place, message) = (text(warning, "place"), text(warning, "message"));
            self.lines.push(format!("  warning: {place}: {message}"));
        }
        for note in list(&answer, "notes") {
            let note = note.as_str().unwrap_or_default();
            self.lines.push(format!("  note: {note}"));
        }
        for result in list(&answer, "results") {
            if result.get("passed") == Some(&Value::Bool(false)) {
                let unmet: Vec<&str> = list(result, "unmet").filter_map(Value::as_str).collect();
                let name = text(result, "name");
                self.lines
                    .push(format!("  failed: {name}: {}", unmet.join("; ")));
            }
        }
        if let Value::Object(answer) = &mut answer {
            answer.insert("file".to_owned(), shown.to_string().into());
        }
        self.files.push(answer);
        Ok(())
    }

    fn refused(&mut self, policy: &Path, failure: &Failure) {
        let shown = policy.display().to_string();
        self.failed = self.failed.saturating_add(1);
        self.lines.push(format!("{shown}: {failure}"));
        let refusal = json!({ "file": shown, "refused": failure.to_string() });
        self.files.push(refusal);
    }
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    let items = value.get(name).and_then(Value::as_array);
    items.into_iter().flatten()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
