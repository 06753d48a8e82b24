//! How long things take.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the buckets: nanoseconds, and seconds as they are written. One set for
/// everything, from a read of a row to a model that is asked, so that they compare.
pub(crate) const BOUNDS: [(u64, &str); 18] = [
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5"),
    (10_000_000_000, "10"),
    (30_000_000_000, "30"),
    (60_000_000_000, "60"),
];

/// Durations by buckets from 0.1 ms to a minute.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    /// What took longer than the last bound.
    beyond: AtomicU64,
    /// Nanoseconds; enough for 584 years.
    sum: AtomicU64,
}

impl Histogram {
    /// Counts a duration.
    pub fn observe(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let place = BOUNDS.partition_point(|(bound, _)| *bound < nanos);
        let bucket = self.buckets.get(place).unwrap_or(&self.beyond);
        bucket.fetch_add(1, Relaxed);
        self.sum.fetch_add(nanos, Relaxed);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        let buckets = self.buckets.iter().chain([&self.beyond]);
        buckets.map(|bucket| bucket.load(Relaxed)).sum()
    }

    /// What they come to together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum.load(Relaxed))
    }

    /// How many there are up to each bound, as text, and how many in all. Each bucket is
    /// read once, so that the last never is less than those before.
    pub(crate) fn cumulative(&self) -> (Vec<(&'static str, u64)>, u64) {
        let mut total = 0;
        let mut up_to = Vec::with_capacity(BOUNDS.len());
        for ((_, bound), bucket) in BOUNDS.iter().zip(&self.buckets) {
            total += bucket.load(Relaxed);
            up_to.push((*bound, total));
        }
        (up_to, total + self.beyond.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_bounds_are_those_that_count() {
        for (nanos, text) in BOUNDS {
            let seconds: f64 = text.parse().unwrap_or_default();
            assert!((seconds * 1e9 - nanos as f64).abs() < 1e-3, "{text}");
        }
        assert!(BOUNDS.is_sorted());
    }

    #[test]
    fn a_duration_counts_up_to_its_bound_inclusive() {
        for (nanos, first) in [
            (0, Some("0.0001")),
            (100_000, Some("0.0001")),
            (100_001, Some("0.00025")),
            (1_000_000_000, Some("1")),
            (60_000_000_000, Some("60")),
            (60_000_000_001, None),
            (u64::MAX / 2, None),
        ] {
            let histogram = Histogram::default();
            histogram.observe(Duration::from_nanos(nanos));
            let (buckets, total) = histogram.cumulative();
            let found = buckets.into_iter().find(|(_, count)| *count > 0);
            assert_eq!(found.map(|(bound, _)| bound), first, "{nanos}");
            assert_eq!((total, histogram.count()), (1, 1));
            assert_eq!(histogram.sum(), Duration::from_nanos(nanos));
        }
    }

    #[test]
    fn none_is_lost_when_many_count_at_once() {
        let histogram = Histogram::default();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let histogram = &histogram;
                scope.spawn(move || {
                    for step in 0..1000 {
                        histogram.observe(Duration::from_micros(thread * 1000 + step));
                    }
                });
            }
        });
        assert_eq!(histogram.count(), 8000);
        let micros: u64 = (0..8000).sum();
        assert_eq!(histogram.sum(), Duration::from_micros(micros));
    }
}
