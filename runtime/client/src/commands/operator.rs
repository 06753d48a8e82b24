//! `vectra operator`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand, ValueEnum};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Command, Much, with};
use crate::connection::Remote;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, Session, View};
use crate::table::{Column, column};
use crate::values;

/// Operators that are looked through for a name.
const SEARCHED: usize = 100_000;

const COLUMNS: &[Column] = &[
    column("id", "operatorId"),
    column("name", "name"),
    column("role", "role"),
    column("created", "createdAt"),
    column("expires", "expiresAt"),
    column("last used", "lastUsedAt"),
    column("revoked", "revokedAt"),
];
const MADE: &[Column] = &[
    column("id", "operatorId"),
    column("name", "name"),
    column("role", "role"),
    column("created", "createdAt"),
    column("expires", "expiresAt"),
    column("key", "key"),
];

/// Those who manage the gateway
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  vectra operator add carol --role reviewer --expires-in 90d")]
pub enum Operator {
    /// Adds an operator and prints their key, this once
    Add(Remote<Add>),
    /// Lists operators, with those whose key is revoked
    List(Remote<List>),
    /// Takes an operator's key back
    Revoke(Remote<Revoke>),
}

impl Operator {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::Add(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Revoke(command) => command.run(),
        }
    }
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Role {
    /// Everything
    Admin,
    /// See what is held, and decide about it
    Reviewer,
    /// See everything, change nothing
    Auditor,
}

impl Role {
    /// Its name in the interface.
    fn name(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Reviewer => "Reviewer",
            Self::Auditor => "Auditor",
        }
    }
}

/// `vectra operator add`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra operator add carol --role reviewer --expires-in 90d")]
pub struct Add {
    /// Their name
    name: String,
    /// What they may do
    #[arg(long, value_enum)]
    role: Role,
    /// When the key ends (RFC 3339) [default: never]
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    expires: Option<String>,
    /// How long the key holds, such as 12h, 90d or 4w
    #[arg(long, value_name = "TIME", value_parser = values::duration, conflicts_with = "expires")]
    expires_in: Option<Duration>,
}

impl Command for Add {
    fn call(&self) -> Result<Call, Failure> {
        let expires = match self.expires_in {
            Some(time) => {
                let moment = values::after(SystemTime::now(), time);
                Some(moment.ok_or(Failure::Time("--expires-in"))?)
            }
            None => self.expires.clone(),
        };
        let mut body = json!({ "name": self.name, "role": self.role.name() });
        if let Some(expires) = expires {
            with(&mut body, "expiresAt", expires.into());
        }
        Ok(Call::new(Method::POST, &["operators"]).json(body))
    }

    fn view(&self) -> View {
        View::Record(Record::once(MADE, "key"))
    }
}

/// `vectra operator list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra operator list")]
pub struct List {
    #[command(flatten)]
    much: Much,
}

impl Command for List {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["operators"]))
    }

    fn view(&self) -> View {
        View::List(COLUMNS, self.much.max())
    }
}

/// `vectra operator revoke`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra operator revoke carol")]
pub struct Revoke {
    /// The operator's id, or the name of one whose key is not revoked yet
    #[arg(value_name = "ID|NAME")]
    operator: String,
}

impl Command for Revoke {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::new(Method::DELETE, &["operators", &self.operator]))
    }

    fn view(&self) -> View {
        View::Done(format!("the key of {} is revoked", self.operator))
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let mut refused = None;
        if Uuid::try_parse(&self.operator).is_ok() {
            match session.perform(&self.call()?, &self.view()).await {
                // It may still be a name.
                Err(Failure::Refused(refusal)) if refusal.status == StatusCode::NOT_FOUND => {
                    refused = Some(Failure::Refused(refusal));
                }
                outcome => return outcome,
            }
        }
        let operators = session.items(&Call::get(&["operators"]), SEARCHED).await?;
        let id = operators.values()?.iter().find_map(|operator| {
            let text = |field| operator.get(field).and_then(Value::as_str);
            let holds = text("name") == Some(&self.operator) && text("revokedAt").is_none();
            holds
                .then(|| text("operatorId").map(str::to_owned))
                .flatten()
        });
        let id = id.ok_or_else(|| {
            let name = &self.operator;
            let unknown = format!("no operator who has a key is named `{name}`");
            refused.unwrap_or(Failure::NotFound(unknown))
        })?;
        let call = Call::new(Method::DELETE, &["operators", &id]);
        session.perform(&call, &self.view()).await
    }
}
