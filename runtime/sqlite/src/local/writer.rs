//! The one thread that writes, with group commit.
//!
//! What is waiting is run as one transaction, each statement in a savepoint of
//! its own, and committed with one sync of the disk. A caller is answered after
//! the commit that holds its change, never before. A statement that fails is
//! undone by itself and does no harm to the others. Where it does (it rolled the
//! whole transaction back, or left a constraint broken that is checked only at
//! the commit), everything is undone and each is run alone.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::mpsc;

use super::Job;
use super::checkpoint::Checkpoints;
use super::failure::Failure;
use super::gate::Gate;
use super::session::{Opened, Session};
use super::statistics::count;
use crate::Error;
use crate::database::Outcome;

/// Starts the thread. It ends when the queue does.
pub(super) fn start(
    session: Opened,
    mut jobs: mpsc::Receiver<Job>,
    gate: Arc<Gate>,
    checkpoints: Arc<Checkpoints>,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new()
        .name("vectra-sql-write".into())
        .spawn(move || {
            let mut session = match session.begin() {
                Ok(session) => session,
                Err(failure) => {
                    tracing::error!(error.message = failure.message, "the writer cannot begin");
                    return;
                }
            };
            while let Some(first) = jobs.blocking_recv() {
                let turn = gate.enter(Instant::now() + session.options().patience);
                let mut group = vec![first];
                while group.len() < session.options().group
                    && let Ok(job) = jobs.try_recv()
                {
                    group.push(job);
                }
                if turn.is_none() {
                    answer_all(group, &held());
                } else if checkpoints.has_room() {
                    run(&mut session, &checkpoints, group);
                } else {
                    answer_all(group, &Failure::full());
                }
            }
        })
}

/// A guest's transaction did not end in time.
fn held() -> Failure {
    Failure::busy("database is locked by a transaction")
}

/// How a group went.
enum Ended {
    /// It is committed: each statement's own result.
    Committed(Vec<Result<Outcome, Failure>>),
    /// Nothing of it is there, for a reason that concerns all of it.
    Failed(Failure),
    /// Nothing of it is there because of the statement at this place, or of one
    /// that is not known.
    Undone(Option<(usize, Failure)>),
}

fn run(session: &mut Session, checkpoints: &Checkpoints, group: Vec<Job>) {
    let (group, unwanted): (Vec<_>, Vec<_>) = group.into_iter().partition(Job::is_wanted);
    for job in unwanted {
        job.answer(Err(Error::Io("busy: the statement waited too long".into())));
    }
    if group.is_empty() {
        return;
    }
    let alone = group.len() == 1;
    match transaction(session, &group) {
        Ended::Committed(results) => {
            count(&session.counters().commits, 1);
            let done = results.iter().filter(|result| result.is_ok()).count();
            count(&session.counters().committed, done);
            for (job, result) in group.into_iter().zip(results) {
                job.answer(result.map_err(|failure| failure.error()));
            }
            checkpoints.committed();
        }
        Ended::Failed(failure) => answer_all(group, &failure),
        Ended::Undone(Some((_, failure))) if alone || failure.concerns_all() => {
            answer_all(group, &failure)
        }
        Ended::Undone(None) if alone => answer_all(group, &unknown()),
        Ended::Undone(culprit) => {
            let (place, failure) = culprit.unzip();
            for (index, job) in group.into_iter().enumerate() {
                match &failure {
                    Some(failure) if Some(index) == place => job.answer(Err(failure.error())),
                    _ => run(session, checkpoints, vec![job]),
                }
            }
        }
    }
}

fn answer_all(group: Vec<Job>, failure: &Failure) {
    for job in group {
        job.answer(Err(failure.error()));
    }
}

fn unknown() -> Failure {
    Failure::new("the transaction was rolled back")
}

/// Runs a group as one transaction.
fn transaction(session: &mut Session, group: &[Job]) -> Ended {
    // If that did not succeed when it was due.
    roll_back(session);
    if let Err(failure) = session.control("BEGIN IMMEDIATE") {
        return Ended::Failed(failure);
    }
    let mut results = Vec::with_capacity(group.len());
    for (place, job) in group.iter().enumerate() {
        match step(session, job) {
            Ok(result) => results.push(result),
            Err(failure) => {
                roll_back(session);
                return Ended::Undone(Some((place, failure)));
            }
        }
    }
    let begun = Instant::now();
    let committed = session.commit();
    session.counters().committing.observe(begun.elapsed());
    match committed {
        Ok(()) => Ended::Committed(results),
        Err(failure) => {
            roll_back(session);
            match failure.is_constraint() {
                // One statement's deferred constraint; which one shows alone.
                true if group.len() > 1 => Ended::Undone(None),
                _ => Ended::Failed(failure),
            }
        }
    }
}

/// Runs one statement in a savepoint.
///
/// # Errors
/// The inner error is the statement's own, and it is undone; the outer one has
/// taken the whole transaction with it.
fn step(session: &mut Session, job: &Job) -> Result<Result<Outcome, Failure>, Failure> {
    session.control("SAVEPOINT statement")?;
    let limit = session.options().patience;
    let result = session.run(&job.sql, job.kind, &job.parameters, limit);
    if let Err(failure) = result {
        if session.is_autocommit() {
            return Err(failure);
        }
        session.control("ROLLBACK TO statement")?;
        session.control("RELEASE statement")?;
        return Ok(Err(failure));
    }
    session.control("RELEASE statement")?;
    Ok(result)
}

/// Ends a transaction if one is open.
pub(super) fn roll_back(session: &mut Session) {
    if !session.is_autocommit()
        && let Err(failure) = session.control("ROLLBACK")
    {
        tracing::error!(error.message = failure.text(), "cannot roll back");
    }
}
