//! Time spans as .NET writes them: `[d.]hh:mm:ss[.fffffff]`.

use std::time::Duration;

/// Reads a span; nothing if it is none.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let (clock, fraction) = match text.rsplit_once(':')? {
        (_, seconds) if seconds.contains('.') => text.rsplit_once('.')?,
        _ => (text, "0"),
    };
    let (days, clock) = clock.split_once('.').unwrap_or(("0", clock));
    let mut parts = clock.split(':');
    let hours = number(parts.next()?, 2).filter(|hours| *hours < 24)?;
    let minutes = number(parts.next()?, 2).filter(|minutes| *minutes < 60)?;
    let seconds = number(parts.next()?, 2).filter(|seconds| *seconds < 60)?;
    if parts.next().is_some() {
        return None;
    }
    let days = number(days, 7)?;
    let digits = u32::try_from(fraction.len())
        .ok()
        .filter(|digits| (1..=7).contains(digits))?;
    let nanos = number(fraction, 7)? * 10_u64.pow(9 - digits);
    let seconds = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
    Some(Duration::from_secs(seconds) + Duration::from_nanos(nanos))
}

/// A number of at most so many digits, and of digits only.
fn number(text: &str, digits: usize) -> Option<u64> {
    let valid =
        (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().ok()).flatten()
}

/// A span as it would be written.
pub(super) fn write(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        clock / 3600,
        clock / 60 % 60,
        clock % 60
    );
    let fraction = match span.subsec_millis() {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    match days {
        0 => format!("{clock}{fraction}"),
        days => format!("{days}.{clock}{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_dotnet_writes() {
        for (text, millis) in [
            ("00:00:00", Some(0)),
            ("00:02:00", Some(120_000)),
            ("1.00:00:00", Some(86_400_000)),
            ("10.23:59:59.5", Some(950_399_500)),
            ("00:00:01.0500000", Some(1_050)),
            ("0:0:1", Some(1_000)),
            ("24:00:00", None),
            ("00:60:00", None),
            ("00:00:60", None),
            ("00:00", None),
            ("00:00:00:00", None),
            ("-00:00:01", None),
            ("+1:00:00", None),
            ("00:00:01.", None),
            ("00:00:01.12345678", None),
            ("1..00:00:00", None),
            ("120", None),
            ("", None),
        ] {
            assert_eq!(parse(text).map(|span| span.as_millis()), millis, "{text}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for text in ["00:02:00", "1.00:00:00", "00:00:00.500"] {
            assert_eq!(write(parse(text).unwrap()), text);
        }
    }
}
