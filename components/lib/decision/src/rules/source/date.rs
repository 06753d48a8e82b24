//! Dates, by their shape.

/// Whether a text has the shape of RFC 3339's dates or date-times.
pub(super) fn is_date(text: &str) -> bool {
    let fits = |pattern: &str, text: &str| {
        pattern.len() == text.len()
            && pattern
                .bytes()
                .zip(text.bytes())
                .all(|(expected, byte)| match expected {
                    b'0' => byte.is_ascii_digit(),
                    other => byte.eq_ignore_ascii_case(&other),
                })
    };
    let Some((day, time)) = text.split_at_checked(10) else {
        return false;
    };
    if !fits("0000-00-00", day) {
        return false;
    }
    if time.is_empty() {
        return true;
    }
    let Some((clock, rest)) = time.split_at_checked(9) else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    fits("T00:00:00", clock)
        && (zone.is_empty()
            || zone.eq_ignore_ascii_case("z")
            || fits("+00:00", zone)
            || fits("-00:00", zone))
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn knows_dates_by_their_shape() {
        for (text, expected) in [
            ("2026-01-31", true),
            ("2026-01-31T12:00:00Z", true),
            ("2026-01-31t12:00:00.123456z", true),
            ("2026-01-31T12:00:00+02:00", true),
            ("2026-01-31T12:00:00", true),
            ("2026-01-31T12:00", false),
            ("2026-01-31T12:00:00.Z", false),
            ("2026-01-31 x", false),
            ("31.01.2026", false),
            ("2026-1-31", false),
            ("äääääääääää", false),
            ("", false),
        ] {
            assert_eq!(is_date(text), expected, "{text}");
        }
    }
}
