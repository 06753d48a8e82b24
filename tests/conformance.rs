//! Runs the cases of `tests/conformance` on our own runtime, with either database,
//! each as a test of its own name. Groups run at the same time, the cases of a group in
//! turn.

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use vectra_cluster::{Cluster, Durability, Options};
use vectra_tests::conformance::{Case, Group, GroupRun, Storage, VectraUp, run_case};
use vectra_tests::dist::repository;

/// A group whose gateway starts with its first case.
struct Shared {
    group: Group,
    storage: Storage,
    run: Mutex<Option<GroupRun<VectraUp>>>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // Some cases try forbidden targets: were the guard to fail, it must reach nothing.
    if std::env::var_os("VECTRA_ISOLATED").is_none() {
        eprintln!("error: run this as `cargo xtask test -- -p vectra-tests --test conformance`");
        return ExitCode::FAILURE;
    }
    // In its own network there is no other; it ends with this value.
    let cluster = match cluster() {
        Ok(cluster) => cluster,
        Err(error) => {
            eprintln!("error: cannot start PostgreSQL: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let conclusion = trials(&cluster.url())
        .map(|(trials, _runtime)| libtest_mimic::run(&arguments, trials).exit_code());
    drop(cluster);
    match conclusion {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn cluster() -> Result<Cluster> {
    let durability = Durability::Fast;
    Cluster::start_with(Options {
        durability,
        ..Options::default()
    })
}

fn trials(server: &str) -> Result<(Vec<Trial>, Arc<Runtime>)> {
    let runtime = Arc::new(Runtime::new()?);
    let mut trials = Vec::new();
    for (name, group) in groups()? {
        let twins = group.clone();
        trials.push(Trial::test(
            format!("{name}::every_grant_has_a_denied_twin"),
            move || check_twins(&twins).map_err(|error| Failed::from(format!("{error:#}"))),
        ));
        for (database, storage) in [
            ("sqlite", Storage::File),
            ("postgres", Storage::Server(server.to_owned())),
        ] {
            let shared = Arc::new(Shared {
                group: group.clone(),
                storage,
                run: Mutex::new(None),
            });
            for case in shared.group.cases.clone() {
                let (shared, runtime) = (Arc::clone(&shared), Arc::clone(&runtime));
                let name = format!("{database}::{name}::{}", case.name);
                trials.push(Trial::test(name, move || {
                    runtime
                        .block_on(run(&shared, &case))
                        .map_err(|error| Failed::from(format!("{error:#}")))
                }));
            }
        }
    }
    Ok((trials, runtime))
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
        if path.extension().is_some_and(|ending| ending == "json") {
            let text = fs::read_to_string(&path)?;
            let group = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
            groups.push((name, group));
        }
    }
    groups.sort_by(|(one, _), (other, _)| one.cmp(other));
    ensure!(!groups.is_empty(), "no cases in {}", folder.display());
    Ok(groups)
}

async fn run(shared: &Shared, case: &Case) -> Result<()> {
    let mut run = shared.run.lock().await;
    if run.is_none() {
        *run = Some(
            GroupRun::start(&shared.group, &shared.storage)
                .await
                .context("starting the group's gateway")?,
        );
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
