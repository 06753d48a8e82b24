//! A host that is killed under load.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use vectra_tests::DEADLINE;
use vectra_tests::agent::Agent;
use vectra_tests::conformance::{Deployment, Host, Program, Records, Stock, audit_rows, unlimited};
use vectra_tests::upstream::Upstream;

use crate::trial;

/// How often it is killed.
const KILLS: usize = 3;

/// Clients that ask all the while.
const CLIENTS: usize = 8;

/// Answers between two kills.
const ANSWERS: usize = 40;

pub fn trials(runtime: &Arc<Runtime>, program: &Program) -> Vec<Trial> {
    let name = format!(
        "{}::a_killed_host_loses_no_decision_that_it_acted_on",
        program.name()
    );
    let program = program.clone();
    vec![trial(runtime, name, move || async move {
        nothing_is_lost(&program).await
    })]
}

async fn nothing_is_lost(program: &Program) -> Result<()> {
    let upstream = Upstream::start().await?;
    let mut stock = Stock::bare(program, &unlimited(), &[upstream.host()]).await?;
    let deployment = stock.deployment()?;
    let agent = Agent::register(&deployment.address, &deployment.admin_key, "killed", None).await?;
    let request = agent.proxied("GET", &format!("http://{}/items", upstream.host()));
    let (mut acknowledged, mut reached) = (0, 0);
    for kill in 1..=KILLS {
        let address = stock.deployment()?.address;
        let answered = Arc::new(AtomicUsize::new(0));
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (request, address) = (request.clone(), address.clone());
            let answered = Arc::clone(&answered);
            clients.spawn(async move {
                // Until it is gone.
                while let Ok(answer) = request.send(&address).await {
                    if answer.status == 200 {
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        let begun = Instant::now();
        while answered.load(Ordering::SeqCst) < ANSWERS {
            ensure!(begun.elapsed() < DEADLINE, "fewer than {ANSWERS} answers");
            sleep(Duration::from_millis(2)).await;
        }
        stock.kill().await?;
        clients.abort_all();
        while clients.join_next().await.is_some() {}
        acknowledged += answered.load(Ordering::SeqCst);
        // Those cut off by the kill among them: none is forwarded without its record.
        reached += upstream.take_received().len();
        // By its own interface: what the kill has left half done is undone by whoever opens
        // the file next, and the test may not write.
        let deployment = Deployment {
            records: Records::Interface,
            ..stock.deployment()?
        };
        let at_least = acknowledged.max(reached);
        let rows = audit_rows(&deployment, &agent.id, at_least).await;
        rows.with_context(|| format!("after kill {kill}\n{}", stock.output()))?;
    }
    let Records::Unlocked(file) = stock.deployment()?.records else {
        return Ok(());
    };
    stock.end().await?;
    is_intact(&file)
}

/// What SQLite itself says of the file, once nobody uses it.
fn is_intact(file: &Path) -> Result<()> {
    let mut sqlite = Command::new("sqlite3");
    let output = sqlite.arg(file).arg("PRAGMA integrity_check").output()?;
    let told = String::from_utf8_lossy(&output.stdout);
    ensure!(told == "ok\n", "{told}");
    Ok(())
}
