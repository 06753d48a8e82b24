//! Kills in the middle of releases: what was approved is sent once or not at all.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Site;
use crate::agent::must;
use crate::client::Request;
use crate::crash::plan::Kill;
use crate::crash::random::Random;
use crate::process::ADMIN_KEY;
use crate::upstream::Holding;

/// Requests that are approved at once in each run.
const HELD: usize = 4;
/// How long after the first approval is sent the kill comes, in milliseconds.
const MOMENT: std::ops::RangeInclusive<u64> = 0..=80;
/// How long a release may be under way before it counts as uncertain, a minute for whoever
/// has to see it, and some more.
const PATIENCE: Duration = Duration::from_secs(150);

/// Whether it is awaited what becomes of what a kill has interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crash) enum Settles {
    /// All of it is released or uncertain at the end.
    Awaited,
    /// It may be approved or being sent still.
    Later,
}

/// What has become of held requests.
#[derive(Debug, Default)]
pub(in crate::crash) struct Releases {
    /// Paths of those that were released.
    released: Vec<String>,
    /// Path and id of those that a kill has left approved or being sent.
    left: BTreeMap<String, String>,
    /// Those of them of which nobody knows any more whether they were sent.
    uncertain: usize,
    /// Those of them that nobody has waited for.
    under_way: usize,
    /// How often each path has reached the upstream.
    reached: BTreeMap<String, usize>,
}

impl Releases {
    /// Nothing is sent twice, and what is said to be sent was.
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

impl fmt::Display for Releases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (released, sent) = (self.released.len(), self.reached.len());
        let (uncertain, under_way) = (self.uncertain, self.under_way);
        write!(
            f,
            "{released} released, {uncertain} uncertain after a kill, {under_way} under way, \
             {sent} sent, none of them twice"
        )
    }
}

impl Site {
    /// One run: holds some requests, approves them, kills while they are being sent, and
    /// starts again. In every second run the upstream keeps its answers back until then.
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
        if random.next().is_multiple_of(2) {
            self.upstream.hold(Holding::Back);
        }
        let mut approvals = JoinSet::new();
        for id in held.values() {
            let (request, address) = (approval(id), self.vectra()?.address().to_owned());
            // A kill may come before the answer.
            approvals.spawn(async move { request.send(&address).await.ok() });
        }
        sleep(random.time(MOMENT)).await;
        self.kill(kill)?;
        self.upstream.hold(Holding::Off);
        self.recover(kill, random).await?;
        approvals.join_all().await;
        self.is_healthy().await?;
        // What a kill kept from being approved is approved now; the gateway itself sees to
        // what was approved before.
        for (path, id) in held {
            if self.status(&id).await? == "Pending" {
                let answer = approval(&id).send(self.vectra()?.address()).await?;
                ensure!(matches!(answer.status, 200 | 409), "{}", answer.status);
            }
            releases.left.insert(path, id);
        }
        self.count(releases);
        releases.check()
    }

    /// Looks at what has become of each, or waits until it is released or known to be
    /// uncertain.
    pub(in crate::crash) async fn settle(
        &mut self,
        releases: &mut Releases,
        settles: Settles,
    ) -> Result<()> {
        let begun = Instant::now();
        for (path, id) in std::mem::take(&mut releases.left) {
            loop {
                match self.status(&id).await?.as_str() {
                    "Released" => releases.released.push(path.clone()),
                    "Uncertain" => releases.uncertain += 1,
                    "Approved" | "Releasing" if settles == Settles::Later => {
                        releases.under_way += 1
                    }
                    "Approved" | "Releasing" if begun.elapsed() < PATIENCE => {
                        sleep(Duration::from_millis(200)).await;
                        continue;
                    }
                    other => anyhow::bail!("{path} is {other} after {:?}", begun.elapsed()),
                }
                break;
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
