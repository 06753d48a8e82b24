//! `vectra:persistence/ledger`, the hot path.

use vectra_domain::repository::{Ledger, MAX_PAGE, RefusalsPage, Result};
use vectra_domain::{
    Activity, AgentAccess, Circuit, CircuitState, Context, Counter, Entry, HeldRequest, Origin,
    PersistenceError, Query, Recorded, Refusals, SealedCredential, Timestamp, TrustScore,
};

use super::{Repositories, audit, schema};
use crate::bind::Bind;
use crate::filter::{Filter, Kind, Order};
use crate::row::{Reader, unexpected};
use crate::{Database, Value, check, mapping};

/// How far back the recent window and the baseline reach before the bucket that now
/// lies in: five minutes and seven days, both with the current one.
const MINUTES_BEFORE: i64 = 4;
const HOURS_BEFORE: i64 = 7 * 24 - 1;

/// The first and the current bucket of each window.
pub(crate) struct Windows {
    pub(crate) minutes: (Timestamp, Timestamp),
    pub(crate) hours: (Timestamp, Timestamp),
}

impl Windows {
    pub(crate) fn at(now: Timestamp) -> Self {
        let minute = now.floor(Timestamp::MINUTE);
        let hour = now.floor(Timestamp::HOUR);
        Self {
            minutes: (minute.plus(-MINUTES_BEFORE * Timestamp::MINUTE), minute),
            hours: (hour.plus(-HOURS_BEFORE * Timestamp::HOUR), hour),
        }
    }
}

/// Seconds until the next minute begins, 1 to 60.
pub(crate) fn seconds_to_next_minute(now: Timestamp) -> u32 {
    let left = Timestamp::MINUTE - now.micros().rem_euclid(Timestamp::MINUTE);
    u32::try_from((left + Timestamp::SECOND - 1) / Timestamp::SECOND).unwrap_or(60)
}

/// Seconds until a circuit may be probed, at least 1.
pub(crate) fn seconds_to_wait(now: Timestamp, opens_at: Timestamp) -> u32 {
    let left = opens_at.micros().saturating_sub(now.micros());
    let seconds = left.saturating_add(Timestamp::SECOND - 1) / Timestamp::SECOND;
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

/// `RequestsPerMinute, TokensNotBefore`: all of it that a decision takes.
fn access(row: &mut Reader) -> Result<AgentAccess> {
    Ok(AgentAccess {
        requests_per_minute: row.optional_count("AgentAccess.RequestsPerMinute")?,
        tokens_not_before: row.optional_time("AgentAccess.TokensNotBefore")?,
        ..AgentAccess::default()
    })
}

/// `State, OpensAt` of an agent's circuit and the one for all together.
fn circuit(row: &mut Reader) -> Result<Option<Circuit>> {
    if row.is_null() {
        row.skip(2);
        return Ok(None);
    }
    Ok(Some(Circuit {
        state: row.code("UpstreamCircuit.State", CircuitState::from_code)?,
        opens_at: row.optional_time("UpstreamCircuit.OpensAt")?,
    }))
}

/// `Id, KeyId, Sealed`.
fn credential(row: &mut Reader) -> Result<Option<SealedCredential>> {
    if row.is_null() {
        row.skip(3);
        return Ok(None);
    }
    Ok(Some(SealedCredential {
        id: row.parsed("UpstreamCredential.Id")?,
        key_id: row.text("UpstreamCredential.KeyId")?,
        sealed: row.blob("UpstreamCredential.Sealed")?,
    }))
}

fn context(row: &mut Reader) -> Result<Context> {
    if row.is_null() {
        return Err(PersistenceError::SchemaMissing);
    }
    let schema_version = schema::current(row.count("SchemaVersion.Version")?)?;
    let activity = Activity {
        minute_total: row.count("AgentActivity.Requests")?,
        recent_total: row.count("AgentActivity.Requests")?,
        recent_violations: row.count("AgentActivity.Violations")?,
        baseline_total: row.count("AgentActivity.Requests")?,
        baseline_since: row.optional_time("AgentActivity.Start")?,
    };
    let agent = if row.is_null() {
        row.skip(mapping::AGENT_COLUMNS);
        None
    } else {
        Some(mapping::agent(row)?)
    };
    let access = access(row)?;
    let circuit = circuit(row)?;
    let credential = credential(row)?;
    let policy = if row.is_null() {
        None
    } else {
        Some(mapping::policy(row)?)
    };
    Ok(Context {
        schema_version,
        agent,
        access,
        policy,
        activity,
        circuit,
        credential,
    })
}

/// The nine columns of a request to hold, or as many NULLs.
fn held(bind: Bind, held: Option<&HeldRequest>) -> Bind {
    let Some(held) = held else {
        return (0..9).fold(bind, |bind, _| bind.value(Value::Null));
    };
    bind.id(held.id)
        .optional_text("HeldRequest.Reason", held.reason.as_deref())
        .text("HeldRequest.Method", &held.method)
        .text("HeldRequest.TargetUrl", &held.target_url)
        .text("HeldRequest.Digest", &held.digest)
        .text("HeldRequest.KeyId", &held.key_id)
        .blob(&held.sealed)
        .time(held.created_at)
        .time(held.expires_at)
}

/// The parameters of a decision.
fn decision(entry: &Entry) -> Bind {
    let now = entry.audit.timestamp;
    let bind = audit::bind(&entry.audit)
        .id(entry.history_id)
        .text("AuditExplanation.Document", &entry.explanation)
        .time(now.floor(Timestamp::MINUTE))
        .time(now.floor(Timestamp::HOUR))
        .optional_integer(entry.rate_limit.map(i64::from))
        .real(entry.trust.target)
        .real(entry.trust.rate)
        .integer(i64::from(entry.held_limits.per_agent))
        .integer(i64::from(entry.held_limits.in_all));
    held(bind, entry.held.as_ref())
        .optional_real(entry.trust_floor.map(TrustScore::get))
        .text("DecisionCounter.Name", &entry.counter)
}

/// What came of it, then the requests of the minute, then until when a circuit is open.
fn outcome(row: &mut Reader, now: Timestamp) -> Result<Recorded> {
    match row.integer("outcome")? {
        0 => row.count("AgentActivity.Requests").map(Recorded::Recorded),
        1 => Ok(Recorded::AgentGone),
        2 => Ok(Recorded::Limited(seconds_to_next_minute(now))),
        3 => Ok(Recorded::TooManyHeld),
        4 => {
            row.skip(1);
            let opens_at = row.time("UpstreamCircuit.OpensAt")?;
            Ok(Recorded::CircuitOpen(seconds_to_wait(now, opens_at)))
        }
        _ => Err(unexpected("outcome")),
    }
}

impl<D: Database> Ledger for Repositories<D> {
    fn load(&self, query: &Query) -> Result<Context> {
        if let Some(origin) = &query.origin {
            check::origin(origin)?;
        }
        let windows = Windows::at(query.now);
        let bind = Bind::new()
            .id(query.agent_id)
            .time(windows.minutes.0)
            .time(windows.minutes.1)
            .time(windows.hours.0)
            .time(windows.hours.1)
            .optional_text(
                "UpstreamCircuit.Origin",
                query.origin.as_ref().map(Origin::to_string).as_deref(),
            );
        let row = self.first(self.dialect.load, bind.finish()?)?;
        context(&mut row.ok_or(PersistenceError::SchemaMissing)?)
    }

    fn record(&self, entry: &Entry) -> Result<Recorded> {
        check::entry(entry)?;
        let bind = decision(entry);
        let row = match &entry.probe {
            None => self.first(self.dialect.record, bind.finish()?)?,
            Some(probe) => {
                let bind = bind
                    .text("UpstreamCircuit.Origin", &probe.origin.to_string())
                    .time(probe.lease_until)
                    .time(probe.own_until);
                self.first(self.dialect.circuits.probe, bind.finish()?)?
            }
        };
        let mut row = row.ok_or_else(|| unexpected("outcome"))?;
        outcome(&mut row, entry.audit.timestamp)
    }

    fn list_refusals(&self, page: &RefusalsPage) -> Result<Vec<Refusals>> {
        let limit = check::limit(page.limit)?;
        // Of both kinds of row only minutes have refusals; said so that an agent's are
        // found by its key, in order.
        let mut filter = Filter::new(self.dialect, self.dialect.refusals_list)
            .holds("Refused > 0")
            .holds("Span = 60");
        if let Some(agent) = page.agent_id {
            filter = filter.equals("AgentId", Kind::Id, |b| b.id(agent));
        }
        if let Some((minute, agent)) = page.after {
            let columns = [("Start", Kind::Time), ("AgentId", Kind::Id)];
            filter = filter.after(Order::Descending, columns, |b| b.time(minute).id(agent));
        }
        let (statement, parameters) =
            filter.page(Order::Descending, ["Start", "AgentId"], limit)?;
        self.all(&statement, parameters, mapping::refusals)
    }

    fn counters(&self) -> Result<Vec<Counter>> {
        let bind = Bind::new().integer(i64::from(MAX_PAGE));
        self.all(self.dialect.counters, bind.finish()?, mapping::counter)
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        self.prune(self.dialect.activity_prune, Bind::new().time(before), limit)
    }
}
