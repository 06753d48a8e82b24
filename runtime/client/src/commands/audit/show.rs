//! `vectra audit show`.

use clap::Args;
use serde_json::Value;

use super::super::Command;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, Session, View};
use crate::values;

/// What is shown, and where it stands in the answer.
const LINES: &[(&str, &str)] = &[
    ("time", "/timestamp"),
    ("agent", "/agentId"),
    ("decision", "/decisionType"),
    ("reason", "/reason"),
    ("stage", "/explanation/stage"),
    ("rule", "/explanation/rule"),
    ("shadow", "/explanation/shadow"),
    ("method", "/method"),
    ("target", "/targetUrl"),
    ("risk", "/riskScore"),
    ("factors", "/explanation/risk/factors"),
    ("policy", "/explanation/policy/name"),
    ("revision", "/explanation/policy/revision"),
    ("verdict", "/explanation/verdict"),
    ("intent", "/explanation/intent"),
    ("trust", "/explanation/trust"),
    ("settings", "/explanation/settings"),
    ("looked at", "/explanation/input/lookedAt"),
    ("version", "/explanation/component/version"),
    ("trace", "/traceId"),
    ("request", "/requestId"),
    ("outcome", "/outcome"),
];

/// `vectra audit show`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra audit show 018f4d2e-7c1b-7a3d-9e5f-0123456789ab -o json"
)]
pub struct Show {
    /// The decision, as `auditId` of answers and lists
    #[arg(value_name = "ID", value_parser = values::audit_id)]
    id: String,
}

impl Command for Show {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["audit", &self.id]))
    }

    fn view(&self) -> View {
        View::Record(Record::of(&[]))
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let row = session.value(&self.call()?).await?;
        let width = LINES.iter().map(|(title, _)| title.len()).max();
        let width = width.unwrap_or_default();
        let lines = LINES.iter().filter_map(|(title, place)| {
            let value = match row.pointer(place)? {
                Value::Null => return None,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some(format!("{title:width$}  {value}"))
        });
        session.tell(&lines.collect::<Vec<_>>(), &row)
    }
}
