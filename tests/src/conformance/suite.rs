//! All groups, and their cases as tests of their own names. Groups run at the same time,
//! the cases of a group in turn.

use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use super::case::{Case, Group};
use super::exceptions::Exceptions;
use super::host::Host;
use super::run::{GroupRun, run_case};
use crate::dist::repository;

/// The groups and what runs them.
pub struct Suite {
    groups: Vec<(String, Group)>,
    exceptions: Arc<Exceptions>,
    runtime: Arc<Runtime>,
}

/// A group whose gateway starts with its first case.
struct Shared<H: Host> {
    group: Group,
    place: Arc<H::Place>,
    run: Mutex<Option<GroupRun<H>>>,
}

impl Suite {
    /// Reads `tests/conformance`.
    ///
    /// # Errors
    /// If a file is not well formed.
    pub fn read() -> Result<Self> {
        let groups = groups()?;
        let exceptions = Exceptions::read()?;
        for named in exceptions.cases() {
            let there = groups.iter().any(|(name, group)| {
                let mut cases = group.cases.iter();
                cases.any(|case| format!("{name}::{}", case.name) == named)
            });
            ensure!(there, "hosts.json names `{named}`, which is no case");
        }
        Ok(Self {
            groups,
            exceptions: Arc::new(exceptions),
            runtime: Arc::new(Runtime::new()?),
        })
    }

    /// What runs them. It must outlive the tests.
    #[must_use]
    pub fn runtime(&self) -> Arc<Runtime> {
        Arc::clone(&self.runtime)
    }

    /// That each grant has a denied twin.
    #[must_use]
    pub fn twins(&self) -> Vec<Trial> {
        let trial = |(name, group): &(String, Group)| {
            let group = group.clone();
            Trial::test(
                format!("{name}::every_grant_has_a_denied_twin"),
                move || check_twins(&group).map_err(failed),
            )
        };
        self.groups.iter().map(trial).collect()
    }

    /// The cases on a host of this name. What cannot be run there is ignored.
    #[must_use]
    pub fn trials<H: Host>(&self, host: &str, place: H::Place) -> Vec<Trial> {
        let place = Arc::new(place);
        let mut trials = Vec::new();
        for (name, group) in &self.groups {
            let shared = Arc::new(Shared::<H> {
                group: group.clone(),
                place: Arc::clone(&place),
                run: Mutex::new(None),
            });
            for case in group.cases.clone() {
                let title = format!("{name}::{}", case.name);
                let lacks = H::lacks(&place, group, &case).is_some();
                let (shared, runtime) = (Arc::clone(&shared), self.runtime());
                let (exceptions, host) = (Arc::clone(&self.exceptions), host.to_owned());
                let trial = Trial::test(format!("{host}::{title}"), move || {
                    let came = runtime.block_on(run(&shared, &case));
                    exceptions.judge(&host, &title, came).map_err(failed)
                });
                trials.push(trial.with_ignored_flag(lacks));
            }
        }
        trials
    }

    /// The cases that cannot be run there, each with the reason.
    #[must_use]
    pub fn left_out<H: Host>(&self, place: &H::Place) -> Vec<(String, String)> {
        let mut left_out = Vec::new();
        for (name, group) in &self.groups {
            for case in &group.cases {
                if let Some(reason) = H::lacks(place, group, case) {
                    left_out.push((format!("{name}::{}", case.name), reason));
                }
            }
        }
        left_out
    }
}

fn failed(error: anyhow::Error) -> Failed {
    Failed::from(format!("{error:#}"))
}

fn groups() -> Result<Vec<(String, Group)>> {
    let folder = repository("tests/conformance");
    let mut groups = Vec::new();
    for entry in fs::read_dir(&folder).context("tests/conformance")? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_group = path.extension().is_some_and(|ending| ending == "json");
        if is_group && name != "hosts" {
            let text = fs::read_to_string(&path)?;
            let group = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
            groups.push((name, group));
        }
    }
    groups.sort_by(|(one, _), (other, _)| one.cmp(other));
    ensure!(!groups.is_empty(), "no cases in {}", folder.display());
    Ok(groups)
}

async fn run<H: Host>(shared: &Shared<H>, case: &Case) -> Result<()> {
    let mut run = shared.run.lock().await;
    if run.is_none() {
        let started = GroupRun::start(&shared.group, shared.place.as_ref()).await;
        *run = Some(started.context("starting the group's gateway")?);
    }
    let run = run.as_mut().context("the gateway has just been started")?;
    run_case(run, case).await
}

/// Whatever is granted in one case is refused in another one of the same file.
fn check_twins(group: &Group) -> Result<()> {
    for case in group.cases.iter().filter(|case| !case.reached.is_empty()) {
        let name = case.twin.as_deref();
        let name = name.with_context(|| format!("`{}` forwards and names no twin", case.name))?;
        let twin = group.cases.iter().find(|other| other.name == name);
        let twin =
            twin.with_context(|| format!("`{}` names a twin that is not there", case.name))?;
        ensure!(
            twin.reached.is_empty(),
            "`{name}`, the twin of `{}`, forwards too",
            case.name
        );
    }
    Ok(())
}
