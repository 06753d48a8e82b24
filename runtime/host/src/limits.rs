//! The bounds of one request and of all together.

use std::time::Duration;

/// How long one tick of the engine's clock is. CPU limits are counted in ticks.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Instances beyond the requests' own: checks and ticks of the hosted interfaces.
pub(crate) const SPARE_INSTANCES: u32 = 4;

/// Bounds. Every request gets its own share.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Linear memory of one request, all its instances together, in bytes.
    pub memory: usize,
    /// Time one request may spend computing; waiting does not count.
    pub cpu: Duration,
    /// Time one request may take in all.
    pub time: Duration,
    /// Requests that run at once (1 to 1,024).
    pub concurrent_requests: u32,
    /// How long a request waits for its turn before it is answered with 503.
    pub queue_time: Duration,
    /// Largest request body, in bytes.
    pub body: u64,
    /// Longest pause within a request body.
    pub body_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 128 << 20,
            cpu: Duration::from_secs(5),
            time: Duration::from_secs(120),
            concurrent_requests: 256,
            queue_time: Duration::from_secs(5),
            body: 50 << 20,
            body_pause: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// The CPU limit in ticks, at least one.
    pub(crate) fn cpu_ticks(&self) -> u64 {
        ticks(self.cpu)
    }
}

/// A duration in ticks, rounded up, at least one.
pub(crate) fn ticks(duration: Duration) -> u64 {
    let ticks = duration.as_millis().div_ceil(TICK.as_millis().max(1));
    u64::try_from(ticks).unwrap_or(u64::MAX).max(1)
}

/// The whole ticks in a duration.
pub(crate) fn whole_ticks(duration: Duration) -> u64 {
    let ticks = duration.as_millis() / TICK.as_millis().max(1);
    u64::try_from(ticks).unwrap_or(u64::MAX)
}
