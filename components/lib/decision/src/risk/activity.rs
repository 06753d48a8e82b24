//! The factors that come from the agent's past: history and anomaly.

use crate::Activity;

const MICROS_PER_MINUTE: i64 = 60_000_000;
const MICROS_PER_DAY: i64 = 1_440 * MICROS_PER_MINUTE;

/// Length of the window that `recent_*` counts, in minutes.
const RECENT_MINUTES: f64 = 5.0;

/// Longest baseline, in days.
const BASELINE_DAYS: i64 = 7;

/// Score of the last five minutes and of the agent's trust (OB §13).
///
/// An agent of which nothing at all is known gets 0.3. One that was quiet for five
/// minutes but has a past is judged by its trust, so that waiting washes nothing off.
pub(super) fn history(activity: &Activity, trust_score: f64) -> f64 {
    if activity.recent_total == 0 && activity.baseline_total == 0 {
        return 0.3;
    }
    let total = f64::from(activity.recent_total);
    let violations = f64::from(activity.recent_violations.min(activity.recent_total));
    let mut score = 0.0;
    if activity.recent_total > 0 {
        score += 0.5 * violations / total;
    }
    let per_minute = total / RECENT_MINUTES;
    if per_minute > 60.0 {
        score += 0.3;
    } else if per_minute > 30.0 {
        score += 0.15;
    } else if per_minute > 10.0 {
        score += 0.05;
    }
    if trust_score < 0.3 {
        score += 0.4;
    } else if trust_score < 0.6 {
        score += 0.2;
    }
    score.min(1.0)
}

/// Score of the deviation from the agent's own pace: above three times the baseline
/// 0.6, above two times 0.3 (OB §13).
///
/// The baseline is what was really observed, at most seven days, and needs a day:
/// a pace taken over a shorter time would make every new agent an anomaly.
pub(super) fn anomaly(activity: &Activity, now: i64) -> f64 {
    let Some(since) = activity.baseline_since else {
        return 0.0;
    };
    let observed = now
        .saturating_sub(since)
        .min(BASELINE_DAYS * MICROS_PER_DAY);
    if observed < MICROS_PER_DAY || activity.baseline_total == 0 {
        return 0.0;
    }
    let minutes = observed as f64 / MICROS_PER_MINUTE as f64;
    let baseline = f64::from(activity.baseline_total) / minutes;
    let current = f64::from(activity.recent_total) / RECENT_MINUTES;
    let ratio = current / baseline;
    if ratio > 3.0 {
        0.6
    } else if ratio > 2.0 {
        0.3
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000 * MICROS_PER_DAY;

    fn recent(total: u32, violations: u32) -> Activity {
        Activity {
            recent_total: total,
            recent_violations: violations,
            baseline_total: total,
            baseline_since: None,
        }
    }

    #[test]
    fn scores_violations_pace_and_trust() {
        for (total, violations, trust, expected) in [
            (0, 0, 0.1, 0.3),
            (0, 0, 0.9, 0.3),
            (10, 0, 0.9, 0.0),
            (10, 5, 0.9, 0.25),
            (10, 10, 0.9, 0.5),
            (10, 11, 0.9, 0.5),
            (50, 0, 0.9, 0.0),
            (51, 0, 0.9, 0.05),
            (150, 0, 0.9, 0.05),
            (151, 0, 0.9, 0.15),
            (300, 0, 0.9, 0.15),
            (301, 0, 0.9, 0.3),
            (10, 0, 0.6, 0.0),
            (10, 0, 0.59, 0.2),
            (10, 0, 0.3, 0.2),
            (10, 0, 0.29, 0.4),
            (301, 301, 0.0, 1.0),
        ] {
            let score = history(&recent(total, violations), trust);
            assert!(
                (score - expected).abs() < 1e-12,
                "{total}/{violations} trust {trust}: {score}"
            );
        }
    }

    #[test]
    fn a_quiet_agent_with_a_past_is_judged_by_its_trust() {
        let quiet = Activity {
            baseline_total: 40,
            ..Activity::default()
        };
        assert_eq!(history(&quiet, 0.1), 0.4);
        assert_eq!(history(&quiet, 0.9), 0.0);
    }

    #[test]
    fn anomaly_needs_a_day_of_baseline() {
        let busy = |since| Activity {
            recent_total: 100,
            recent_violations: 0,
            baseline_total: 100,
            baseline_since: since,
        };
        for (since, expected) in [
            (None, 0.0),
            (Some(NOW), 0.0),
            (Some(NOW + 5), 0.0),
            (Some(i64::MAX), 0.0),
            (Some(NOW - MICROS_PER_DAY + 1), 0.0),
            (Some(NOW - MICROS_PER_DAY), 0.6),
            (Some(NOW - 30 * MICROS_PER_DAY), 0.6),
            (Some(i64::MIN), 0.6),
        ] {
            assert_eq!(anomaly(&busy(since), NOW), expected, "{since:?}");
        }
    }

    #[test]
    fn anomaly_compares_with_the_observed_pace() {
        // One request a minute for `days` days, then `recent` in five minutes.
        for (days, recent_total, expected) in [
            (1, 0, 0.0),
            (1, 10, 0.0),
            (1, 11, 0.3),
            (1, 15, 0.3),
            (1, 16, 0.6),
            (7, 10, 0.0),
            (7, 11, 0.3),
            (7, 16, 0.6),
        ] {
            let activity = Activity {
                recent_total,
                recent_violations: 0,
                baseline_total: days * 1_440,
                baseline_since: Some(NOW - i64::from(days) * MICROS_PER_DAY),
            };
            assert_eq!(
                anomaly(&activity, NOW),
                expected,
                "{days} d, {recent_total}"
            );
        }
        let never_seen = Activity {
            baseline_since: Some(NOW - 2 * MICROS_PER_DAY),
            ..Activity::default()
        };
        assert_eq!(anomaly(&never_seen, NOW), 0.0);
    }
}
