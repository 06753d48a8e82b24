//! What grows old: held requests expire and go; history, activity and tombstones are
//! pruned. The audit is not among it.

use vectra_domain::repository::{
    AgentHistoryRepository, AgentRepository, CircuitRepository, HeldRequestRepository, IntentCache,
    Ledger, MAX_PAGE, Result,
};
use vectra_domain::{PersistenceError, Timestamp};

use super::Event;
use crate::Settings;
use crate::gateway::Gateway;
use crate::ports::{Ports, Upstream};

/// Days for which activity is kept at least: the baseline reads seven, and the day
/// that now lies in.
const BASELINE_DAYS: u32 = 8;

/// The repositories whose rows grow old.
pub struct Ageing<'a> {
    /// Held requests.
    pub held: &'a dyn HeldRequestRepository,
    /// History.
    pub history: &'a dyn AgentHistoryRepository,
    /// Activity.
    pub ledger: &'a dyn Ledger,
    /// Circuits and the changes of their states.
    pub circuits: &'a dyn CircuitRepository,
    /// Kept answers of the classifier.
    pub intents: &'a dyn IntentCache,
    /// Tombstones of deleted agents.
    pub agents: &'a dyn AgentRepository,
}

impl<'a> Ageing<'a> {
    /// Those of these ports.
    fn of<U>(ports: &Ports<'a, U>) -> Self {
        Self {
            held: ports.held,
            history: ports.history,
            ledger: ports.ledger,
            circuits: ports.circuits,
            intents: ports.intents,
            agents: ports.agents,
        }
    }
}

impl<U> Gateway<'_, U> {
    /// [`tick`], and then what a process that ended has left behind.
    ///
    /// # Errors
    /// The database's, if nothing could be done.
    pub fn tick<B>(&self, budget: u32) -> Result<Progress>
    where
        U: Upstream<B>,
    {
        let now = self.ports.clock.now();
        let ageing = Ageing::of(&self.ports);
        let progress = self.with_schema(|| tick(budget, now, self.settings.into(), &ageing))?;
        self.carry_on::<B>(budget);
        Ok(progress)
    }
}

/// How long what grows old is kept, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// History and what belongs to it.
    pub history: u32,
    /// Held requests that are settled, after they expired or would have.
    pub held: u32,
}

impl From<&Settings> for Retention {
    fn from(settings: &Settings) -> Self {
        Self {
            history: settings.retention_days,
            held: settings.held.retention_days,
        }
    }
}

/// What a tick did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// For the log; nothing if there was nothing to do.
    pub events: Vec<Event>,
    /// Whether a budget was used up, so that there may be more to do.
    pub more: bool,
}

/// Expires held requests, then removes those that were settled long ago and prunes history,
/// activity, circuits and tombstones that are older than they are kept, each in one statement
/// and at most `budget` rows (no more than [`MAX_PAGE`]; with 0 nothing is done). A step that
/// fails is a warning and does not keep the others from being done.
///
/// # Errors
/// The database's, if no step succeeded.
pub fn tick(
    budget: u32,
    now: Timestamp,
    retention: Retention,
    ageing: &Ageing<'_>,
) -> Result<Progress> {
    let budget = budget.min(MAX_PAGE);
    if budget == 0 {
        return Ok(Progress {
            events: Vec::new(),
            more: false,
        });
    }
    let before = |days: u32| now.plus(-i64::from(days).saturating_mul(Timestamp::DAY));
    let old = before(retention.history);
    let unread = before(retention.history.max(BASELINE_DAYS));
    let settled = before(retention.held);
    // Tombstones last: they stay until nothing else of the agent is left.
    let steps = [
        ("held requests expired", ageing.held.expire(now, budget)),
        ("held requests removed", ageing.held.prune(settled, budget)),
        ("history rows pruned", ageing.history.prune(old, budget)),
        ("activity rows pruned", ageing.ledger.prune(unread, budget)),
        ("circuit rows pruned", ageing.circuits.prune(old, budget)),
        ("kept answers pruned", ageing.intents.prune(now, budget)),
        ("deleted agents removed", ageing.agents.prune(old, budget)),
    ];
    report(&steps, budget)
}

fn report(steps: &[(&str, Result<u32>)], budget: u32) -> Result<Progress> {
    let failures: Vec<&PersistenceError> = steps
        .iter()
        .filter_map(|(_, outcome)| outcome.as_ref().err())
        .collect();
    if let Some(first) = failures.first()
        && failures.len() == steps.len()
    {
        return Err((*first).clone());
    }
    let event = |(what, outcome): &(&str, Result<u32>)| match outcome {
        Ok(0) => None,
        Ok(count) => Some(Event::Done(format!("{count} {what}"))),
        Err(error) => Some(Event::Undone {
            what: format!("not done: {what}"),
            why: error.to_string(),
        }),
    };
    let used_up =
        |(_, outcome): &(&str, Result<u32>)| matches!(outcome, Ok(count) if *count >= budget);
    Ok(Progress {
        events: steps.iter().filter_map(event).collect(),
        more: steps.iter().any(used_up),
    })
}
