//! Where whoever writes leaves requests for the checkpoint thread.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Mode, lock};
use crate::local::gauge::Reached;

/// How long the writer stands still for a checkpoint, at most.
const PAUSE: Duration = Duration::from_secs(1);

/// What is asked of the thread, and what it answers.
#[derive(Clone, Default)]
pub(super) struct Desk(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    request: Option<Request>,
    is_running: bool,
    asked: u64,
    /// The last request that was dealt with, and how.
    answered: (u64, Relief),
    /// What a checkpoint copied, for the first commit after it.
    copied: Option<Reached>,
    is_closing: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Request {
    pub(super) number: u64,
    pub(super) errand: Errand,
    /// A frame that was there to copy then.
    pub(super) reached: Reached,
}

/// What a checkpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// The WAL has grown by a step.
    Step,
    /// The rest after a step is small.
    Rest,
    /// The writer stands still.
    Pause(Mode),
}

/// What a checkpoint did for the WAL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Relief {
    /// The next commit begins it anew.
    Restarted,
    /// There was nothing left to copy; whether it begins anew depends on readers.
    Copied,
    /// Something could not be copied.
    #[default]
    Blocked,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0.0)
    }

    /// Leaves a request, in place of one that waits.
    pub(super) fn ask(&self, errand: Errand, reached: Reached) {
        self.post(&mut self.lock(), errand, reached);
    }

    fn post(&self, state: &mut State, errand: Errand, reached: Reached) -> u64 {
        state.asked += 1;
        let number = state.asked;
        state.request = Some(Request {
            number,
            errand,
            reached,
        });
        self.0.1.notify_all();
        number
    }

    /// Leaves a request and waits for its answer, for [`PAUSE`] at most.
    pub(super) fn wait(&self, mode: Mode, reached: Reached) -> Relief {
        let until = Instant::now() + PAUSE;
        let mut state = self.lock();
        let number = self.post(&mut state, Errand::Pause(mode), reached);
        while state.answered.0 < number {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // Nobody stands still for it any more.
                if let Some(request) = &mut state.request {
                    request.errand = Errand::Rest;
                }
                return Relief::Blocked;
            }
            state = self
                .0
                .1
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.answered.1
    }

    /// The next request; none when the database closes.
    pub(super) fn next(&self) -> Option<Request> {
        let mut state = self.lock();
        loop {
            if state.is_closing {
                return None;
            }
            if let Some(request) = state.request.take() {
                state.is_running = true;
                return Some(request);
            }
            state = self.0.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Tells the first commit after a checkpoint what was copied.
    pub(super) fn leave_copied(&self, copied: Reached) {
        self.lock().copied = Some(copied);
    }

    pub(super) fn take_copied(&self) -> Option<Reached> {
        self.lock().copied.take()
    }

    pub(super) fn waiting(&self) -> u64 {
        let state = self.lock();
        u64::from(state.is_running) + u64::from(state.request.is_some())
    }

    /// There will be no more requests.
    pub(super) fn close(&self) {
        self.lock().is_closing = true;
        self.0.1.notify_all();
    }

    pub(super) fn answer(&self, number: u64, relief: Relief) {
        let mut state = self.lock();
        state.answered = (number, relief);
        state.is_running = false;
        drop(state);
        self.0.1.notify_all();
    }
}
