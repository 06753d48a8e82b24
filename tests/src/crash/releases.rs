//! Kills in the middle of releases, on both databases.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::Commits;
use super::plan::{Provider, plan};
use super::random::Random;
use super::site::Site;
use super::site::release::{Releases, Settles};

/// From so many runs on it is awaited what becomes of all that was interrupted.
const SETTLED: u32 = 20;

/// Kills so many times while approved requests are being sent, and prints what it has
/// shown.
///
/// # Errors
/// If anything was sent twice, or is said to be sent and never was; with the number of
/// the run.
pub async fn run(runs: u32, seed: u64) -> Result<()> {
    println!("release test: {runs} runs, seed {seed}");
    let mut random = Random::new(seed);
    let mut sites: BTreeMap<Provider, (Site, Releases)> = BTreeMap::new();
    for number in 0..runs {
        let (provider, kill) = plan(number);
        let place = || {
            format!(
                "release run {} ({provider}, {kill}), seed {seed}",
                number + 1
            )
        };
        let (mut site, mut releases) = match sites.remove(&provider) {
            Some(used) => used,
            None => {
                let site = Site::start(provider, Commits::Synced).await;
                (site.with_context(place)?, Releases::default())
            }
        };
        let ran = site.run_release(number, kill, &mut random, &mut releases);
        ran.await.with_context(place)?;
        sites.insert(provider, (site, releases));
    }
    for (provider, (site, releases)) in &mut sites {
        // Leases take more than a minute to end; what was sent is known at once.
        let settles = if runs < SETTLED {
            Settles::Later
        } else {
            Settles::Awaited
        };
        let settled = site.settle(releases, settles).await;
        settled.with_context(|| format!("{provider}, seed {seed}"))?;
        println!("    {provider}: {releases}");
    }
    Ok(())
}
