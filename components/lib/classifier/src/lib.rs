//! A small classifier of what a request means to do, as pure functions.
//!
//! It knows the seven labels of OB §14 and needs no network: words, pairs of words and
//! fragments of four letters of method, path and text are hashed, and a linear model that is
//! part of this crate weighs them. `components/semantic-local` holds the script that trains
//! it, what it is worth on data it has not seen, and what it cannot see.
//!
//! Nothing here does I/O, reads a clock or a random source, or panics. Scores are whole
//! numbers, and the only floating-point operations are the four that give the same result
//! everywhere.

mod answer;
mod configuration;
mod explanation;
mod features;
mod judge;
mod label;
mod model;
mod softmax;
mod target;
mod token;

pub use answer::{Answer, MAX_LENGTH, Question, classify, model_version};
pub use configuration::{Problem, problems};
pub use label::Label;
pub use model::ModelError;
