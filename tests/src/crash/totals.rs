//! What all runs together have shown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use super::integrity::Ran;
use super::plan::{Kill, Provider};
use super::site::{Seen, Site};

/// Sums over runs without a loss: the first loss ends the test.
pub(super) struct Totals {
    begun: Instant,
    runs: BTreeMap<(Provider, Kill), u32>,
    acknowledged: usize,
    looked_up: usize,
    in_flight: u64,
    untold: usize,
    slowest: Duration,
    others: BTreeMap<u16, u64>,
    unanswered: u64,
    /// How often each of the engines' own checks ran.
    pub(super) ran: Ran,
}

impl Totals {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            runs: BTreeMap::new(),
            acknowledged: 0,
            looked_up: 0,
            in_flight: 0,
            untold: 0,
            slowest: Duration::ZERO,
            others: BTreeMap::new(),
            unanswered: 0,
            ran: Ran::new(),
        }
    }

    /// Adds a run that took so long.
    pub(super) fn add(&mut self, provider: Provider, kill: Kill, seen: &Seen, took: Duration) {
        *self.runs.entry((provider, kill)).or_default() += 1;
        self.acknowledged += seen.acknowledged;
        self.looked_up += seen.looked_up;
        self.in_flight += seen.in_flight;
        self.slowest = self.slowest.max(took);
    }

    /// Adds what is known of a database that is given up.
    pub(super) fn leave(&mut self, site: &Site) {
        let notes = site.notes();
        self.untold += site.untold();
        self.unanswered += notes.unanswered;
        for (status, count) in &notes.others {
            *self.others.entry(*status).or_default() += count;
        }
    }

    /// All so far, in a line.
    pub(super) fn line(&self, runs: u32) -> String {
        format!(
            "{runs:>5} runs: {} requests acknowledged, {} look-ups, {} in flight at a kill, \
             0 losses, {:.0} s, the slowest run {:.1} s",
            self.acknowledged,
            self.looked_up,
            self.in_flight,
            self.begun.elapsed().as_secs_f64(),
            self.slowest.as_secs_f64(),
        )
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs: u32 = self.runs.values().sum();
        writeln!(f, "{}", self.line(runs))?;
        for ((provider, kill), count) in &self.runs {
            writeln!(f, "      {count} runs on {provider}, {kill}")?;
        }
        writeln!(
            f,
            "      without a decision in the answer: {:?} by status; without an answer: {}; \
             recorded, but nobody was told: {}",
            self.others, self.unanswered, self.untold
        )?;
        writeln!(
            f,
            "      each time, of all runs on that database: acknowledged decisions against \
             AuditTrail, forwarded requests against it, AuditExplanation, AgentHistory, \
             HeldRequest and AgentActivity against it"
        )?;
        let ran: Vec<_> = self
            .ran
            .iter()
            .map(|(name, times)| format!("{name} {times} times"))
            .collect();
        write!(f, "      the engines' own checks: {}", ran.join(", "))
    }
}
