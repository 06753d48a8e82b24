//! Who may write next: the thread that commits groups, or a guest's transaction.
//!
//! SQLite's own lock has no order; whoever asks at the right moment gets it, and
//! next to a busy writer a transaction would never do. So they take turns here, in
//! the order in which they came, and SQLite's lock is contended by other processes
//! only.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The door to writing.
#[derive(Default)]
pub(super) struct Gate {
    queue: Mutex<Queue>,
    moved: Condvar,
}

#[derive(Default)]
struct Queue {
    next: u64,
    /// The first has the turn.
    waiting: VecDeque<u64>,
}

/// The right to write, until it is dropped.
pub(super) struct Turn {
    gate: Arc<Gate>,
    number: u64,
}

impl Gate {
    /// Waits for a turn, but not beyond a moment.
    pub(super) fn enter(self: &Arc<Self>, until: Instant) -> Option<Turn> {
        let mut queue = self.lock();
        let number = queue.next;
        queue.next += 1;
        queue.waiting.push_back(number);
        while queue.waiting.front() != Some(&number) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.leave(queue, number);
                return None;
            }
            queue = self
                .moved
                .wait_timeout(queue, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Some(Turn {
            gate: self.clone(),
            number,
        })
    }

    fn leave(&self, mut queue: MutexGuard<'_, Queue>, number: u64) {
        queue.waiting.retain(|waiting| *waiting != number);
        // Waking is a system call; the usual writer is alone.
        if !queue.waiting.is_empty() {
            self.moved.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.gate.leave(self.gate.lock(), self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn turns_come_in_order_and_one_that_gave_up_is_passed_over() {
        let gate = Arc::new(Gate::default());
        let soon = || Instant::now() + Duration::from_secs(10);
        let first = gate.enter(soon());
        assert!(first.is_some());
        assert!(gate.enter(Instant::now()).is_none());
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut threads = Vec::new();
        for number in 0..4 {
            let (gate, order) = (gate.clone(), order.clone());
            let length = gate.lock().waiting.len();
            let entering = gate.clone();
            threads.push(thread::spawn(move || {
                let turn = entering.enter(soon());
                if let Ok(mut order) = order.lock() {
                    order.push((number, turn.is_some()));
                }
            }));
            while gate.lock().waiting.len() == length {
                thread::yield_now();
            }
        }
        drop(first);
        for thread in threads {
            assert!(thread.join().is_ok());
        }
        let order = order.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(*order, [(0, true), (1, true), (2, true), (3, true)]);
        assert!(gate.lock().waiting.is_empty());
    }
}
