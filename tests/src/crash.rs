//! The crash test: nothing that was acknowledged is ever lost.
//!
//! In each run clients send as fast as they are answered and note every answer; the
//! gateway, the PostgreSQL server or both are killed with SIGKILL at a random moment,
//! started again, and the database is held against the notes. It is carried on from
//! run to run, so that later crashes meet a grown one.
//!
//! SIGKILL proves that what is written is whole, not that it is on the disk: the page
//! cache survives. That is shown by the order of system calls, in `runtime/sqlite`.

mod check;
mod integrity;
mod load;
mod notes;
mod plan;
mod random;
mod releases;
mod rows;
mod site;
mod totals;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use self::check::Complaint;
use self::plan::{Provider, plan};
use self::random::Random;
use self::site::Site;
use self::totals::Totals;

pub use self::releases::run as run_releases;

/// After so many runs a database is given up for an empty one.
const RUNS_OF_A_DATABASE: u32 = 25;
/// So many runs are told of in one line.
const RUNS_OF_A_LINE: u32 = 20;
/// At most so many complaints are shown.
const SHOWN: usize = 20;

/// When the PostgreSQL server of a test answers a commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Commits {
    /// When it is on the disk, as PostgreSQL ships.
    #[default]
    Synced,
    /// Before it is written at all, as the server is set to. The gateway must not rely
    /// on that setting.
    Hasty,
}

/// A site and how many runs it has seen.
struct Used {
    site: Site,
    runs: u32,
}

/// Runs the test so many times and prints what it has shown.
///
/// # Errors
/// If anything is lost, twice there or not whole, or if a server does not come back;
/// with the number of the run.
pub async fn run(runs: u32, seed: u64, commits: Commits) -> Result<()> {
    println!("crash test: {runs} runs, seed {seed}");
    let mut random = Random::new(seed);
    let mut totals = Totals::new();
    let mut sites: BTreeMap<Provider, Used> = BTreeMap::new();
    for number in 0..runs {
        let (provider, kill) = plan(number);
        let place = || format!("run {} ({provider}, {kill})", number + 1);
        let mut used = match sites.remove(&provider) {
            Some(used) => used,
            None => Used {
                site: Site::start(provider, commits).await.with_context(place)?,
                runs: 0,
            },
        };
        let begun = Instant::now();
        let seen = used
            .site
            .run(number, kill, &mut random, &mut totals.ran)
            .await
            .with_context(place)?;
        if !seen.complaints.is_empty() {
            bail!("{}", describe(&place(), seed, &seen.complaints, &used.site));
        }
        totals.add(provider, kill, &seen, begun.elapsed());
        used.runs += 1;
        if used.runs < RUNS_OF_A_DATABASE {
            sites.insert(provider, used);
        } else {
            totals.leave(&used.site);
        }
        if (number + 1) % RUNS_OF_A_LINE == 0 {
            println!("{}", totals.line(number + 1));
        }
    }
    for used in sites.values() {
        totals.leave(&used.site);
    }
    println!("{totals}");
    Ok(())
}

/// All that is known about a run that went wrong.
fn describe(place: &str, seed: u64, complaints: &[Complaint], site: &Site) -> String {
    let mut lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    lines.sort();
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    format!(
        "{place}, seed {seed}: {} complaints\n  {}\nthe gateway's last lines:\n{}",
        complaints.len(),
        lines.join("\n  "),
        site.last_words()
    )
}
