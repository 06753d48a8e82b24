//! What the original kept, as entities of Vectra, and notes of what could not
//! become one.
//!
//! [`step`] does a bounded part of the work, so that a host can call it again and
//! again; run twice, it changes nothing more. What is unclear in a row is decided
//! for the safer side and noted. Not brought over at all: the bodies of requests
//! that the original kept in `Intent`, since they may hold secrets, and
//! `AgentHistories`, which counts per minute and names no request.

mod agent;
mod audit;
mod cell;
mod identity;
mod note;
mod step;
mod table;
mod target;
mod time;

pub use note::{Count, Note};
pub use step::{Destination, ImportError, MAX_BUDGET, Ports, Progress, step};
pub use table::{Original, Value};
