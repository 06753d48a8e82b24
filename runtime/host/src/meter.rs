//! Measures what a guest uses: ticks spent computing, bytes of memory.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::thread;

use wasmtime::{Engine, ResourceLimiter};

use crate::LimitReached;
use crate::background::computed;
use crate::limits::{TICK, whole_ticks};

/// The clock that CPU time is counted with. It also moves the engine's epoch, so
/// that a computing guest is interrupted once per tick.
pub(crate) struct Ticker {
    now: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Ticker {
    /// Starts the clock; it ends with the engine or with this value.
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let ticker = Self {
            now: Arc::new(AtomicU64::new(0)),
            stop: Arc::new(AtomicBool::new(false)),
        };
        let (now, stop, engine) = (ticker.now.clone(), ticker.stop.clone(), engine.weak());
        thread::Builder::new()
            .name("vectra-ticker".into())
            .spawn(move || {
                while !stop.load(Relaxed) {
                    thread::sleep(TICK);
                    let Some(engine) = engine.upgrade() else {
                        return;
                    };
                    now.fetch_add(1, Relaxed);
                    engine.increment_epoch();
                }
            })?;
        Ok(ticker)
    }

    /// A meter that is exhausted after so many ticks of computing. What passes while
    /// the guest is being run counts, on whatever clock is chosen.
    pub(crate) fn meter(&self, limit: u64, clock: Clock) -> Meter {
        Meter(Arc::new(Counts {
            now: self.now.clone(),
            clock,
            limit,
            spent: AtomicU64::new(0),
            entered: AtomicU64::new(0),
        }))
    }
}

/// What a meter counts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Time as it passes.
    Passing,
    /// The time that the thread had a core, where the system tells: for threads that
    /// others are run before.
    Thread,
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

/// Counts the ticks during which one guest was being run.
#[derive(Clone)]
pub(crate) struct Meter(Arc<Counts>);

struct Counts {
    now: Arc<AtomicU64>,
    clock: Clock,
    limit: u64,
    spent: AtomicU64,
    entered: AtomicU64,
}

impl Meter {
    /// Whether the limit is reached, the present stretch included.
    pub(crate) fn exhausted(&self) -> bool {
        let spent = self.0.spent.load(Relaxed);
        spent.saturating_add(self.stretch()) >= self.0.limit
    }

    fn enter(&self) {
        self.0.entered.store(self.now(), Relaxed);
    }

    fn leave(&self) {
        self.0.spent.fetch_add(self.stretch(), Relaxed);
    }

    /// How long the present poll has taken, in ticks.
    fn stretch(&self) -> u64 {
        self.now().saturating_sub(self.0.entered.load(Relaxed))
    }

    fn now(&self) -> u64 {
        let passing = || self.0.now.load(Relaxed);
        match self.0.clock {
            Clock::Passing => passing(),
            Clock::Thread => computed().map_or_else(passing, whole_ticks),
        }
    }
}

/// A future whose polls are counted. A poll that waits returns at once, so time
/// between polls, which is waiting, costs nothing.
pub(crate) struct Metered<F> {
    meter: Meter,
    inner: Pin<Box<F>>,
}

impl<F: Future> Metered<F> {
    pub(crate) fn new(meter: Meter, inner: F) -> Self {
        Self {
            meter,
            inner: Box::pin(inner),
        }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.meter.enter();
        let result = self.inner.as_mut().poll(cx);
        self.meter.leave();
        result
    }
}

/// One request's memory, over all of its core instances.
pub(crate) struct MemoryBudget {
    left: usize,
    refused: bool,
}

impl MemoryBudget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            left: bytes,
            refused: false,
        }
    }

    /// Whether the guest ever asked for more than there is.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        if more > self.left || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = true;
            return Ok(false);
        }
        self.left -= more;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= maximum.unwrap_or(usize::MAX).min(100_000))
    }
}

/// The error that ends a guest which computed too long.
pub(crate) fn out_of_cpu() -> wasmtime::Error {
    wasmtime::Error::from(LimitReached::Cpu)
}
