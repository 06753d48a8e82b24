//! The factors that come from the request itself: method, time, body size.

use crate::Body;

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// Score of a method, without regard to case (OB §13).
pub(super) fn method(method: &str) -> f64 {
    const SCORES: [(&str, f64); 9] = [
        ("HEAD", 0.05),
        ("OPTIONS", 0.05),
        ("GET", 0.1),
        ("POST", 0.4),
        ("PATCH", 0.5),
        ("PUT", 0.6),
        ("TRACE", 0.7),
        ("CONNECT", 0.8),
        ("DELETE", 0.9),
    ];
    SCORES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(method))
        .map_or(0.5, |(_, score)| *score)
}

/// Score of the time of day and week in UTC, 0 to 0.5 (OB §13).
pub(super) fn time_of_day(now: i64) -> f64 {
    let day = now.div_euclid(MICROS_PER_DAY);
    let hour = now.rem_euclid(MICROS_PER_DAY) / MICROS_PER_HOUR;
    // 1970-01-01 was a Thursday; 0 is Sunday.
    let weekday = (day + 4).rem_euclid(7);
    let week: f64 = if weekday == 0 || weekday == 6 {
        0.2
    } else {
        0.0
    };
    let clock = match hour {
        0..=5 | 21..=23 => 0.3,
        6..=7 | 19..=20 => 0.1,
        _ => 0.0,
    };
    (week + clock).min(0.5)
}

/// Score of the body's size in bytes (OB §13).
pub(super) fn body_size(body: &Body) -> f64 {
    let size = match body {
        Body::Inspected(size) | Body::Uninspected(size) => *size,
        Body::None | Body::Undecodable(_) => 0,
    };
    match size {
        0..=10_240 => 0.0,
        10_241..=102_400 => 0.2,
        102_401..=1_048_576 => 0.5,
        _ => 0.8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_methods_without_regard_to_case() {
        for (name, expected) in [
            ("HEAD", 0.05),
            ("options", 0.05),
            ("GET", 0.1),
            ("Post", 0.4),
            ("PATCH", 0.5),
            ("PUT", 0.6),
            ("TRACE", 0.7),
            ("CONNECT", 0.8),
            ("delete", 0.9),
            ("PURGE", 0.5),
            ("", 0.5),
        ] {
            assert_eq!(method(name), expected, "{name}");
        }
    }

    #[test]
    fn scores_nights_and_weekends() {
        // Day 0 is a Thursday, day 2 a Saturday, day 3 a Sunday.
        for (day, hour, expected) in [
            (0, 0, 0.3),
            (0, 5, 0.3),
            (0, 6, 0.1),
            (0, 7, 0.1),
            (0, 8, 0.0),
            (0, 12, 0.0),
            (0, 18, 0.0),
            (0, 19, 0.1),
            (0, 20, 0.1),
            (0, 21, 0.3),
            (0, 23, 0.3),
            (1, 12, 0.0),
            (2, 12, 0.2),
            (2, 22, 0.5),
            (3, 3, 0.5),
            (4, 12, 0.0),
            (-1, 12, 0.0),
            (-4, 12, 0.2),
            (-5, 12, 0.2),
            (-6, 12, 0.0),
        ] {
            let now = day * MICROS_PER_DAY + hour * MICROS_PER_HOUR + 59;
            assert_eq!(time_of_day(now), expected, "day {day} hour {hour}");
        }
        for now in [i64::MIN, i64::MAX] {
            assert!((0.0..=0.5).contains(&time_of_day(now)));
        }
    }

    #[test]
    fn scores_sizes_above_each_threshold() {
        for (size, expected) in [
            (0, 0.0),
            (10_240, 0.0),
            (10_241, 0.2),
            (102_400, 0.2),
            (102_401, 0.5),
            (1_048_576, 0.5),
            (1_048_577, 0.8),
            (u64::MAX, 0.8),
        ] {
            assert_eq!(body_size(&Body::Inspected(size)), expected, "{size}");
            assert_eq!(body_size(&Body::Uninspected(size)), expected, "{size}");
        }
        assert_eq!(body_size(&Body::None), 0.0);
    }
}
