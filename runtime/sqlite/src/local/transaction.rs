//! A guest's transaction: a connection and a thread of its own, from the statement
//! that opens it to the one that ends it.
//!
//! What it costs: about a millisecond to open; and once it writes, everyone else's
//! writes stand still until it ends. That is why it may last [`patience`] at most,
//! why there are few at once, and why no component of ours opens one.
//!
//! [`patience`]: super::LocalOptions::patience

mod own;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout_at;

use super::checkpoint::Checkpoints;
use super::gate::Gate;
use super::session::Place;
use crate::database::{Answer, Outcome, Transaction};
use crate::statement::{Control, Kind, classify};
use crate::{Error, Value};

/// What a transaction's thread is given.
pub(super) struct Means {
    pub(super) place: Place,
    pub(super) gate: Arc<Gate>,
    pub(super) checkpoints: Arc<Checkpoints>,
    pub(super) _permit: OwnedSemaphorePermit,
}

/// A statement on its way.
struct Step {
    sql: String,
    kind: Kind,
    parameters: Vec<Value>,
    reply: oneshot::Sender<Stepped>,
}

/// What it came to.
struct Stepped {
    result: Result<Outcome, Error>,
    is_open: bool,
}

/// The guest's end.
pub(super) struct LocalTransaction {
    steps: SyncSender<Step>,
    deadline: Instant,
    /// No answer takes longer than this.
    patience: Duration,
    state: State,
}

enum State {
    Open,
    /// It was rolled back, which the guest has not noticed yet.
    Lost(String),
    Ended,
}

/// Starts the thread, with nothing done yet.
pub(super) fn start(means: Means) -> std::io::Result<(LocalTransaction, JoinHandle<()>)> {
    let patience = means.place.options.patience;
    let deadline = Instant::now() + patience;
    let (steps, theirs) = sync_channel(1);
    let thread = thread::Builder::new()
        .name("vectra-sql-own".into())
        .spawn(move || own::serve(means, &theirs, deadline))?;
    let transaction = LocalTransaction {
        steps,
        deadline,
        patience,
        state: State::Open,
    };
    Ok((transaction, thread))
}

impl LocalTransaction {
    fn too_long(&self) -> String {
        let patience = self.patience;
        format!("busy: the transaction was open for {patience:?} and was rolled back")
    }

    pub(super) async fn run(
        &mut self,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Outcome, Error> {
        let kind = classify(&sql)?;
        if let State::Lost(reason) = &self.state {
            let reason = Error::Io(reason.clone());
            return match kind {
                Kind::Control(Control::Rollback) => {
                    self.state = State::Ended;
                    Ok(Outcome::empty())
                }
                Kind::Control(Control::Commit) => {
                    self.state = State::Ended;
                    Err(reason)
                }
                _ => Err(reason),
            };
        }
        let (reply, answer) = oneshot::channel();
        let step = Step {
            sql,
            kind,
            parameters,
            reply,
        };
        // There is one statement at a time, so the channel is full for nobody.
        let stepped = match self.steps.try_send(step) {
            Ok(()) => timeout_at((self.deadline + self.patience).into(), answer).await,
            Err(_) => return self.lose(self.too_long(), kind),
        };
        match stepped {
            Ok(Ok(Stepped { result, is_open })) => self.settle(result, is_open, kind),
            Ok(Err(_)) => self.lose(self.too_long(), kind),
            Err(_) => {
                let unknown = "busy: no answer in time; the outcome is unknown";
                self.lose(unknown.to_owned(), kind)
            }
        }
    }

    fn settle(
        &mut self,
        result: Result<Outcome, Error>,
        is_open: bool,
        kind: Kind,
    ) -> Result<Outcome, Error> {
        match (&result, is_open) {
            (_, true) => {}
            (Err(error), false) if kind != Kind::Control(Control::Commit) => {
                let error = match error {
                    Error::Io(message) => message.clone(),
                    Error::DatabaseFull => "the database is full".to_owned(),
                    other => other.to_string(),
                };
                self.state = State::Lost(format!("the transaction was rolled back: {error}"));
            }
            (_, false) => self.state = State::Ended,
        }
        result
    }

    /// The transaction is no more. A COMMIT learns it from its own answer.
    fn lose(&mut self, reason: String, kind: Kind) -> Result<Outcome, Error> {
        self.state = match kind {
            Kind::Control(Control::Commit) => State::Ended,
            _ => State::Lost(reason.clone()),
        };
        Err(Error::Io(reason))
    }
}

impl Transaction for LocalTransaction {
    fn execute(&mut self, statement: String, parameters: Vec<Value>) -> Answer<'_> {
        Box::pin(self.run(statement, parameters))
    }

    fn is_open(&self) -> bool {
        !matches!(self.state, State::Ended)
    }
}
