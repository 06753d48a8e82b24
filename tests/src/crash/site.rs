//! A gateway with its database, its upstream and its agents, over many kills.

mod end;
pub(super) mod release;
mod setup;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::block_in_place;
use tokio::time::sleep;
use vectra_cluster::Cluster;

use self::end::kill_gateway;
use super::Commits;
use super::check::{Complaint, complaints};
use super::integrity::{self, Ran};
use super::load::{Aim, Load};
use super::notes::Notes;
use super::plan::{Kill, Provider};
use super::random::Random;
use super::rows::Reader;
use crate::DEADLINE;
use crate::agent::Agent;
use crate::client::Request;
use crate::dist::dist;
use crate::process::{ADMIN_KEY, Home, Vectra};
use crate::upstream::Upstream;

/// How long after the first answer the kill comes, in milliseconds.
const MOMENT: std::ops::RangeInclusive<u64> = 50..=800;
/// How many requests must be acknowledged after a kill before the load is stopped,
/// where the gateway lived on.
const AFTERWARDS: u64 = 100;

/// Everything that is started for one database. What it starts ends with it.
pub(super) struct Site {
    // In the order in which they end.
    vectra: Option<Vectra>,
    home: Home,
    cluster: Option<Cluster>,
    upstream: Upstream,
    agents: Vec<Agent>,
    notes: Notes,
    untold: usize,
}

/// What a run has shown.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Requests that were acknowledged in this run.
    pub(super) acknowledged: usize,
    /// Requests that waited for an answer at the kill.
    pub(super) in_flight: u64,
    /// Acknowledged decisions of this and earlier runs that were looked up.
    pub(super) looked_up: usize,
    /// What is wrong.
    pub(super) complaints: Vec<Complaint>,
}

impl Site {
    /// Starts everything on an empty database.
    pub(super) async fn start(provider: Provider, commits: Commits) -> Result<Self> {
        let cluster = match provider {
            Provider::Sqlite => None,
            Provider::Postgres => {
                let options = setup::server(commits);
                Some(block_in_place(|| Cluster::start_with(options))?)
            }
        };
        let upstream = Upstream::start().await?;
        let home = Home::new(setup::setup(cluster.as_ref(), &upstream))?;
        let mut site = Self {
            vectra: None,
            home,
            cluster,
            upstream,
            agents: Vec::new(),
            notes: Notes::default(),
            untold: 0,
        };
        site.up().await?;
        site.is_healthy().await?;
        for (name, policy) in setup::AGENTS {
            let agent = Agent::register(site.vectra()?.address(), ADMIN_KEY, name, policy);
            site.agents.push(agent.await?);
        }
        Ok(site)
    }

    /// One run: load, kill, restart, check. Its number is unique among the site's.
    pub(super) async fn run(
        &mut self,
        number: u32,
        kill: Kill,
        random: &mut Random,
        ran: &mut Ran,
    ) -> Result<Seen> {
        let load = self.load(number.to_string())?;
        load.reaches(1).await.context("before the kill")?;
        sleep(random.time(MOMENT)).await;
        let in_flight = load.in_flight();
        self.kill(kill)?;
        // A gateway that lives on must come back to the server by itself, under load.
        let (mut noted, load) = if kill == Kill::Server {
            self.recover(kill, random).await?;
            (Notes::default(), load)
        } else {
            let noted = load.stop().await?;
            self.recover(kill, random).await?;
            (noted, self.load(format!("{number}-after"))?)
        };
        let after = load.acknowledged() + AFTERWARDS;
        load.reaches(after).await.context("after the kill")?;
        noted.add(load.stop().await?);
        let acknowledged = noted.acknowledged.len();
        self.notes.add(noted);
        let seen = self.check(ran).await?;
        Ok(Seen {
            acknowledged,
            in_flight,
            ..seen
        })
    }

    /// Starts the clients; the prefix is unique among the site's.
    fn load(&self, prefix: String) -> Result<Load> {
        Ok(Load::start(&Aim {
            gateway: self.vectra()?.address(),
            upstream: &self.upstream.host(),
            agents: &self.agents,
            prefix,
        }))
    }

    /// What was noted since the database was empty.
    pub(super) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// How many decisions were recorded at the last check whose answer nobody got.
    pub(super) fn untold(&self) -> usize {
        self.untold
    }

    /// The last lines that the gateway has written.
    pub(super) fn last_words(&self) -> String {
        let output = self.vectra.as_ref().map(Vectra::output).unwrap_or_default();
        let lines: Vec<_> = output.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn vectra(&self) -> Result<&Vectra> {
        self.vectra.as_ref().context("the gateway does not run")
    }

    async fn up(&mut self) -> Result<()> {
        let bundle = match self.cluster {
            None => "vectra-sqlite.wasm",
            Some(_) => "vectra-postgres.wasm",
        };
        self.vectra = Some(self.home.up_with(&dist(bundle)?).await?);
        Ok(())
    }

    fn kill(&mut self, kill: Kill) -> Result<()> {
        if matches!(kill, Kill::Gateway | Kill::Both) {
            block_in_place(|| kill_gateway(self.vectra.take()))?;
        }
        if matches!(kill, Kill::Server | Kill::Both) {
            let cluster = self.cluster.as_mut().context("there is no server")?;
            block_in_place(|| cluster.kill())?;
        }
        Ok(())
    }

    /// Starts again what was killed, in either order.
    async fn recover(&mut self, kill: Kill, random: &mut Random) -> Result<()> {
        let gateway_first = random.next().is_multiple_of(2);
        if kill == Kill::Gateway || (kill == Kill::Both && gateway_first) {
            self.up().await?;
        }
        if let Some(cluster) = self.cluster.as_mut().filter(|_| kill != Kill::Gateway) {
            block_in_place(|| cluster.start_again())?;
        }
        if self.vectra.is_none() {
            self.up().await?;
        }
        Ok(())
    }

    /// Waits until it says that it is healthy; until then 503 is the only answer.
    async fn is_healthy(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let request = Request::new("GET", "/health");
            let status = request.send(self.vectra()?.address()).await?.status;
            if status == 200 {
                return Ok(());
            }
            ensure!(
                status == 503 && begun.elapsed() < DEADLINE,
                "{status} after {:?}:\n{}",
                begun.elapsed(),
                self.last_words()
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Looks everything up that has been noted since the database was empty.
    async fn check(&mut self, ran: &mut Ran) -> Result<Seen> {
        // Before the rows are read: what was forwarded was recorded before.
        for received in self.upstream.take_received() {
            *self.notes.forwarded.entry(received.target).or_default() += 1;
        }
        let reader = match &self.cluster {
            None => Reader::sqlite(&self.home.database()).await?,
            Some(cluster) => Reader::postgres(&cluster.url()).await?,
        };
        let rows = reader.rows().await?;
        let mut found = complaints(&rows, &self.notes);
        found.extend(match &self.cluster {
            None => integrity::sqlite(&reader, ran).await?,
            Some(cluster) => integrity::postgres(cluster, ran).await?,
        });
        let looked_up = self.notes.acknowledged.len();
        self.untold = rows.audit.len().saturating_sub(looked_up);
        Ok(Seen {
            looked_up,
            complaints: found,
            ..Seen::default()
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Before its folder is removed under it.
        let _ = kill_gateway(self.vectra.take());
    }
}
