//! From the contract's records to those of `vectra-decision` and back.

mod answer;
mod question;
