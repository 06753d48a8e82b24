//! Which rows are copied.

use std::fmt;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};

/// How long after its time a row may still be recorded; far more than a request takes.
const LATE: Duration = Duration::from_secs(5 * 60);

/// Which rows, and how many in one request.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// The first moment (RFC 3339), as written by the user.
    pub from: Option<String>,
    /// The first moment that is not wanted any more.
    pub to: Option<String>,
    /// Rows of one request.
    pub limit: u16,
}

impl Range {
    /// Whether a moment (microseconds since 1970) lies within. A bound that is no
    /// time does not count here: the gateway refuses it.
    pub(super) fn holds(&self, moment: i64) -> bool {
        let bound = |text: &Option<String>| text.as_deref().and_then(micros);
        bound(&self.from).is_none_or(|from| from <= moment)
            && bound(&self.to).is_none_or(|to| moment < to)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bounds = [("--from", &self.from), ("--to", &self.to)];
        let mut given = bounds
            .into_iter()
            .filter_map(|(name, bound)| Some((name, bound.as_ref()?)));
        if let Some((name, bound)) = given.next() {
            write!(f, "{name} {bound}")?;
        }
        given.try_for_each(|(name, bound)| write!(f, " {name} {bound}"))
    }
}

/// Microseconds since 1970 of an RFC 3339 time; finer digits are cut off, as the
/// gateway does it.
pub(super) fn micros(text: &str) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.timestamp_micros())
}

/// The moment (RFC 3339) before which every row is recorded by now: a row gets its
/// time before it is committed, and an export goes on after its last row.
pub fn settled(now: SystemTime) -> String {
    let now = now.duration_since(SystemTime::UNIX_EPOCH);
    let moment = now.unwrap_or_default().saturating_sub(LATE).as_micros();
    let moment = i64::try_from(moment).unwrap_or(i64::MAX);
    let moment = DateTime::<Utc>::from_timestamp_micros(moment);
    let moment = moment.unwrap_or(DateTime::<Utc>::MAX_UTC);
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_settled_after_five_minutes() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456);
        assert_eq!(settled(now), "2023-11-14T22:08:20.123456Z");
    }

    #[test]
    fn a_range_holds_its_start_and_not_its_end() {
        let some = |text: &str| Some(text.to_owned());
        let (one, two) = (
            some("1970-01-01T00:00:01Z"),
            some("1970-01-01T01:00:02+01:00"),
        );
        let finer = some("1970-01-01T00:00:01.0000009Z");
        for (from, to, moment, expected) in [
            (&None, &None, 0, true),
            (&one, &two, 999_999, false),
            (&one, &two, 1_000_000, true),
            (&finer, &two, 1_000_000, true),
            (&one, &two, 1_999_999, true),
            (&one, &two, 2_000_000, false),
            (&None, &two, -1, true),
            (&two, &None, 2_000_000, true),
            (&some("soon"), &some("later"), 0, true),
        ] {
            let (from, to) = (from.clone(), to.clone());
            let range = Range { from, to, limit: 1 };
            assert_eq!(range.holds(moment), expected, "{moment} in {range}");
        }
    }
}
