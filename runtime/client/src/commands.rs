//! The commands, one module for each of their subjects.

mod agent;
mod audit;
mod circuit;
mod credential;
mod decision;
mod hitl;
mod lifecycle;
mod operator;
mod policy;
mod token;

use std::future::Future;

use clap::Args;
use serde_json::Value;

use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Session, View};

pub use agent::Agent;
pub use audit::Audit;
pub use circuit::Circuit;
pub use credential::Credential;
pub use decision::Decision;
pub use hitl::Hitl;
pub use lifecycle::Lifecycle;
pub use operator::Operator;
pub use policy::Policy;
pub use token::Token;

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Who holds an operator's key.
    Operator,
    /// Anyone: what is needed is in the body.
    Anyone,
}

/// What every command is: a call, and how its answer is shown.
pub trait Command {
    /// Who may make its call.
    const CALLER: Caller = Caller::Operator;

    /// The call.
    ///
    /// # Errors
    /// [`Failure`], if a secret cannot be read or a time is none.
    fn call(&self) -> Result<Call, Failure>;

    /// How its answer is shown.
    fn view(&self) -> View;

    /// Makes the call and shows its answer; commands of several calls do it their way.
    fn run(&self, session: &Session) -> impl Future<Output = Result<(), Failure>> {
        async { session.perform(&self.call()?, &self.view()).await }
    }
}

/// How much of a list is wanted.
#[derive(Debug, Args)]
pub struct Much {
    /// Items at most
    #[arg(long, value_name = "ITEMS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max: u32,
}

impl Much {
    fn max(&self) -> usize {
        usize::try_from(self.max).unwrap_or(usize::MAX)
    }
}

/// Sets a member of a body.
fn with(body: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = body {
        members.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests;
