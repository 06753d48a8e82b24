//! Kills in the middle of releases: what was approved is sent once or not at all.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Site;
use crate::DEADLINE;
use crate::agent::must;
use crate::client::Request;
use crate::crash::plan::Kill;
use crate::crash::random::Random;
use crate::process::ADMIN_KEY;

/// Requests that are approved at once in each run.
const HELD: usize = 4;
/// How long after the first approval is sent the kill comes, in milliseconds.
const MOMENT: std::ops::RangeInclusive<u64> = 0..=80;
/// How long a release may be under way before it counts as uncertain, a minute for whoever
/// has to see it, and some more.
const PATIENCE: Duration = Duration::from_secs(150);

/// What has become of held requests: path and id of those that are not settled yet.
#[derive(Debug, Default)]
pub(in crate::crash) struct Releases {
    /// Requests that were released, by path.
    released: Vec<String>,
    /// Requests whose sending a kill has interrupted: path and id.
    interrupted: BTreeMap<String, String>,
    /// How often each path has reached the upstream.
    reached: BTreeMap<String, usize>,
}

impl Releases {
    /// So many were interrupted in the middle of sending.
    pub(in crate::crash) fn interrupted(&self) -> usize {
        self.interrupted.len()
    }

    /// So many were sent and answered.
    pub(in crate::crash) fn released(&self) -> usize {
        self.released.len()
    }

    fn check(&self) -> Result<()> {
        for (path, count) in &self.reached {
            ensure!(*count <= 1, "{path} was sent {count} times");
        }
        for path in &self.released {
            ensure!(
                self.reached.contains_key(path),
                "{path} is released and was never sent"
            );
        }
        Ok(())
    }
}

impl Site {
    /// One run: holds some requests, approves them, kills, starts again, and sees to it
    /// that each is settled.
    pub(in crate::crash) async fn run_release(
        &mut self,
        number: u32,
        kill: Kill,
        random: &mut Random,
        releases: &mut Releases,
    ) -> Result<()> {
        let mut held = BTreeMap::new();
        for nth in 0..HELD {
            let path = format!("/release/{number}/{nth}");
            held.insert(path.clone(), self.held(&path).await?);
        }
        let mut approvals = JoinSet::new();
        for id in held.values() {
            let (request, address) = (approval(id), self.vectra()?.address().to_owned());
            // A kill may come before the answer.
            approvals.spawn(async move { request.send(&address).await.ok() });
        }
        sleep(random.time(MOMENT)).await;
        self.kill(kill)?;
        approvals.join_all().await;
        self.recover(kill, random).await?;
        self.is_healthy().await?;
        for (path, id) in held {
            match self.settled(&id).await.with_context(|| path.clone())? {
                "Released" => releases.released.push(path),
                _ => drop(releases.interrupted.insert(path, id)),
            }
        }
        self.count(releases);
        releases.check()
    }

    /// Waits until everything that was interrupted is known to be uncertain, or released
    /// after all: it is never sent again.
    pub(in crate::crash) async fn settle(&mut self, releases: &mut Releases) -> Result<()> {
        for (path, id) in std::mem::take(&mut releases.interrupted) {
            let begun = Instant::now();
            loop {
                let status = self.status(&id).await?;
                match status.as_str() {
                    "Uncertain" => break,
                    "Released" => {
                        releases.released.push(path.clone());
                        break;
                    }
                    "Releasing" if begun.elapsed() < PATIENCE => {
                        sleep(Duration::from_millis(200)).await;
                    }
                    other => anyhow::bail!("{path} is {other} after {:?}", begun.elapsed()),
                }
            }
        }
        self.count(releases);
        releases.check()
    }

    async fn held(&self, path: &str) -> Result<String> {
        let agent = self.agents.last().context("no agent")?;
        let url = format!("http://{}{path}", self.upstream.host());
        let request = agent.proxied("POST", &url).json(&json!({ "n": path }));
        let answer = must(request.send(self.vectra()?.address()).await?, 202)?.json()?;
        let id = answer.get("id").and_then(Value::as_str);
        Ok(id.context("no id")?.to_owned())
    }

    /// Released, or being released when a kill came. What a kill kept from being approved
    /// is approved now; what was approved is released by the gateway itself.
    async fn settled(&self, id: &str) -> Result<&'static str> {
        let begun = Instant::now();
        loop {
            match self.status(id).await?.as_str() {
                "Released" => return Ok("Released"),
                "Releasing" if begun.elapsed() > Duration::from_millis(300) => {
                    return Ok("Releasing");
                }
                "Uncertain" => return Ok("Uncertain"),
                "Pending" => {
                    let answer = approval(id).send(self.vectra()?.address()).await?;
                    ensure!(
                        answer.status == 200 || answer.status == 409,
                        "approving gave {}",
                        answer.status
                    );
                }
                "Releasing" | "Approved" => {}
                other => anyhow::bail!("it is {other}"),
            }
            ensure!(
                begun.elapsed() < PATIENCE.max(DEADLINE),
                "it is not settled"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn status(&self, id: &str) -> Result<String> {
        let request = Request::new("GET", &format!("/hitls/{id}")).bearer(ADMIN_KEY);
        let answer = must(request.send(self.vectra()?.address()).await?, 200)?.json()?;
        let status = answer.get("status").and_then(Value::as_str);
        Ok(status.context("no status")?.to_owned())
    }

    fn count(&self, releases: &mut Releases) {
        for received in self.upstream.take_received() {
            *releases.reached.entry(received.target).or_default() += 1;
        }
    }
}

fn approval(id: &str) -> Request {
    Request::new("POST", &format!("/hitls/{id}/approve"))
        .bearer(ADMIN_KEY)
        .json(&json!({ "comment": "crash test" }))
}
