//! `vectra:persistence/ledger`, the hot path.

use vectra_domain::repository::{Ledger, Result};
use vectra_domain::{
    Activity, Context, Entry, HeldRequest, PersistenceError, Query, Recorded, Timestamp,
};

use super::{Repositories, audit, schema};
use crate::bind::Bind;
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

/// Refuses what the tables do not hold yet: an answer without it could let a request
/// pass that must not.
pub(crate) fn supported(external_key: bool, probe: bool) -> Result<()> {
    let what = match (external_key, probe) {
        (true, _) => "keys of external issuers are",
        (_, true) => "probes of a circuit are",
        _ => return Ok(()),
    };
    Err(PersistenceError::Other(format!("{what} not supported yet")))
}

fn context(row: &mut Reader) -> Result<Context> {
    if row.is_null() {
        return Err(PersistenceError::SchemaMissing);
    }
    let schema_version = schema::current(row.count("SchemaVersion.Version")?)?;
    let activity = Activity {
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
    let policy = if row.is_null() {
        None
    } else {
        Some(mapping::policy(row)?)
    };
    Ok(Context {
        schema_version,
        agent,
        policy,
        activity,
        circuit: None,
        external_key: None,
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

impl<D: Database> Ledger for Repositories<D> {
    fn load(&self, query: &Query) -> Result<Context> {
        supported(query.external.is_some(), false)?;
        let windows = Windows::at(query.now);
        let bind = Bind::new()
            .id(query.agent_id)
            .time(windows.minutes.0)
            .time(windows.minutes.1)
            .time(windows.hours.0)
            .time(windows.hours.1);
        let row = self.first(self.dialect.load, bind.finish()?)?;
        context(&mut row.ok_or(PersistenceError::SchemaMissing)?)
    }

    fn record(&self, entry: &Entry) -> Result<Recorded> {
        supported(false, entry.probe.is_some())?;
        check::entry(entry)?;
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
        let parameters = held(bind, entry.held.as_ref()).finish()?;
        let row = self.first(self.dialect.record, parameters)?;
        let outcome = row.map(|mut row| row.integer("outcome")).transpose()?;
        match outcome {
            Some(0) => Ok(Recorded::Recorded),
            Some(1) => Ok(Recorded::AgentGone),
            Some(2) => Ok(Recorded::Limited(seconds_to_next_minute(now))),
            Some(3) => Ok(Recorded::TooManyHeld),
            _ => Err(unexpected("outcome")),
        }
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        self.prune(self.dialect.activity_prune, Bind::new().time(before), limit)
    }
}
