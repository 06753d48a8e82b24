//! Random numbers that a seed repeats (SplitMix64).

use std::ops::RangeInclusive;
use std::time::Duration;

/// A stream of them.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A time within these milliseconds, to the microsecond.
    pub(super) fn time(&mut self, milliseconds: RangeInclusive<u64>) -> Duration {
        let (first, last) = (milliseconds.start() * 1000, milliseconds.end() * 1000);
        Duration::from_micros(first + self.next() % (last - first + 1))
    }
}
