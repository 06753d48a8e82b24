//! What happens outside requests: policies from files; what grows old.

mod left_behind;
mod over_http;
mod upkeep;

use std::collections::BTreeMap;
use std::fmt;

use vectra_decision::Problem;
use vectra_domain::repository::{PolicyRepository, Schema};
use vectra_domain::{PersistenceError, Policy, PolicySource, PolicyStatus, Timestamp};

use crate::policies::CHUNK;
use crate::ports::{PolicyEngine, Secret, Secrets};
use crate::secret::sha256_hex;
use crate::token::TokenKeys;

pub use crate::notifications::check_webhook;
pub(crate) use over_http::Asked;
pub use upkeep::{Ageing, Progress, Retention, tick};

/// A file the configuration asked for.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name without the folder.
    pub name: String,
    /// Its text, or why it could not be read.
    pub content: Result<String, String>,
}

/// What was done, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something was done.
    Done(String),
    /// Something is wrong, and the gateway serves all the same.
    Warning(String),
    /// Something could not be done.
    Undone {
        /// What, fit for everybody.
        what: String,
        /// Why, for the log: may hold what the database or the host said.
        why: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(text) | Self::Warning(text) => formatter.write_str(text),
            Self::Undone { what, why } => write!(formatter, "{what}: {why}"),
        }
    }
}

/// Says what is wrong with the keys of tokens, so that it is known at the start and not
/// from the first caller. Never shows a key.
#[must_use]
pub fn check_keys(secrets: &dyn Secrets) -> Option<Event> {
    let text = match secrets.get(Secret::Token) {
        Ok(text) => text,
        Err(why) => {
            let what = "no token is made or believed".to_owned();
            return Some(Event::Undone { what, why });
        }
    };
    let checked = TokenKeys::parse(&text).and_then(|keys| keys.check());
    let error = checked.err()?;
    Some(Event::Warning(format!(
        "no token is made or believed: {error}"
    )))
}

/// How the names of files end that hold cases for a policy beside them.
const CASES: &str = ".test.json";

/// Makes the tables and brings the policies in the database up to `files`, but for
/// those that hold cases (`*.test.json`). A policy whose file is gone is retired, one whose file is broken is broken; agents bound
/// to either are denied.
///
/// # Errors
/// The database's, with nothing half done that a repetition would not mend.
pub fn start(
    files: Vec<File>,
    now: Timestamp,
    schema: &dyn Schema,
    policies: &dyn PolicyRepository,
    engine: &dyn PolicyEngine,
) -> Result<Vec<Event>, PersistenceError> {
    let version = schema.ensure()?;
    let mut events = vec![Event::Done(format!("the tables have version {version}"))];
    let mut keep = Vec::new();
    for policy in read(files, now, policies, engine, &mut events)? {
        let Policy { name, .. } = &policy;
        let file = policy.source_name.as_deref().unwrap_or_default();
        match policies.put(&policy) {
            Ok(put) if put.changed => {
                events.push(Event::Done(format!(
                    "policy `{name}`: revision {}",
                    put.revision
                )));
            }
            Ok(_) => {}
            Err(PersistenceError::Conflict(_)) => events.push(Event::Warning(format!(
                "{file}: policy `{name}` was made over the API and is left as it is"
            ))),
            Err(PersistenceError::Invalid(why)) => {
                // Not kept: an earlier revision is retired below, and never served
                // in its place.
                let what = format!("{file}: its policy cannot be kept");
                events.push(Event::Undone { what, why });
                continue;
            }
            Err(error) => return Err(error),
        }
        keep.push(policy.name);
    }
    for name in policies.retire_missing(PolicySource::File, &keep, now)? {
        events.push(Event::Warning(format!(
            "policy `{name}` has no file any more: its agents are denied"
        )));
    }
    Ok(events)
}

/// One policy for each name: what its file says, or that it is broken.
fn read(
    mut files: Vec<File>,
    now: Timestamp,
    policies: &dyn PolicyRepository,
    engine: &dyn PolicyEngine,
    events: &mut Vec<Event>,
) -> Result<Vec<Policy>, PersistenceError> {
    files.retain(|file| !file.name.to_ascii_lowercase().ends_with(CASES));
    files.sort_by(|left, right| left.name.cmp(&right.name));
    let known = known_names(policies)?;
    let mut found: BTreeMap<String, Policy> = BTreeMap::new();
    for file in &files {
        for policy in compile(file, now, engine, &known, events) {
            if let Some(problem) = &policy.problem {
                events.push(Event::Warning(format!("{}: {problem}", file.name)));
            }
            let Some(first) = found.get_mut(&policy.name) else {
                found.insert(policy.name.clone(), policy);
                continue;
            };
            let other = first.source_name.as_deref().unwrap_or_default();
            let problem = format!(
                "policy `{}` stands in {other} and {}",
                policy.name, file.name
            );
            events.push(Event::Warning(format!("{problem}: its agents are denied")));
            let name = first.name.clone();
            *first = broken(&name, file, &problem, now);
        }
    }
    Ok(found.into_values().collect())
}

/// The policies that files made before, by file.
fn known_names(
    policies: &dyn PolicyRepository,
) -> Result<BTreeMap<String, Vec<String>>, PersistenceError> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut after: Option<String> = None;
    loop {
        let page = policies.list(after.as_deref(), CHUNK)?;
        let Some(last) = page.last() else {
            return Ok(names);
        };
        after = Some(last.name.clone());
        for policy in page {
            if let (PolicySource::File, Some(file)) = (policy.source, policy.source_name) {
                names.entry(file).or_default().push(policy.name);
            }
        }
    }
}

/// What a file makes. A broken one breaks each policy it made before; a new one that
/// is broken is listed under its own name.
fn compile(
    file: &File,
    now: Timestamp,
    engine: &dyn PolicyEngine,
    known: &BTreeMap<String, Vec<String>>,
    events: &mut Vec<Event>,
) -> Vec<Policy> {
    let compiled = match &file.content {
        Ok(source) => engine.compile(source).map_err(|problems| {
            let lines = problems.iter().map(line);
            lines.collect::<Vec<_>>().join("; ")
        }),
        Err(why) => Err(why.clone()),
    };
    if let Ok(compiled) = &compiled {
        let told = |warning| Event::Warning(format!("{}: {}", file.name, line(warning)));
        events.extend(compiled.warnings.iter().map(told));
    }
    match compiled {
        Ok(compiled) => vec![Policy {
            name: compiled.name,
            revision: 0,
            document: compiled.document,
            compiled: compiled.code,
            status: PolicyStatus::Active,
            problem: None,
            source: PolicySource::File,
            source_name: Some(file.name.clone()),
            content_hash: content_hash(file),
            created_at: now,
        }],
        Err(problem) => {
            let stem = file
                .name
                .rsplit_once('.')
                .map_or(file.name.as_str(), |(stem, _)| stem);
            let names = known
                .get(&file.name)
                .cloned()
                .unwrap_or_else(|| vec![stem.to_owned()]);
            names
                .iter()
                .map(|name| broken(name, file, &problem, now))
                .collect()
        }
    }
}

/// What is wrong, and where.
fn line(problem: &Problem) -> String {
    if problem.place.is_empty() {
        problem.message.clone()
    } else {
        format!("{}: {}", problem.place, problem.message)
    }
}

fn broken(name: &str, file: &File, problem: &str, now: Timestamp) -> Policy {
    Policy {
        name: name.to_owned(),
        revision: 0,
        document: String::new(),
        compiled: Vec::new(),
        status: PolicyStatus::Broken,
        problem: Some(problem.replace('\0', "\u{fffd}")),
        source: PolicySource::File,
        source_name: Some(file.name.clone()),
        content_hash: content_hash(file),
        created_at: now,
    }
}

fn content_hash(file: &File) -> String {
    sha256_hex(file.content.as_deref().unwrap_or_default().as_bytes())
}
