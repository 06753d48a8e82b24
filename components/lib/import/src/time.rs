//! Times as EF Core writes them (OB §1.6, §15).

use chrono::{DateTime, NaiveDateTime, Utc};
use vectra_domain::Timestamp;

/// A time of the original, which is kept to 100 nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// To the microsecond, as we keep it.
    pub timestamp: Timestamp,
    /// Nanoseconds since the millisecond began.
    pub nanoseconds: u32,
}

/// Reads `2024-05-01 12:34:56.1234567`, with an offset or without: then it is UTC,
/// as the original means it. `T` for the space and `Z` for the offset do as well.
pub(crate) fn read(text: &str) -> Option<Moment> {
    let text = text.trim().replacen(' ', "T", 1);
    let time = match DateTime::parse_from_rfc3339(&text) {
        Ok(time) => time.to_utc(),
        Err(_) => {
            let naive = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
            DateTime::<Utc>::from_naive_utc_and_offset(naive, Utc)
        }
    };
    Some(Moment {
        timestamp: Timestamp::from_micros(time.timestamp_micros()).ok()?,
        nanoseconds: time.timestamp_subsec_nanos() % 1_000_000,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_ef_core_writes() {
        let cases = [
            (
                "2024-05-01 12:34:56.1234567",
                "2024-05-01T12:34:56.123456Z",
                456_700,
            ),
            (
                "2024-05-01 12:34:56.1234567+00:00",
                "2024-05-01T12:34:56.123456Z",
                456_700,
            ),
            (
                "2024-05-01 12:34:56.5+02:00",
                "2024-05-01T10:34:56.500000Z",
                0,
            ),
            ("2024-05-01 12:34:56", "2024-05-01T12:34:56.000000Z", 0),
            ("2024-05-01T12:34:56Z", "2024-05-01T12:34:56.000000Z", 0),
            (
                "2024-05-01T12:34:56.000001-01:30",
                "2024-05-01T14:04:56.000001Z",
                1_000,
            ),
            ("0001-01-01 00:00:00", "0001-01-01T00:00:00.000000Z", 0),
            (
                "9999-12-31 23:59:59.9999999",
                "9999-12-31T23:59:59.999999Z",
                999_900,
            ),
            (
                "1969-12-31 23:59:59.9999999",
                "1969-12-31T23:59:59.999999Z",
                999_900,
            ),
        ];
        for (text, expected, nanoseconds) in cases {
            let moment = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(moment.timestamp.to_string(), expected, "{text}");
            assert_eq!(moment.nanoseconds, nanoseconds, "{text}");
        }
    }

    #[test]
    fn reads_nothing_else() {
        for text in [
            "",
            " ",
            "now",
            "2024-05-01",
            "2024-13-01 00:00:00",
            "2024-02-30 00:00:00",
            "01/05/2024 12:34",
            "2460431.5",
            "10000-01-01 00:00:00",
            "0000-12-31 23:59:59",
            "-0001-01-01 00:00:00",
            "2024-05-01 12:34:56+99:99",
            "9999-12-31 23:59:59-01:00",
            "2024-05-01 12:34:56 UTC",
            "ééééééééé ééé",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
