//! Commands that change what an agent is and may do.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};
use hyper::Method;
use serde_json::{Map, Value, json};

use super::super::{Command, with};
use super::COLUMNS;
use crate::failure::Failure;
use crate::http::Call;
use crate::secret;
use crate::session::{Record, View};
use crate::table::{Column, column};
use crate::values;

/// `vectra agent update`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra agent update 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11 --owner team-payments"
)]
#[command(group = ArgGroup::new("change").required(true).multiple(true).args(["name", "owner", "no_owner"]))]
pub struct Update {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
    /// Its new name
    #[arg(long)]
    name: Option<String>,
    /// Its new owner
    #[arg(long)]
    owner: Option<String>,
    /// Takes its owner away
    #[arg(long, conflicts_with = "owner")]
    no_owner: bool,
}

impl Command for Update {
    fn call(&self) -> Result<Call, Failure> {
        let mut body = Map::new();
        if let Some(name) = &self.name {
            body.insert("name".to_owned(), name.as_str().into());
        }
        if self.owner.is_some() || self.no_owner {
            body.insert("ownerId".to_owned(), self.owner.clone().into());
        }
        Ok(Call::new(Method::PATCH, &["agents", &self.id]).json(body.into()))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}

/// `vectra agent policy`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra agent policy 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11 read-only"
)]
#[command(override_usage = "vectra agent policy [OPTIONS] <ID> <NAME|--none>")]
#[command(group = ArgGroup::new("which").required(true).args(["name", "none"]))]
pub struct Policy {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
    /// The policy's name
    name: Option<String>,
    /// Takes its policy away
    #[arg(long)]
    none: bool,
}

impl Command for Policy {
    fn call(&self) -> Result<Call, Failure> {
        Ok(assign(&self.id, self.name.as_deref()))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}

/// The call that assigns a policy, or none.
pub(super) fn assign(id: &str, policy: Option<&str>) -> Call {
    Call::new(Method::PUT, &["agents", id, "policy"]).json(json!({ "policyName": policy }))
}

/// `vectra agent limit`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra agent limit 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11 120")]
#[command(override_usage = "vectra agent limit [OPTIONS] <ID> <REQUESTS|--default>")]
#[command(group = ArgGroup::new("which").required(true).args(["requests", "default"]))]
pub struct Limit {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
    /// Requests a minute, 0 to 1000000
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    requests: Option<u32>,
    /// What the configuration says
    #[arg(long)]
    default: bool,
}

impl Command for Limit {
    fn call(&self) -> Result<Call, Failure> {
        Ok(limit(&self.id, self.requests))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}

/// The call that sets a limit, or takes it back.
pub(super) fn limit(id: &str, requests: Option<u32>) -> Call {
    Call::new(Method::PUT, &["agents", id, "limit"]).json(json!({ "requestsPerMinute": requests }))
}

/// `vectra agent rotate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra agent rotate 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11 --overlap 1h\n\n\
        Without --overlap the old secret ends at once, and so does every token that is out."
)]
pub struct Rotate {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
    /// How long the old secret holds beside the new one, such as 1h; a week at most
    #[arg(long, value_name = "TIME", value_parser = values::overlap)]
    overlap: Option<Duration>,
    /// The new secret (`-`: the standard input) [default: the gateway makes one]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

const ROTATED: &[Column] = &[
    column("id", "agentId"),
    column("former secret until", "formerSecretUntil"),
    column("secret", "clientSecret"),
];

impl Command for Rotate {
    fn call(&self) -> Result<Call, Failure> {
        let mut body = json!({});
        if let Some(secret) = secret::read_if_named(self.secret_file.as_deref())? {
            with(&mut body, "clientSecret", secret.into());
        }
        if let Some(overlap) = self.overlap {
            with(&mut body, "overlapSeconds", Value::from(overlap.as_secs()));
        }
        Ok(Call::new(Method::POST, &["agents", &self.id, "secret"]).json(body))
    }

    fn view(&self) -> View {
        View::Record(Record::once(ROTATED, "clientSecret"))
    }
}
