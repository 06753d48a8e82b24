//! What a gateway has recorded: from its database, or by its own interface where that is
//! out of reach.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::host::Deployment;
use crate::DEADLINE;
use crate::agent::must;
use crate::client::Request;
use crate::database::{Database, Source};

/// How long a view of a file may take to be of one moment.
const SETTLING: Duration = DEADLINE;

/// Where a gateway's rows are read.
#[derive(Debug, Clone)]
pub enum Records {
    /// In its database.
    Database(Source),
    /// In a SQLite file that is locked in a way which SQLite outside a sandbox does not
    /// see: what is read while the gateway writes may be of two moments.
    Unlocked(PathBuf),
    /// By `GET /audit/export`, which tells nothing of the history.
    Interface,
}

impl Records {
    /// What `look` finds. If the rows may be of two moments, it looks again until all is as
    /// it must be or the time is over.
    pub(super) async fn settled<T>(&self, look: impl AsyncFn() -> Result<T>) -> Result<T> {
        let begun = Instant::now();
        loop {
            let found = look().await;
            let again = matches!(self, Self::Unlocked(_)) && begun.elapsed() < SETTLING;
            if found.is_ok() || !again {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A moment, to tell the rows after it from those before.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// So many rows of the audit and of the history.
    Counts(i64, i64),
    /// The audit's newest row, if there is one.
    Newest(Option<String>),
}

/// Rows as they are now.
pub(super) enum View {
    Database(Database),
    Interface { address: String, admin_key: String },
}

impl View {
    pub(super) async fn of(deployment: &Deployment) -> Result<Self> {
        Ok(match &deployment.records {
            Records::Database(source) => Self::Database(Database::of(source).await?),
            Records::Unlocked(path) => Self::Database(Database::open(path).await?),
            Records::Interface => Self::Interface {
                address: deployment.address.clone(),
                admin_key: deployment.admin_key.clone(),
            },
        })
    }

    pub(super) async fn mark(&self) -> Result<Mark> {
        Ok(match self {
            Self::Database(database) => Mark::Counts(
                database.count("AuditTrail").await?,
                database.count("AgentHistory").await?,
            ),
            Self::Interface { .. } => {
                let newest = self.page("/audit?limit=1").await?;
                let id = newest.pointer("/items/0/auditId").and_then(Value::as_str);
                Mark::Newest(id.map(str::to_owned))
            }
        })
    }

    /// How many rows of each kind have come since.
    pub(super) async fn since(&self, mark: &Mark) -> Result<Vec<(&'static str, i64)>> {
        match (self, mark) {
            (Self::Database(_), Mark::Counts(audit, history)) => match self.mark().await? {
                Mark::Counts(audits, histories) => Ok(vec![
                    ("audit", audits - audit),
                    ("history", histories - history),
                ]),
                Mark::Newest(_) => anyhow::bail!("a database is marked by its counts"),
            },
            (Self::Interface { .. }, Mark::Newest(id)) => {
                let after = id.as_ref().map(|id| format!("after={id}&"));
                let rows = self.export(&after.unwrap_or_default()).await?;
                Ok(vec![("audit", i64::try_from(rows.len())?)])
            }
            _ => anyhow::bail!("a mark of another kind of view"),
        }
    }

    /// The agent's audit rows, oldest first, with the seed's column names.
    pub(super) async fn audit(&self, agent: &str) -> Result<Vec<Value>> {
        if let Self::Database(database) = self {
            return database.audit(agent).await;
        }
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let target = format!("/audit?agentId={agent}&limit=200{cursor}");
            let page = self.page(&target).await?;
            rows.extend(items(&page)?.iter().map(columns));
            match page.get("nextCursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        rows.reverse();
        Ok(rows)
    }

    /// The same of the history, where it can be read.
    pub(super) async fn history(&self, agent: &str) -> Result<Option<Vec<Value>>> {
        match self {
            Self::Database(database) => Ok(Some(database.history(agent).await?)),
            Self::Interface { .. } => Ok(None),
        }
    }

    async fn export(&self, query: &str) -> Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let target = format!("/audit/export?{query}limit=500{cursor}");
            let page = self.page(&target).await?;
            rows.extend_from_slice(items(&page)?);
            match page.get("nextCursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(rows),
            }
        }
    }

    async fn page(&self, target: &str) -> Result<Value> {
        let Self::Interface { address, admin_key } = self else {
            anyhow::bail!("pages are the interface's");
        };
        let request = Request::new("GET", target).bearer(admin_key);
        must(request.send(address).await?, 200)?.json()
    }
}

fn items(page: &Value) -> Result<&Vec<Value>> {
    let items = page.get("items").and_then(Value::as_array);
    items.with_context(|| format!("no items in {page}"))
}

/// The seed's names for the members of a row, and its integers for a decision.
fn columns(row: &Value) -> Value {
    let code = match row.get("decisionType").and_then(Value::as_str) {
        Some("Allow") => 0,
        Some("Deny") => 1,
        Some("Hitl") => 2,
        _ => -1,
    };
    json!({
        "Id": row.get("auditId"),
        "AgentId": row.get("agentId"),
        "DecisionType": code,
        "Reason": row.get("reason"),
        "Method": row.get("method"),
        "Path": row.get("path"),
        "TargetUrl": row.get("targetUrl"),
        "RiskScore": row.get("riskScore"),
        "Timestamp": row.get("timestamp"),
    })
}

/// How many audit rows an agent has, once there are at least so many.
///
/// # Errors
/// If they are fewer, or if they cannot be read.
pub async fn audit_rows(deployment: &Deployment, agent: &str, at_least: usize) -> Result<usize> {
    let look = async || {
        let rows = View::of(deployment).await?.audit(agent).await?.len();
        ensure!(rows >= at_least, "{rows} audit rows instead of {at_least}");
        Ok(rows)
    };
    deployment.records.settled(look).await
}
