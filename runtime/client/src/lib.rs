//! The commands of `vectra` that ask a running gateway: operators, agents, tokens,
//! policies, circuits, credentials, held requests and what is recorded about them.
//!
//! They know the gateway by `openapi.yaml` alone. Each is one call and one way to
//! show the answer; what they share is the [`http`] client.

mod commands;
mod connection;
mod failure;
#[cfg(test)]
mod fake;
pub mod http;
mod key;
mod secret;
mod session;
mod table;
mod text;
mod values;

pub use failure::Failure;
pub use key::{Key, KeyError, Origin};

pub use commands::{
    Agent, Audit, Circuit, Credential, Decision, Hitl, Lifecycle, Operator, Policy, Token,
};
