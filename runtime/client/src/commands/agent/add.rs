//! `vectra agent add`.

use std::path::PathBuf;

use clap::Args;
use hyper::Method;
use serde_json::{Value, json};

use super::super::{Command, with};
use super::COLUMNS;
use super::change::{assign, limit};
use crate::failure::Failure;
use crate::http::Call;
use crate::secret;
use crate::session::{Record, Session, View};

/// `vectra agent add`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra agent add billing --owner team-payments --policy read-only"
)]
pub struct Add {
    /// Its name
    name: String,
    /// Whose it is
    #[arg(long)]
    owner: Option<String>,
    /// The policy that is assigned to it
    #[arg(long)]
    policy: Option<String>,
    /// Requests that it may make in a minute, 0 to 1000000 [default: as configured]
    #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    limit: Option<u32>,
    /// Its secret (`-`: the standard input) [default: the gateway makes one]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

impl Command for Add {
    fn call(&self) -> Result<Call, Failure> {
        let mut body = json!({ "name": self.name });
        if let Some(owner) = &self.owner {
            with(&mut body, "ownerId", owner.as_str().into());
        }
        if let Some(secret) = secret::read_if_named(self.secret_file.as_deref())? {
            with(&mut body, "clientSecret", secret.into());
        }
        Ok(Call::new(Method::POST, &["agents"]).json(body))
    }

    fn view(&self) -> View {
        View::Record(Record::once(COLUMNS, "clientSecret"))
    }

    /// Registers it, then assigns policy and limit. The secret is printed whatever
    /// becomes of these: nobody could ask for it again.
    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let call = self.call()?;
        if let Some(policy) = &self.policy {
            session.ask(&Call::get(&["policies", policy])).await?;
        }
        let answer = session.ask(&call).await?;
        let Some((id, mut agent)) = registered(&answer.body) else {
            session.show(&answer.body, &self.view())?;
            return Err(Failure::Answer("there is no `agentId`".to_owned()));
        };
        let outcome = self.equip(session, &id, &mut agent).await;
        match self.policy.is_some() || self.limit.is_some() {
            true => session.show(agent.to_string().as_bytes(), &self.view())?,
            false => session.show(&answer.body, &self.view())?,
        }
        outcome.map_err(|cause| Failure::Partly {
            done: format!("the agent {id} is registered"),
            cause: Box::new(cause),
        })
    }
}

impl Add {
    /// Assigns policy and limit; `agent` is then the agent as it is, and its secret.
    async fn equip(&self, session: &Session, id: &str, agent: &mut Value) -> Result<(), Failure> {
        let policy = self.policy.as_deref().map(|name| assign(id, Some(name)));
        let limit = self.limit.map(|requests| limit(id, Some(requests)));
        for call in [policy, limit].into_iter().flatten() {
            let answer = session.ask(&call).await?;
            if let (Ok(Value::Object(now)), Value::Object(agent)) =
                (serde_json::from_slice(&answer.body), &mut *agent)
            {
                agent.extend(now);
            }
        }
        Ok(())
    }
}

/// A registered agent and its id.
fn registered(body: &[u8]) -> Option<(String, Value)> {
    let agent: Value = serde_json::from_slice(body).ok()?;
    let id = agent.get("agentId")?.as_str()?.to_owned();
    Some((id, agent))
}
