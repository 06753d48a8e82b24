//! In which state a connection is, by the server's own word.

use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::{Acquire, Release};

/// What the last `ReadyForQuery` of a connection said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing yet, or what it said cannot be understood.
    Unknown,
    /// There is no transaction.
    Idle,
    /// There is a transaction.
    Open,
    /// There is a transaction, and it has failed.
    Failed,
}

/// The state of a connection, shared between what reads from the server and what
/// lends the connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status(Arc<AtomicU8>);

impl Status {
    pub(crate) fn state(&self) -> State {
        match self.0.load(Acquire) {
            b'I' => State::Idle,
            b'T' => State::Open,
            b'E' => State::Failed,
            _ => State::Unknown,
        }
    }

    /// Takes the byte of a `ReadyForQuery`; anything but `I`, `T` and `E` is unknown.
    pub(crate) fn say(&self, byte: u8) {
        self.0.store(byte, Release);
    }

    pub(crate) fn forget(&self) {
        self.say(0);
    }
}
