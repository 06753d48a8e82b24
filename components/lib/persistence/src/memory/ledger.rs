//! `vectra:persistence/ledger`.

use std::cmp::Reverse;

use vectra_domain::repository::{Ledger, MAX_PAGE, RefusalsPage, Result};
use vectra_domain::{
    Activity, AgentAccess, AgentHistory, AgentId, AgentStatus, AuditRecord, Context, Counter,
    DecisionType, Entry, HeldRequest, HeldStatus, PersistenceError, Policy, Query, Recorded,
    Refusals, Timestamp, TrustRule, TrustScore,
};

use super::{Memory, Span, State, insert, remove, take};
use crate::check;
use crate::repository::ledger::{Windows, seconds_to_next_minute, seconds_to_wait};

impl State {
    fn active(&self, agent: AgentId) -> bool {
        self.agents
            .get(&agent)
            .is_some_and(|agent| agent.status == AgentStatus::Active)
    }

    fn activity(&self, agent: AgentId, now: Timestamp) -> Activity {
        let windows = Windows::at(now);
        let mut activity = Activity::default();
        let (first, last) = windows.minutes;
        let minutes = (agent, Span::Minute, first)..=(agent, Span::Minute, last);
        for (&(_, _, start), counters) in self.activity.range(minutes) {
            if start == last {
                activity.minute_total = counters.requests;
            }
            activity.recent_total = activity.recent_total.saturating_add(counters.requests);
            activity.recent_violations = activity
                .recent_violations
                .saturating_add(counters.violations);
        }
        let (first, last) = windows.hours;
        let hours = (agent, Span::Hour, first)..=(agent, Span::Hour, last);
        for (&(_, _, start), counters) in self.activity.range(hours) {
            activity.baseline_total = activity.baseline_total.saturating_add(counters.requests);
            activity.baseline_since = activity.baseline_since.or(Some(start));
        }
        activity
    }

    /// The agent's access without its former secret.
    fn access_to_decide(&self, agent: AgentId) -> AgentAccess {
        let access = self.access.get(&agent).cloned().unwrap_or_default();
        AgentAccess {
            former_secret_hash: None,
            former_secret_until: None,
            ..access
        }
    }

    /// Whether the request may be held; `true` if it is not to be held.
    fn has_room(&self, entry: &Entry) -> bool {
        if entry.held.is_none() {
            return true;
        }
        let now = entry.audit.timestamp;
        let pending =
            |held: &&HeldRequest| held.status == HeldStatus::Pending && held.expires_at > now;
        let below = |count: usize, limit: u32| {
            limit == 0 || u32::try_from(count).is_ok_and(|count| count < limit)
        };
        let agent = entry.audit.agent_id;
        let of_agent = self
            .held
            .rows
            .values()
            .filter(pending)
            .filter(|held| held.agent_id == agent);
        below(of_agent.count(), entry.held_limits.per_agent)
            && below(
                self.held.rows.values().filter(pending).count(),
                entry.held_limits.in_all,
            )
    }

    /// Fails if an id is taken, before anything is changed.
    fn ids_are_free(&self, entry: &Entry) -> Result<()> {
        let taken = if self.history.contains_key(&entry.history_id) {
            "AgentHistory.Id"
        } else if entry
            .held
            .as_ref()
            .is_some_and(|held| self.held.rows.contains_key(&held.id))
        {
            "HeldRequest.Id"
        } else {
            return Ok(());
        };
        Err(PersistenceError::Conflict(taken.to_owned()))
    }

    fn count(&mut self, entry: &Entry) {
        let (agent, now) = (entry.audit.agent_id, entry.audit.timestamp);
        let violation = u32::from(entry.audit.decision_type != DecisionType::Allow);
        for (span, length) in [
            (Span::Minute, Timestamp::MINUTE),
            (Span::Hour, Timestamp::HOUR),
        ] {
            let counters = self
                .activity
                .entry((agent, span, now.floor(length)))
                .or_default();
            counters.requests = counters.requests.saturating_add(1);
            counters.violations = counters.violations.saturating_add(violation);
        }
    }

    fn move_trust(&mut self, agent: AgentId, rule: TrustRule, floor: Option<TrustScore>) {
        let Some(agent) = self.agents.get_mut(&agent) else {
            return;
        };
        let trust = agent.trust_score.get();
        let moved = (trust + rule.rate * (rule.target - trust)).clamp(0.0, 1.0);
        agent.trust_score = TrustScore::new(moved).unwrap_or(agent.trust_score);
        if floor.is_some_and(|floor| agent.trust_score.get() < floor.get()) {
            agent.status = AgentStatus::Quarantined;
        }
    }

    fn write(&mut self, entry: &Entry) -> Result<()> {
        self.ids_are_free(entry)?;
        self.count(entry);
        let audit = &entry.audit;
        let history = AgentHistory {
            id: entry.history_id,
            agent_id: audit.agent_id,
            method: audit.method.clone(),
            path: audit.path.clone(),
            timestamp: audit.timestamp,
            decision_type: audit.decision_type,
        };
        insert(&mut self.history, history.id, "AgentHistory.Id", history)?;
        let record = AuditRecord {
            entry: audit.clone(),
            explanation: entry.explanation.clone(),
            outcome: None,
        };
        self.audit.insert(audit.id, record);
        self.move_trust(audit.agent_id, entry.trust, entry.trust_floor);
        if let Some(held) = &entry.held {
            self.held.insert(held)?;
        }
        if let Some(probe) = &entry.probe {
            self.circuits.claim(probe, audit.agent_id, audit.timestamp);
        }
        self.raise(&entry.counter);
        Ok(())
    }

    /// Raises a counter of decisions.
    fn raise(&mut self, name: &str) {
        let count = self.decisions.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
    }
}

impl Ledger for Memory {
    fn load(&self, query: &Query) -> Result<Context> {
        if let Some(origin) = &query.origin {
            check::origin(origin)?;
        }
        self.call(|state| {
            let agent = state.agents.get(&query.agent_id).cloned();
            let policy = agent
                .as_ref()
                .and_then(|agent| agent.policy_name.as_deref())
                .and_then(|name| state.policies.get(name))
                .and_then(|revisions| revisions.last())
                .map(|policy| Policy {
                    document: String::new(),
                    ..policy.clone()
                });
            Ok(Context {
                schema_version: state.version.unwrap_or_default(),
                agent,
                access: state.access_to_decide(query.agent_id),
                policy,
                activity: state.activity(query.agent_id, query.now),
                circuit: query
                    .origin
                    .as_ref()
                    .and_then(|origin| state.circuits.of(&origin.to_string(), query.agent_id)),
                credential: query
                    .origin
                    .as_ref()
                    .and_then(|origin| state.credential_of(origin)),
            })
        })
    }

    fn record(&self, entry: &Entry) -> Result<Recorded> {
        check::entry(entry)?;
        let (agent, now) = (entry.audit.agent_id, entry.audit.timestamp);
        self.call(|state| {
            if state.audit.contains_key(&entry.audit.id) {
                return Err(PersistenceError::Conflict("AuditTrail.Id".to_owned()));
            }
            if !state.active(agent) {
                return Ok(Recorded::AgentGone);
            }
            let minute = (agent, Span::Minute, now.floor(Timestamp::MINUTE));
            let so_far = state
                .activity
                .get(&minute)
                .map_or(0, |counters| counters.requests);
            let in_the_way = entry
                .probe
                .as_ref()
                .and_then(|probe| state.circuits.in_the_way(probe, agent, now));
            let refusal = if entry.rate_limit.is_some_and(|limit| so_far >= limit) {
                state.raise("limited");
                Recorded::Limited(seconds_to_next_minute(now))
            } else if let Some(opens_at) = in_the_way {
                return Ok(Recorded::CircuitOpen(seconds_to_wait(now, opens_at)));
            } else if !state.has_room(entry) {
                Recorded::TooManyHeld
            } else {
                state.write(entry)?;
                return Ok(Recorded::Recorded(so_far.saturating_add(1)));
            };
            let counters = state.activity.entry(minute).or_default();
            counters.refused = counters.refused.saturating_add(1);
            Ok(refusal)
        })
    }

    fn list_refusals(&self, page: &RefusalsPage) -> Result<Vec<Refusals>> {
        let limit = check::limit(page.limit)?;
        self.call(|state| {
            let mut rows: Vec<Refusals> = state
                .activity
                .iter()
                .filter(|(_, counters)| counters.refused > 0)
                .map(|(&(agent_id, _, minute), counters)| Refusals {
                    agent_id,
                    minute,
                    requests: counters.requests,
                    refused: counters.refused,
                })
                .filter(|row| page.agent_id.is_none_or(|agent| row.agent_id == agent))
                .filter(|row| {
                    page.after
                        .is_none_or(|after| (row.minute, row.agent_id) < after)
                })
                .collect();
            rows.sort_by_key(|row| Reverse((row.minute, row.agent_id)));
            Ok(take(limit, rows.into_iter()))
        })
    }

    fn counters(&self) -> Result<Vec<Counter>> {
        self.call(|state| {
            let counters = state.decisions.iter().map(|(name, count)| Counter {
                name: name.clone(),
                count: *count,
            });
            Ok(take(i64::from(MAX_PAGE), counters))
        })
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let mut old: Vec<_> = state
                .activity
                .keys()
                .filter(|(_, _, start)| *start < before)
                .copied()
                .collect();
            old.sort_by_key(|(_, _, start)| *start);
            let keys = take(limit, old.into_iter());
            Ok(remove(&mut state.activity, &keys))
        })
    }
}
