//! `vectra decision`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Command;
use crate::connection::Remote;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, Session, View};
use crate::values;

/// Rows that are asked for at once.
const PAGE: &str = "100";
/// Reasons and differences that are shown.
const SHOWN: usize = 20;
/// Different reasons that are counted.
const REASONS: usize = 1_000;

/// Decisions that were made
#[derive(Debug, Subcommand)]
pub enum Decision {
    /// Decides again from what was recorded, and compares
    Replay(Remote<Replay>),
}

impl Decision {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::Replay(command) => command.run(),
        }
    }
}

/// `vectra decision replay`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra decision replay 018f4d2e-7c1b-7a3d-9e5f-0123456789ab\n  \
        vectra decision replay --from 2027-01-01T00:00:00Z --to 2027-01-02T00:00:00Z\n\n\
        Nothing is recorded. The exit code is 1 if a decision comes out differently."
)]
pub struct Replay {
    /// The decision, as `auditId` of answers and lists
    #[arg(value_name = "ID", value_parser = values::audit_id, required_unless_present = "from")]
    id: Option<String>,
    /// Decisions of this moment (RFC 3339) and later
    #[arg(long, value_name = "TIME", value_parser = values::moment, requires = "to", conflicts_with = "id")]
    from: Option<String>,
    /// Decisions before this moment
    #[arg(long, value_name = "TIME", value_parser = values::moment, requires = "from")]
    to: Option<String>,
}

/// What came of them.
#[derive(Default)]
struct Tally {
    same: u64,
    different: u64,
    not_replayable: u64,
    reasons: BTreeMap<String, u64>,
    /// The first that came out differently.
    first: Vec<Value>,
}

impl Command for Replay {
    fn call(&self) -> Result<Call, Failure> {
        Ok(match &self.id {
            Some(id) => replay(id),
            None => Call::get(&["audit", "export"])
                .with("from", self.from.as_deref())
                .with("to", self.to.as_deref())
                .with("limit", Some(PAGE)),
        })
    }

    fn view(&self) -> View {
        View::Record(Record::of(&[]))
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        if self.id.is_some() {
            return one(session, &self.call()?).await;
        }
        let mut tally = Tally::default();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.call()?.with("cursor", cursor.as_deref());
            let page = session.value(&page).await?;
            let items = page.get("items").and_then(Value::as_array);
            for item in items.into_iter().flatten() {
                let id = item.get("auditId").and_then(Value::as_str);
                let id = id.ok_or_else(|| Failure::Answer("there is no `auditId`".to_owned()))?;
                tally.add(id, &session.value(&replay(id)).await?);
            }
            let next = page.get("nextCursor").and_then(Value::as_str);
            // Otherwise a mistaken gateway would be asked for ever.
            if next.is_some() && next == cursor.as_deref() {
                return Err(Failure::Answer("the list does not go on".to_owned()));
            }
            cursor = next.map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        tally.tell(session)
    }
}

fn replay(id: &str) -> Call {
    Call::post(&["decisions", "replay", id])
}

async fn one(session: &Session, call: &Call) -> Result<(), Failure> {
    let answer = session.value(call).await?;
    let mut lines = vec![result(&answer).to_owned()];
    lines.extend(why(&answer).map(|why| format!("  {why}")));
    session.tell(&lines, &answer)?;
    match result(&answer) {
        "different" => Err(Failure::Different(1)),
        _ => Ok(()),
    }
}

fn result(answer: &Value) -> &str {
    let result = answer.get("result").and_then(Value::as_str);
    result.unwrap_or_default()
}

fn why(answer: &Value) -> impl Iterator<Item = &str> {
    let why = answer.get("why").and_then(Value::as_array);
    why.into_iter().flatten().filter_map(Value::as_str)
}

impl Tally {
    fn add(&mut self, id: &str, answer: &Value) {
        match result(answer) {
            "same" => self.same += 1,
            "different" => {
                self.different += 1;
                if self.first.len() < SHOWN {
                    let why: Vec<&str> = why(answer).collect();
                    self.first.push(json!({ "auditId": id, "why": why }));
                }
            }
            _ => {
                self.not_replayable += 1;
                for why in why(answer) {
                    if self.reasons.len() < REASONS || self.reasons.contains_key(why) {
                        *self.reasons.entry(why.to_owned()).or_default() += 1;
                    }
                }
            }
        }
    }

    fn tell(self, session: &Session) -> Result<(), Failure> {
        let mut lines = vec![format!(
            "{} same, {} different, {} not replayable",
            self.same, self.different, self.not_replayable
        )];
        for different in &self.first {
            let id = different.get("auditId").and_then(Value::as_str);
            let why: Vec<&str> = why(different).collect();
            lines.push(format!(
                "  different: {}: {}",
                id.unwrap_or_default(),
                why.join("; ")
            ));
        }
        lines.extend(frequent(&self.reasons));
        let json = json!({
            "same": self.same,
            "different": self.different,
            "notReplayable": { "count": self.not_replayable, "reasons": self.reasons },
            "first": self.first,
        });
        session.tell(&lines, &json)?;
        match self.different {
            0 => Ok(()),
            different => Err(Failure::Different(different)),
        }
    }
}

/// The most frequent reasons why decisions cannot be made again, as lines.
pub(super) fn frequent(reasons: &BTreeMap<String, u64>) -> Vec<String> {
    let mut sorted: Vec<_> = reasons.iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let lines = sorted.into_iter().take(SHOWN);
    lines
        .map(|(reason, count)| format!("  not replayable, {count} times: {reason}"))
        .collect()
}
