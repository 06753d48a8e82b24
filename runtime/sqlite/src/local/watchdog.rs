//! Interrupts statements that run too long.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often it looks.
const ROUND: Duration = Duration::from_millis(100);

/// Watches over all sessions of a database.
pub(super) struct Watchdog(Patrol);

/// Where sessions report to.
#[derive(Clone, Default)]
pub(super) struct Patrol(Arc<Shared>);

#[derive(Default)]
struct Shared {
    sessions: Mutex<Vec<Post>>,
    stop: Mutex<bool>,
    stopped: Condvar,
}

/// One session as the watchdog sees it.
#[derive(Clone)]
pub(super) struct Post {
    /// When the statement that runs now has run too long.
    until: Arc<Mutex<Option<Instant>>>,
    connection: libsql::Connection,
}

impl Watchdog {
    /// Starts the thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let patrol = Patrol::default();
        let shared = patrol.0.clone();
        thread::Builder::new()
            .name("vectra-sql-watch".into())
            .spawn(move || shared.walk())?;
        Ok(Self(patrol))
    }

    pub(super) fn patrol(&self) -> Patrol {
        self.0.clone()
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *lock(&self.0.0.stop) = true;
        self.0.0.stopped.notify_all();
    }
}

impl Patrol {
    /// A session that is watched from now on.
    pub(super) fn post(&self, connection: &libsql::Connection) -> Post {
        let post = Post {
            until: Arc::default(),
            connection: connection.clone(),
        };
        lock(&self.0.sessions).push(post.clone());
        post
    }

    /// Forgets a session, so that its connection can close.
    pub(super) fn leave(&self, post: &Post) {
        lock(&self.0.sessions).retain(|other| !Arc::ptr_eq(&other.until, &post.until));
    }
}

impl Post {
    /// Runs something that may be interrupted once it takes too long.
    pub(super) fn watch<T>(&self, patience: Duration, run: impl FnOnce() -> T) -> T {
        *lock(&self.until) = Some(Instant::now() + patience);
        let result = run();
        *lock(&self.until) = None;
        result
    }

    fn look(&self, now: Instant) {
        // Under the lock, so that the next statement is not hit instead.
        let until = lock(&self.until);
        if until.is_some_and(|until| now >= until) && self.connection.interrupt().is_err() {
            tracing::warn!("a statement could not be interrupted");
        }
    }
}

impl Shared {
    fn walk(&self) {
        let mut stop = lock(&self.stop);
        while !*stop {
            for post in lock(&self.sessions).iter() {
                post.look(Instant::now());
            }
            let waited = self.stopped.wait_timeout(stop, ROUND);
            stop = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
