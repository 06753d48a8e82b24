//! Clients that send as fast as they are answered, and note every answer.

mod client;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::client::{Client, Outcome};
use super::notes::{Acknowledged, Decision, Notes};
use crate::DEADLINE;
use crate::agent::Agent;

/// How many send at the same time.
const CLIENTS: usize = 16;
/// What a client waits after an answer that says the database is away, and before it
/// connects again.
const PAUSE: Duration = Duration::from_millis(3);

/// Where a load goes and who sends it.
pub(super) struct Aim<'a> {
    /// The gateway's `host:port`.
    pub(super) gateway: &'a str,
    /// The upstream's `host:port`.
    pub(super) upstream: &'a str,
    /// Whose tokens are used, in turn.
    pub(super) agents: &'a [Agent],
    /// Begins each path; unique among all loads on one database.
    pub(super) prefix: String,
}

/// A load that goes on until it is stopped.
pub(super) struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

struct Shared {
    notes: Mutex<Notes>,
    stopped: AtomicBool,
    acknowledged: AtomicU64,
    in_flight: AtomicU64,
}

impl Load {
    /// Starts the clients.
    pub(super) fn start(aim: &Aim<'_>) -> Self {
        let shared = Arc::new(Shared {
            notes: Mutex::default(),
            stopped: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
        });
        let mut clients = JoinSet::new();
        for (number, agent) in (0..CLIENTS).zip(aim.agents.iter().cycle()) {
            let prefix = format!("{}-{number}", aim.prefix);
            let client = Client::new(aim.gateway, aim.upstream, agent);
            let shared = Arc::clone(&shared);
            clients.spawn(async move { shared.send(client, &prefix).await });
        }
        Self { shared, clients }
    }

    /// How many requests have been acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Relaxed)
    }

    /// How many wait for their answer.
    pub(super) fn in_flight(&self) -> u64 {
        self.shared.in_flight.load(Relaxed)
    }

    /// Waits until so many requests have been acknowledged.
    ///
    /// # Errors
    /// If they have not within [`DEADLINE`]; with the answers that came instead.
    pub(super) async fn reaches(&self, acknowledged: u64) -> Result<()> {
        let begun = Instant::now();
        while self.acknowledged() < acknowledged {
            ensure!(
                begun.elapsed() < DEADLINE,
                "only {} of {acknowledged} requests were acknowledged in time; others: {:?}",
                self.acknowledged(),
                self.shared.notes().others,
            );
            sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Lets each client finish its request and gives what was noted.
    ///
    /// # Errors
    /// If one does not end in time.
    pub(super) async fn stop(mut self) -> Result<Notes> {
        self.shared.stopped.store(true, Relaxed);
        timeout(DEADLINE * 2, async {
            while let Some(ended) = self.clients.join_next().await {
                ended.context("a client failed")?;
            }
            anyhow::Ok(())
        })
        .await
        .context("a client does not end")??;
        Ok(std::mem::take(&mut *self.shared.notes()))
    }
}

impl Shared {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, mut client: Client, prefix: &str) {
        let mut paths = (0_u64..).map(|count| format!("/item/{prefix}-{count}"));
        while !self.stopped.load(Relaxed) {
            if client.connect().await.is_err() {
                sleep(PAUSE).await;
                continue;
            }
            let Some(path) = paths.next() else { return };
            self.in_flight.fetch_add(1, Relaxed);
            let outcome = client.get(&path).await;
            self.in_flight.fetch_sub(1, Relaxed);
            let pause = matches!(outcome, Outcome::Answered { status: 503, .. });
            self.note(path, outcome, client.agent());
            if pause {
                sleep(PAUSE).await;
            }
        }
    }

    fn note(&self, path: String, outcome: Outcome, agent: &str) {
        let mut notes = self.notes();
        let (status, audit_id) = match outcome {
            Outcome::Answered { status, audit_id } => (status, audit_id),
            Outcome::Unanswered => {
                notes.unanswered += 1;
                return;
            }
        };
        let decision = Decision::of_status(status);
        // A refusal that names no row is none that was recorded.
        let decision = decision.filter(|is| *is == Decision::Allow || audit_id.is_some());
        let Some(decision) = decision else {
            *notes.others.entry(status).or_default() += 1;
            return;
        };
        let acknowledged = Acknowledged {
            agent: agent.to_owned(),
            decision,
            audit_id,
        };
        notes.acknowledged.insert(path, acknowledged);
        self.acknowledged.fetch_add(1, Relaxed);
    }
}
