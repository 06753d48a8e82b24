//! The thread that a transaction has of its own.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Means, Step, Stepped};
use crate::Error;
use crate::database::Outcome;
use crate::local::failure::Failure;
use crate::local::gate::Turn;
use crate::local::session::{Opened, Role, Session};
use crate::local::statistics::count;
use crate::local::writer::roll_back;
use crate::statement::{Control, Kind};

/// The thread's end. Its connection goes first, then its turn, then its permit.
struct Own {
    session: Session,
    turn: Option<Turn>,
    means: Means,
    deadline: Instant,
}

/// Runs statements until the transaction ends, its guest is gone or its time is up.
pub(super) fn serve(means: Means, steps: &Receiver<Step>, deadline: Instant) {
    let opened = Opened::open(&means.place, Role::Transaction).and_then(Opened::begin);
    let mut own = match opened {
        Ok(session) => Own {
            session,
            turn: None,
            means,
            deadline,
        },
        Err(failure) => {
            if let Ok(step) = steps.recv() {
                answer(step.reply, Err(failure.error()), false);
            }
            return;
        }
    };
    count(&own.session.counters().transactions, 1);
    loop {
        match steps.recv_timeout(own.left()) {
            Ok(step) => {
                let result = own.step(&step);
                if own.session.is_autocommit() {
                    own.close();
                    return answer(step.reply, result, false);
                }
                answer(step.reply, result, true);
            }
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!("a transaction was open for too long and is rolled back");
                return own.close();
            }
            Err(RecvTimeoutError::Disconnected) => return own.close(),
        }
    }
}

fn answer(reply: oneshot::Sender<Stepped>, result: Result<Outcome, Error>, is_open: bool) {
    let _ = reply.send(Stepped { result, is_open });
}

impl Own {
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn step(&mut self, step: &Step) -> Result<Outcome, Error> {
        let result = self.attempt(step);
        let ends = matches!(step.kind, Kind::Control(Control::Commit | Control::Part));
        if ends && result.is_ok() && self.turn.is_some() && self.session.is_autocommit() {
            self.means.checkpoints.committed();
        }
        result.map_err(|failure| failure.error())
    }

    fn attempt(&mut self, step: &Step) -> Result<Outcome, Failure> {
        if self.turn.is_none() && may_write(step.kind) {
            let turn = self.means.gate.enter(self.deadline);
            let turn = turn.ok_or_else(|| Failure::busy("database is locked by another"))?;
            if !self.means.checkpoints.has_room() {
                return Err(Failure::full());
            }
            self.turn = Some(turn);
        }
        let limit = self.left();
        self.session
            .run(&step.sql, step.kind, &step.parameters, limit)
    }

    /// Rolls back what is open and closes the connection.
    fn close(mut self) {
        roll_back(&mut self.session);
    }
}

fn may_write(kind: Kind) -> bool {
    match kind {
        Kind::Change | Kind::Other => true,
        Kind::Control(control) => control == Control::BeginWriting,
        Kind::Read => false,
    }
}
