//! `vectra policy what-if`: a draft on decisions of the past.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::{Command, decision, with};
use super::file;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, Session, View};
use crate::values;

/// Different reasons that are counted.
const REASONS: usize = 1_000;

/// `vectra policy what-if`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra policy what-if read-only.json --from 2027-01-01T00:00:00Z --to 2027-01-08T00:00:00Z\n\n\
        The draft is tried on the decisions that the policy of its name was asked about, or that of\n\
        --only-policy. Nothing is put or recorded."
)]
pub struct WhatIf {
    /// The draft; `-` is the standard input
    file: PathBuf,
    /// Decisions of this moment (RFC 3339) and later
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    from: String,
    /// Decisions before this moment
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    to: String,
    /// Only this agent's
    #[arg(long, value_name = "ID", value_parser = values::agent_id)]
    agent: Option<String>,
    /// Those that this policy was asked about, in place of that of the draft's name
    #[arg(long, value_name = "NAME")]
    only_policy: Option<String>,
    /// Changes that are told one by one
    #[arg(long, value_name = "CHANGES", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    first: u32,
}

/// One answer; all of them, added up.
#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sum {
    read: u64,
    examined: u64,
    unchanged: u64,
    changed: BTreeMap<String, u64>,
    not_replayable: NotReplayable,
    first: Vec<Value>,
    #[serde(skip_serializing)]
    next_cursor: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
struct NotReplayable {
    count: u64,
    reasons: BTreeMap<String, u64>,
}

impl Command for WhatIf {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::post(&["decisions", "what-if"]))
    }

    fn view(&self) -> View {
        View::Record(Record::of(&[]))
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let mut question = json!({
            "policy": file::read(&self.file)?,
            "from": self.from,
            "to": self.to,
            "limit": self.first,
        });
        if let Some(agent) = &self.agent {
            with(&mut question, "agentId", agent.as_str().into());
        }
        if let Some(policy) = &self.only_policy {
            with(&mut question, "onlyPolicy", policy.as_str().into());
        }
        let mut sum = Sum::default();
        loop {
            let answer = session.value(&self.call()?.json(question.clone())).await?;
            let answer: Sum = serde_json::from_value(answer)
                .map_err(|_| Failure::Answer("it is not as expected".to_owned()))?;
            let next = answer.next_cursor.clone();
            // Otherwise a mistaken gateway would be asked for ever.
            if next.is_some() && next == sum.next_cursor {
                return Err(Failure::Answer("the list does not go on".to_owned()));
            }
            sum.add(answer, usize::try_from(self.first).unwrap_or(usize::MAX));
            match next {
                Some(cursor) => with(&mut question, "cursor", cursor.into()),
                None => break,
            }
        }
        let shown = serde_json::to_value(&sum);
        session.tell(&sum.lines(), &shown.unwrap_or_default())
    }
}

impl Sum {
    fn add(&mut self, other: Self, first: usize) {
        self.read = self.read.saturating_add(other.read);
        self.examined = self.examined.saturating_add(other.examined);
        self.unchanged = self.unchanged.saturating_add(other.unchanged);
        let count = &mut self.not_replayable.count;
        *count = count.saturating_add(other.not_replayable.count);
        add(&mut self.changed, other.changed);
        add(
            &mut self.not_replayable.reasons,
            other.not_replayable.reasons,
        );
        let left = first.saturating_sub(self.first.len());
        self.first.extend(other.first.into_iter().take(left));
        self.next_cursor = other.next_cursor;
    }

    fn lines(&self) -> Vec<String> {
        let (examined, unchanged) = (self.examined, self.unchanged);
        let unknown = self.not_replayable.count;
        let mut lines = vec![format!(
            "{examined} examined, {unchanged} unchanged, {unknown} not replayable"
        )];
        for (change, count) in &self.changed {
            lines.push(format!("  {change}: {count}"));
        }
        lines.extend(decision::frequent(&self.not_replayable.reasons));
        for change in &self.first {
            let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or("-");
            lines.push(format!(
                "  {} {}->{} by {}",
                text("auditId"),
                text("from"),
                text("to"),
                text("rule")
            ));
        }
        lines
    }
}

fn add(sums: &mut BTreeMap<String, u64>, counts: BTreeMap<String, u64>) {
    for (name, count) in counts {
        if sums.len() < REASONS || sums.contains_key(&name) {
            let sum = sums.entry(name).or_default();
            *sum = sum.saturating_add(count);
        }
    }
}
