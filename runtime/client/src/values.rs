//! Arguments that are more than text.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

/// The longest overlap of two secrets: a week.
const MAX_OVERLAP: u64 = 7 * 24 * 60 * 60;

/// Letters of a SHA-256 in hexadecimal.
const DIGEST: usize = 64;

/// The id of an agent, as the gateway writes it.
pub fn agent_id(text: &str) -> Result<String, String> {
    id(text, "the agent's id")
}

/// The id of a decision, as the gateway writes it.
pub fn audit_id(text: &str) -> Result<String, String> {
    id(text, "a decision's id")
}

/// The id of a held request, as the gateway writes it.
pub fn held_id(text: &str) -> Result<String, String> {
    id(text, "a held request's id")
}

/// The id of credentials, as the gateway writes it.
pub fn credential_id(text: &str) -> Result<String, String> {
    id(text, "the credentials' id")
}

fn id(text: &str, whose: &str) -> Result<String, String> {
    let id = Uuid::try_parse(text).map_err(|_| format!("it must be {whose}, a GUID"))?;
    Ok(id.hyphenated().to_string())
}

/// The digest of a held request, as the gateway writes it.
pub fn digest(text: &str) -> Result<String, String> {
    let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match hexadecimal && text.len() == DIGEST {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!(
            "it must be a SHA-256 of {DIGEST} hexadecimal digits"
        )),
    }
}

/// A moment (RFC 3339); kept as it is written.
pub fn moment(text: &str) -> Result<String, String> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("it must be a time such as 2027-01-31T00:00:00Z".to_owned()),
    }
}

/// A duration such as `90d`: a number of seconds (`s`), minutes (`m`), hours (`h`),
/// days (`d`) or weeks (`w`), more than nothing.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "it must be a number with s, m, h, d or w, such as 90d".to_owned();
    let at = text
        .find(|character: char| !character.is_ascii_digit())
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at_checked(at).ok_or_else(wrong)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(unit) {
        Some(0) => Err("it must be more than nothing".to_owned()),
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => Err(wrong()),
    }
}

/// How long two secrets of an agent may both hold.
pub fn overlap(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        time if time.as_secs() > MAX_OVERLAP => Err("it must be a week at most".to_owned()),
        time => Ok(time),
    }
}

/// The moment (RFC 3339) that is so much later; none beyond the year 9999.
pub fn after(now: SystemTime, time: Duration) -> Option<String> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(now.checked_add(time)?.as_secs()).ok()?;
    let moment = DateTime::<Utc>::from_timestamp(seconds, 0)?;
    let text = moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    (text.len() == "2027-01-31T00:00:00Z".len()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, expected) in [
            ("1s", Some(1)),
            ("90m", Some(5400)),
            ("1h", Some(3600)),
            ("90d", Some(7_776_000)),
            ("2w", Some(1_209_600)),
            ("0d", None),
            ("", None),
            ("d", None),
            ("90", None),
            ("1h30m", None),
            ("-1h", None),
            ("1.5h", None),
            ("1 h", None),
            ("1D", None),
            ("1é", None),
            ("99999999999999999999d", None),
            ("18446744073709551615w", None),
        ] {
            let seconds = duration(text).ok().map(|time| time.as_secs());
            assert_eq!(seconds, expected, "{text}");
        }
        assert!(overlap("7d").is_ok() && overlap("604801s").is_err());
    }

    #[test]
    fn a_moment_lies_so_much_later() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_999);
        let later = |seconds| after(now, Duration::from_secs(seconds));
        assert_eq!(later(1).as_deref(), Some("2023-11-14T22:13:21Z"));
        assert_eq!(later(7_776_000).as_deref(), Some("2024-02-12T22:13:20Z"));
        assert_eq!(later(300_000_000_000), None);
        assert_eq!(later(u64::MAX), None);
    }

    #[test]
    fn ids_and_times_are_checked_before_anything_is_sent() {
        assert_eq!(
            agent_id("6F9619FF-8B86-D011-B42D-00C04FC964FF").as_deref(),
            Ok("6f9619ff-8b86-d011-b42d-00c04fc964ff")
        );
        for text in ["", "billing", "..", "6f9619ff/8b86"] {
            assert!(agent_id(text).is_err(), "{text}");
        }
        assert!(moment("2027-01-31T01:00:00+01:00").is_ok());
        for text in ["", "2027-01-31", "tomorrow", "2027-13-01T00:00:00Z"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
