//! The queue of one path.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use vectra_metrics::Counter;

use super::PathPrefix;
use crate::problem::Refusal;

/// Requests of one path that may wait for others of it.
pub(super) const QUEUE: usize = 64;

/// A path with its slots.
pub(crate) struct Lane {
    pub(super) prefix: PathPrefix,
    slots: Arc<Semaphore>,
    queue: Semaphore,
    concurrent: u32,
    pub(super) refused: Counter,
}

/// A request that is under way; dropped, it lets the next one in.
pub(crate) struct Slot(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl Lane {
    pub(super) fn new(prefix: PathPrefix, concurrent: u32) -> Self {
        Self {
            prefix,
            slots: Arc::new(Semaphore::new(concurrent as usize)),
            queue: Semaphore::new(QUEUE),
            concurrent,
            refused: Counter::default(),
        }
    }

    /// Waits for a slot, first come, first served.
    ///
    /// # Errors
    /// [`Refusal::Busy`] at once if the queue is full, or at the deadline.
    pub(crate) async fn enter(&self, deadline: Instant) -> Result<Slot, Refusal> {
        let entered = self.try_enter(deadline).await;
        if entered.is_err() {
            self.refused.add(1);
        }
        entered
    }

    async fn try_enter(&self, deadline: Instant) -> Result<Slot, Refusal> {
        // A slot that is free has nobody waiting for it.
        if let Ok(slot) = self.slots.clone().try_acquire_owned() {
            return Ok(Slot(slot));
        }
        // Given back when this ends, also because the client has left.
        let _place = self.queue.try_acquire().map_err(|_| Refusal::Busy)?;
        match timeout_at(deadline, self.slots.clone().acquire_owned()).await {
            Ok(Ok(slot)) => Ok(Slot(slot)),
            _ => Err(Refusal::Busy),
        }
    }

    /// How many requests may have a slot.
    pub(super) fn slots(&self) -> u64 {
        self.concurrent.into()
    }

    /// How many have one.
    pub(super) fn running(&self) -> u64 {
        self.slots()
            .saturating_sub(self.slots.available_permits() as u64)
    }

    /// How many wait for one.
    pub(super) fn waiting(&self) -> u64 {
        QUEUE.saturating_sub(self.queue.available_permits()) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use super::*;

    fn lane(concurrent: u32) -> Lane {
        Lane::new("/a".parse().unwrap(), concurrent)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[tokio::test]
    async fn those_who_wait_come_in_one_by_one() {
        let lane = lane(2);
        let one = lane.enter(soon()).await.ok().unwrap();
        let _two = lane.enter(soon()).await.ok().unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let mut third = pin!(lane.enter(soon()));
        let mut fourth = pin!(lane.enter(soon()));
        assert!(third.as_mut().poll(&mut context).is_pending());
        assert!(fourth.as_mut().poll(&mut context).is_pending());
        drop(one);
        assert!(fourth.as_mut().poll(&mut context).is_pending());
        assert!(matches!(
            third.as_mut().poll(&mut context),
            Poll::Ready(Ok(_))
        ));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_until_somebody_leaves() {
        let lane = lane(1);
        let _slot = lane.enter(soon()).await.ok().unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting: Vec<_> = (0..QUEUE).map(|_| Box::pin(lane.enter(soon()))).collect();
        for one in &mut waiting {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(lane.enter(soon()).await.err(), Some(Refusal::Busy));
        waiting.pop();
        let mut next = pin!(lane.enter(soon()));
        assert!(next.as_mut().poll(&mut context).is_pending());
    }

    #[tokio::test]
    async fn nobody_waits_beyond_the_deadline() {
        let lane = lane(1);
        let _slot = lane.enter(soon()).await.ok().unwrap();
        let refused = lane.enter(Instant::now() + Duration::from_millis(10)).await;
        assert_eq!(refused.err(), Some(Refusal::Busy));
        assert_eq!(lane.queue.available_permits(), QUEUE);
    }
}
