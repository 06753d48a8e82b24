//! What is to go wrong, and at which call of a request.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::bindings::spin::sqlite::sqlite;
use crate::view::Snapshot;

/// A call, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Open(usize),
    Statement(usize),
}

/// Whether the database did what it was asked before the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Nothing was done.
    Before,
    /// It was done and committed; only its answer is lost.
    After,
}

/// How long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Once,
    /// All calls of the same kind from there on.
    Onwards,
}

/// An error of either interface.
#[derive(Clone, Debug)]
pub enum Said {
    Sqlite(sqlite::Error),
    Postgres(vectra_postgres::Error),
}

/// Rows that are not those that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    NoRows,
    NoColumns,
    OneColumn,
    Nulls,
    Numbers,
    Words,
    Fractions,
    Bytes,
    /// Values of a type that the interface cannot hold.
    Unsupported,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    Said(Said, Manner),
    /// After the statement was carried out.
    Misshapen(Shape),
    /// There is never an answer.
    Silent(Manner),
    /// The host gives up.
    Trap(Manner),
}

impl Fault {
    pub fn manner(&self) -> Manner {
        match self {
            Self::Said(_, manner) | Self::Silent(manner) | Self::Trap(manner) => *manner,
            Self::Misshapen(_) => Manner::After,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Armed {
    pub place: Place,
    pub fault: Fault,
    pub extent: Extent,
}

/// What somebody else does meanwhile.
#[derive(Clone, Debug)]
pub struct Interlude {
    /// After this statement was carried out.
    pub after: usize,
    pub sql: String,
}

/// What is to happen during one request.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub armed: Option<Armed>,
    pub interlude: Option<Interlude>,
    /// Look at the tables after each statement, and at this agent's trust.
    pub traced: Option<String>,
}

/// What has happened.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub statements: usize,
    /// For each connection, how many statements had been given before it.
    pub opens: Vec<usize>,
    /// How often the fault struck.
    pub struck: usize,
    pub trace: Vec<Snapshot>,
}

#[derive(Default)]
struct State {
    script: Script,
    record: Record,
}

/// The script of the request under way, and how far it is.
#[derive(Default)]
pub struct Plan(Mutex<State>);

impl Plan {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self, script: Script) {
        *self.lock() = State {
            script,
            record: Record::default(),
        };
    }

    /// Ends the script: from here on nothing goes wrong.
    pub fn end(&self) -> Record {
        std::mem::take(&mut *self.lock()).record
    }

    pub fn open(&self) -> Option<Fault> {
        let mut state = self.lock();
        let before = state.record.statements;
        state.record.opens.push(before);
        let place = Place::Open(state.record.opens.len());
        state.strikes(place)
    }

    pub fn statement(&self) -> Option<Fault> {
        let mut state = self.lock();
        state.record.statements += 1;
        let place = Place::Statement(state.record.statements);
        state.strikes(place)
    }

    /// What somebody else does now that a statement was carried out.
    pub fn interlude(&self) -> Option<String> {
        let state = self.lock();
        let interlude = state.script.interlude.as_ref();
        let now = interlude.filter(|one| one.after == state.record.statements);
        now.map(|one| one.sql.clone())
    }

    pub fn traced(&self) -> Option<String> {
        self.lock().script.traced.clone()
    }

    pub fn trace(&self, snapshot: Snapshot) {
        self.lock().record.trace.push(snapshot);
    }
}

impl State {
    fn strikes(&mut self, now: Place) -> Option<Fault> {
        let armed = self.script.armed.as_ref()?;
        let reached = match (armed.place, now) {
            (Place::Open(at), Place::Open(now)) | (Place::Statement(at), Place::Statement(now)) => {
                now == at || (now > at && armed.extent == Extent::Onwards)
            }
            _ => false,
        };
        reached.then(|| {
            self.record.struck += 1;
            armed.fault.clone()
        })
    }
}
