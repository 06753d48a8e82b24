//! Runs the cases of `tests/conformance` on our own runtime, with either database,
//! each as a test of its own name; `hosts.rs` runs them on other people's.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use vectra_cluster::{Cluster, Durability, Options};
use vectra_tests::conformance::{
    Group, Host, Storage, Suite, VectraUp, all_are_recorded, unlimited,
};
use vectra_tests::upstream::Upstream;

fn main() -> ExitCode {
    match run(&Arguments::from_args()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    // Some cases try forbidden targets: were the guard to fail, it must reach nothing.
    ensure!(
        std::env::var_os("VECTRA_ISOLATED").is_some(),
        "run this as `cargo xtask test -- -p vectra-tests --test conformance`"
    );
    // In its own network there is no other; it ends with this value.
    let options = Options {
        durability: Durability::Fast,
        ..Options::default()
    };
    let cluster = Cluster::start_with(options).context("cannot start PostgreSQL")?;
    let suite = Suite::read()?;
    let mut trials = suite.twins();
    trials.extend(suite.trials::<VectraUp>("sqlite", Storage::File));
    trials.extend(suite.trials::<VectraUp>("postgres", Storage::Server(cluster.url())));
    for (name, storage) in [
        ("sqlite", Storage::File),
        ("postgres", Storage::Server(cluster.url())),
    ] {
        let runtime = suite.runtime();
        let name = format!("{name}::200_requests_at_once_leave_200_audit_rows");
        trials.push(Trial::test(name, move || {
            let came = runtime.block_on(many_at_once(&storage));
            came.map_err(|error| Failed::from(format!("{error:#}")))
        }));
    }
    Ok(libtest_mimic::run(arguments, trials).exit_code())
}

async fn many_at_once(storage: &Storage) -> Result<()> {
    let upstream = Upstream::start().await?;
    let group = Group::bare(unlimited());
    let host = VectraUp::start(&group, &[upstream.host()], storage).await?;
    all_are_recorded(&host.deployment()?, &upstream).await
}
