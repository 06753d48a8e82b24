//! Times in UTC with microseconds.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};

/// A time that cannot be kept, or a text that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Outside the years 1 to 9999.
    #[error("{0} microseconds lie outside the years 1 to 9999")]
    OutOfRange(i64),
    /// Not an RFC 3339 time.
    #[error("`{0}` is not a time such as 2026-01-31T12:00:00.000000Z")]
    Malformed(String),
}

/// A point in time: microseconds since 1970-01-01T00:00:00Z, years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// Microseconds in a second.
    pub const SECOND: i64 = 1_000_000;
    /// Microseconds in a minute.
    pub const MINUTE: i64 = 60 * Self::SECOND;
    /// Microseconds in an hour.
    pub const HOUR: i64 = 60 * Self::MINUTE;
    /// Microseconds in a day.
    pub const DAY: i64 = 24 * Self::HOUR;
    const MIN: i64 = -62_135_596_800_000_000;
    const MAX: i64 = 253_402_300_799_999_999;

    /// Takes microseconds since 1970.
    ///
    /// # Errors
    /// [`TimeError::OutOfRange`] outside the years 1 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, TimeError> {
        if (Self::MIN..=Self::MAX).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(TimeError::OutOfRange(micros))
        }
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Seconds since 1970, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(Self::SECOND)
    }

    /// This time and `micros` more, held within the years 1 to 9999.
    #[must_use]
    pub fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros).clamp(Self::MIN, Self::MAX))
    }

    /// The start of the aligned interval of `micros` that this time lies in.
    #[must_use]
    pub fn floor(self, micros: i64) -> Self {
        let step = micros.max(1);
        Self((self.0.div_euclid(step).saturating_mul(step)).clamp(Self::MIN, Self::MAX))
    }
}

/// `YYYY-MM-DDTHH:MM:SS.ffffffZ`, 27 characters: sorts as text as it does in time.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_micros(self.0).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// Any RFC 3339 time; finer digits than microseconds are cut off.
impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError::Malformed(text.chars().take(64).collect());
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| wrong())?;
        if !(0..=9999).contains(&time.year()) {
            return Err(wrong());
        }
        Self::from_micros(time.timestamp_micros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_a_fixed_width_that_reads_back() {
        let cases = [
            (Timestamp::MIN, "0001-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_700_000_000_123_456, "2023-11-14T22:13:20.123456Z"),
            (Timestamp::MAX, "9999-12-31T23:59:59.999999Z"),
        ];
        for (micros, text) in cases {
            let time = Timestamp::from_micros(micros).unwrap();
            assert_eq!(time.to_string(), text);
            assert_eq!(text.parse::<Timestamp>().unwrap(), time);
        }
    }

    #[test]
    fn refuses_years_outside_1_to_9999() {
        assert!(Timestamp::from_micros(Timestamp::MIN - 1).is_err());
        assert!(Timestamp::from_micros(Timestamp::MAX + 1).is_err());
        assert!("0000-12-31T23:59:59Z".parse::<Timestamp>().is_err());
    }

    #[test]
    fn floors_towards_the_past() {
        let before = Timestamp::from_micros(-1).unwrap();
        assert_eq!(before.floor(Timestamp::MINUTE).micros(), -Timestamp::MINUTE);
    }
}
