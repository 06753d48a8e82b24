//! The threads that read. They share one queue; each reads what was committed
//! when its statement began.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use super::Job;
use super::session::Opened;
use crate::Error;

/// Starts one thread per session. They end when the queue does.
pub(super) fn start(
    sessions: Vec<Opened>,
    jobs: mpsc::Receiver<Job>,
) -> io::Result<Vec<JoinHandle<()>>> {
    let jobs = Arc::new(Mutex::new(jobs));
    sessions
        .into_iter()
        .map(|session| {
            let jobs = jobs.clone();
            thread::Builder::new()
                .name("vectra-sql-read".into())
                .spawn(move || read(session, &jobs))
        })
        .collect()
}

fn read(session: Opened, jobs: &Mutex<mpsc::Receiver<Job>>) {
    let mut session = match session.begin() {
        Ok(session) => session,
        Err(failure) => {
            tracing::error!(error.message = failure.message, "a reader cannot begin");
            return;
        }
    };
    // One waits for the next statement, the others for their turn to wait.
    let next = || {
        jobs.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv()
    };
    while let Some(job) = next() {
        if !job.is_wanted() {
            job.answer(Err(Error::Io("busy: the statement waited too long".into())));
            continue;
        }
        let limit = session.options().patience;
        let result = session.run(&job.sql, job.kind, &job.parameters, limit);
        job.answer(result.map_err(|failure| failure.error()));
    }
}
