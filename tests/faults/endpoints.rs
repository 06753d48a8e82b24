//! What a request to an endpoint is made of.

use crate::world::Setting;

/// What is tested together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Health,
    Agents,
    Operators,
    Tokens,
    Lists,
    Allowed,
    Refused,
    Circuits,
    Held,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    /// With the first key, which no database knows.
    Operator,
    /// With a key that was made, as an auditor.
    Auditor,
    Agent,
}

/// How the agent stands before the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    Deleted,
    /// Deleted after the request's first statement.
    DeletedMeanwhile,
    /// One of its requests is held.
    HoldsOne,
    /// Three are.
    HoldsThree,
    /// Shut out until an operator lifts it.
    Quarantined,
    /// A limit has refused something of it.
    Limited,
    /// Its circuit of the upstream is open.
    CircuitOpen,
    /// A probe may pass through it.
    ProbeDue,
}

/// What becomes of a read that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Once,
    /// It is read again, in smaller pieces.
    Again,
}

/// A request and what comes of it when nothing fails. Target and body may name
/// `{agent}`, `{secret}`, `{operator}`, `{held}`, `{audit}`, `{credential}`, `{upstream}`, `{path}`, a path of
/// its own, and `{name}`, a name of its own.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    pub name: &'static str,
    pub class: Class,
    /// As in `openapi.yaml`.
    pub route: (&'static str, &'static str),
    pub method: &'static str,
    pub target: &'static str,
    pub body: &'static str,
    pub who: Who,
    pub policy: Option<&'static str>,
    pub standing: Standing,
    pub setting: Setting,
    pub status: u16,
    /// A statement that does not change the answer, which stands already.
    pub afterthought: Option<usize>,
    /// From this statement on none changes it.
    pub answered: Option<usize>,
    pub reading: Reading,
}

impl Endpoint {
    /// Whether the request reaches the upstream when nothing fails.
    pub fn forwards(&self) -> bool {
        let passes = matches!(self.class, Class::Allowed | Class::Circuits);
        passes && self.status == 200
    }
}
