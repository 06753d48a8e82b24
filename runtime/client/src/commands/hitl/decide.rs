//! `vectra hitl approve`, `deny` and `settle`.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::super::{Command, with};
use super::COLUMNS;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, Session, View};
use crate::text;
use crate::values;

/// How often it is asked what became of an approved request.
const PAUSE: Duration = Duration::from_millis(250);

/// `vectra hitl approve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra hitl approve 018f4d2e-7c1b-7a3d-9e5f-0123456789ab --comment \"as agreed\""
)]
pub struct Approve {
    /// The held request, as `vectra hitl list` shows it
    #[arg(value_name = "ID", value_parser = values::held_id)]
    id: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// The digest that `vectra hitl show` showed: another request is not approved
    #[arg(long, value_name = "SHA256", value_parser = values::digest)]
    digest: Option<String>,
    /// How long to wait for what becomes of it, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(0..=3600))]
    wait: u64,
}

impl Command for Approve {
    fn call(&self) -> Result<Call, Failure> {
        let mut body = commented(self.comment.as_deref());
        if let Some(digest) = &self.digest {
            with(&mut body, "digest", digest.as_str().into());
        }
        Ok(Call::post(&["hitls", &self.id, "approve"]).json(body))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let held = session.value(&self.call()?).await?;
        let held = self.settled(session, held).await.map_err(|cause| {
            let done = "it is approved".to_owned();
            let cause = Box::new(cause);
            Failure::Partly { done, cause }
        })?;
        let told = told(&held);
        match status(&held) {
            "Released" | "Pending" => session.tell(&[told], &held),
            _ => Err(Failure::Held(told)),
        }
    }
}

impl Approve {
    /// The request when nothing more becomes of it, or when the time is over.
    async fn settled(&self, session: &Session, mut held: Value) -> Result<Value, Failure> {
        let patience = Duration::from_secs(self.wait);
        let begin = Instant::now();
        while matches!(status(&held), "Approved" | "Releasing") && begin.elapsed() < patience {
            tokio::time::sleep(PAUSE).await;
            held = session.value(&Call::get(&["hitls", &self.id])).await?;
        }
        Ok(held)
    }
}

fn status(held: &Value) -> &str {
    let status = held.get("status").and_then(Value::as_str);
    status.unwrap_or_default()
}

/// What became of an approved request, in one line.
fn told(held: &Value) -> String {
    let comment = held.get("comment").and_then(Value::as_str);
    let comment = text::line(comment.unwrap_or_default(), 300);
    match status(held) {
        "Released" => "approved and released".to_owned(),
        "Pending" => {
            let needed = held.get("needed").map(Value::to_string);
            let given = held.get("approvals").and_then(Value::as_array);
            let given = given.map(Vec::len).unwrap_or_default();
            let needed = needed.unwrap_or_default();
            format!("approved: {given} of {needed} approvals, so it waits for more")
        }
        "Denied" => format!("it was approved and not sent: {comment}"),
        "Uncertain" => "it was approved, and nobody knows whether it arrived: find out at the \
target and say so with `vectra hitl settle`"
            .to_owned(),
        "Approved" | "Releasing" => {
            "it is approved and not sent yet: see `vectra hitl show`".to_owned()
        }
        other => format!("it is approved and now {}", text::line(other, 40)),
    }
}

fn commented(comment: Option<&str>) -> Value {
    let mut body = json!({});
    if let Some(comment) = comment {
        with(&mut body, "comment", comment.into());
    }
    body
}

/// `vectra hitl deny`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra hitl deny 018f4d2e-7c1b-7a3d-9e5f-0123456789ab --comment \"ask me first\""
)]
pub struct Deny {
    /// The held request, as `vectra hitl list` shows it
    #[arg(value_name = "ID", value_parser = values::held_id)]
    id: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

impl Command for Deny {
    fn call(&self) -> Result<Call, Failure> {
        let body = commented(self.comment.as_deref());
        Ok(Call::post(&["hitls", &self.id, "deny"]).json(body))
    }

    fn view(&self) -> View {
        View::Done(format!("the request {} is denied", self.id))
    }
}

/// `vectra hitl settle`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra hitl settle 018f4d2e-7c1b-7a3d-9e5f-0123456789ab --sent true"
)]
pub struct Settle {
    /// The held request, as `vectra hitl list` shows it
    #[arg(value_name = "ID", value_parser = values::held_id)]
    id: String,
    /// Whether it arrived
    #[arg(long, value_name = "TRUE|FALSE", action = clap::ArgAction::Set)]
    sent: bool,
    /// How that is known
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

impl Command for Settle {
    fn call(&self) -> Result<Call, Failure> {
        let mut body = commented(self.comment.as_deref());
        with(&mut body, "sent", self.sent.into());
        Ok(Call::post(&["hitls", &self.id, "settle"]).json(body))
    }

    fn view(&self) -> View {
        let became = if self.sent { "released" } else { "denied" };
        View::Done(format!("the request {} is {became}", self.id))
    }
}
