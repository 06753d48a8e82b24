//! Looks at the database past the gateway and the double.

use std::path::Path;

use anyhow::{Context, Result, bail};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// A connection of the tests' own.
pub enum View {
    Sqlite(libsql::Connection),
    Postgres(tokio_postgres::Client),
}

/// What is counted, and how.
const COUNTED: [(&str, &str); 28] = [
    ("agents", "SELECT count(*) FROM Agent"),
    (
        "deleted agents",
        "SELECT count(*) FROM Agent WHERE Status = 3",
    ),
    (
        "revoked and quarantined agents",
        "SELECT count(*) FROM Agent WHERE Status IN (1, 2)",
    ),
    (
        "renamed agents",
        "SELECT count(*) FROM Agent WHERE Name = 'renamed'",
    ),
    (
        "limits of agents",
        "SELECT count(*) FROM AgentAccess WHERE RequestsPerMinute IS NOT NULL",
    ),
    (
        "ended tokens",
        "SELECT count(*) FROM AgentAccess WHERE TokensNotBefore IS NOT NULL",
    ),
    (
        "former secrets",
        "SELECT count(*) FROM AgentAccess WHERE FormerSecretHash IS NOT NULL",
    ),
    ("operators", "SELECT count(*) FROM Operator"),
    (
        "revoked operators",
        "SELECT count(*) FROM Operator WHERE RevokedAt IS NOT NULL",
    ),
    (
        "used keys",
        "SELECT count(*) FROM Operator WHERE LastUsedAt IS NOT NULL",
    ),
    ("acts", "SELECT count(*) FROM OperatorAct"),
    (
        "failures to get a token",
        "SELECT COALESCE(SUM(Failures), 0) FROM Lockout",
    ),
    ("circuits", "SELECT count(*) FROM UpstreamCircuit"),
    (
        "changes of circuits",
        "SELECT count(*) FROM UpstreamCircuitChange",
    ),
    (
        "agents with a policy",
        "SELECT count(*) FROM Agent WHERE PolicyName IS NOT NULL",
    ),
    ("audit rows", "SELECT count(*) FROM AuditTrail"),
    ("explanations", "SELECT count(*) FROM AuditExplanation"),
    (
        "audit rows with their explanation",
        "SELECT count(*) FROM AuditTrail t JOIN AuditExplanation e ON e.AuditId = t.Id",
    ),
    ("history rows", "SELECT count(*) FROM AgentHistory"),
    (
        "requests by minutes",
        "SELECT COALESCE(SUM(Requests), 0) FROM AgentActivity WHERE Span = 60",
    ),
    (
        "requests by hours",
        "SELECT COALESCE(SUM(Requests), 0) FROM AgentActivity WHERE Span = 3600",
    ),
    (
        "violations",
        "SELECT COALESCE(SUM(Violations), 0) FROM AgentActivity WHERE Span = 60",
    ),
    (
        "refusals",
        "SELECT COALESCE(SUM(Refused), 0) FROM AgentActivity",
    ),
    ("held requests", "SELECT count(*) FROM HeldRequest"),
    (
        "held requests that are decided",
        "SELECT count(*) FROM HeldRequest WHERE Status <> 0",
    ),
    ("approvals", "SELECT count(*) FROM HeldApproval"),
    ("credentials", "SELECT count(*) FROM UpstreamCredential"),
    ("policies", "SELECT count(*) FROM Policy"),
];

/// What is counted too, but no effect: it comes after the answer is known.
const AFTERWARDS: [(&str, &str); 2] = [
    ("outcomes", "SELECT count(*) FROM OperatorActOutcome"),
    (
        "outcomes of an act",
        "SELECT count(*) FROM OperatorActOutcome o JOIN OperatorAct a ON a.Id = o.ActId",
    ),
];

/// Billionths of the agent's trust.
const TRUST: &str = "SELECT CAST(round(TrustScore * 1000000000) AS BIGINT) FROM Agent WHERE Id =";

/// What there was at a moment: what is counted, the agent's trust, and the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot(Vec<i64>);

/// What has changed between two moments.
#[derive(Clone, PartialEq, Eq)]
pub struct Effect(Vec<i64>);

impl Snapshot {
    pub fn since(&self, earlier: &Self) -> Effect {
        let pairs = self.0.iter().zip(&earlier.0).take(COUNTED.len() + 1);
        Effect(pairs.map(|(now, before)| now - before).collect())
    }

    fn of(&self, name: &str) -> i64 {
        let names = COUNTED.iter().map(|one| one.0).chain(["trust"]);
        let mut names = names.chain(AFTERWARDS.iter().map(|one| one.0));
        self.0[names.position(|one| one == name).unwrap()]
    }

    /// Acts of which it is not known what came of them.
    pub fn open_acts(&self) -> i64 {
        self.of("acts") - self.of("outcomes of an act")
    }

    /// What never holds, whatever happened.
    pub fn inconsistency(&self) -> Option<String> {
        let of = |name: &str| self.of(name);
        let history = of("history rows");
        let consistent = of("audit rows") == of("explanations")
            && of("audit rows") == of("audit rows with their explanation")
            && history <= of("audit rows")
            && history == of("requests by minutes")
            && history == of("requests by hours")
            && of("outcomes") == of("outcomes of an act")
            && of("outcomes") <= of("acts");
        (!consistent).then(|| format!("inconsistent: {:?}", Effect(self.0.clone())))
    }
}

/// Notes of what was asked for: who asks again makes another one, and that is right.
const NOTES: [&str; 3] = ["used keys", "acts", "failures to get a token"];

impl Effect {
    /// What the request itself was for: the effect without notes of it.
    pub fn asked_for(&self) -> Self {
        let is_note = |at: usize| COUNTED.get(at).is_some_and(|one| NOTES.contains(&one.0));
        let counts = self.0.iter().enumerate();
        Self(
            counts
                .map(|(at, count)| if is_note(at) { 0 } else { *count })
                .collect(),
        )
    }
}

impl std::fmt::Debug for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = COUNTED.iter().map(|one| one.0).chain(["trust"]);
        let changed = names.zip(&self.0).filter(|(_, change)| **change != 0);
        f.debug_map().entries(changed).finish()
    }
}

/// Rows of one request, told by the path that only it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    pub audit: i64,
    pub allowed: i64,
    pub history: i64,
}

impl View {
    pub async fn of_file(path: &Path) -> Result<Self> {
        let database = libsql::Builder::new_local(path).build().await?;
        let connection = database.connect()?;
        connection.busy_timeout(vectra_tests::DEADLINE)?;
        Ok(Self::Sqlite(connection))
    }

    pub async fn of_server(url: &str) -> Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        // It ends with the client.
        tokio::spawn(connection);
        Ok(Self::Postgres(client))
    }

    /// Changes something.
    pub async fn run(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                connection.execute(sql, ()).await?;
            }
            Self::Postgres(client) => client.batch_execute(sql).await?,
        }
        Ok(())
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> Result<i64> {
        Ok(self.numbers(sql).await?[0])
    }

    async fn numbers(&self, sql: &str) -> Result<Vec<i64>> {
        match self {
            Self::Sqlite(connection) => {
                let mut rows = connection.query(sql, ()).await?;
                let row = rows.next().await?.context("no row")?;
                let columns = 0..row.column_count();
                columns.map(|at| Ok(row.get::<i64>(at)?)).collect()
            }
            Self::Postgres(client) => {
                for message in client.simple_query(sql).await? {
                    if let SimpleQueryMessage::Row(row) = message {
                        let text = |at| row.get(at).context("a number is missing");
                        let columns = 0..row.len();
                        return columns.map(|at| Ok(text(at)?.parse()?)).collect();
                    }
                }
                bail!("no row")
            }
        }
    }

    /// Everything that is counted, and the agent's trust.
    pub async fn snapshot(&self, agent: &str) -> Result<Snapshot> {
        let trust = format!("{TRUST} '{agent}'");
        let counts = COUNTED.iter().map(|one| one.1).chain([trust.as_str()]);
        let counts = counts.chain(AFTERWARDS.iter().map(|one| one.1));
        let columns: Vec<String> = counts.map(|sql| format!("({sql})")).collect();
        self.numbers(&format!("SELECT {}", columns.join(", ")))
            .await
            .map(Snapshot)
    }

    /// The rows of the request with this path.
    pub async fn rows(&self, path: &str) -> Result<Rows> {
        let audit = format!("SELECT count(*) FROM AuditTrail WHERE Path = '{path}'");
        let history = format!("SELECT count(*) FROM AgentHistory WHERE Path = '{path}'");
        let sql = format!("SELECT ({audit}), ({audit} AND DecisionType = 0), ({history})");
        let numbers = self.numbers(&sql).await?;
        Ok(Rows {
            audit: numbers[0],
            allowed: numbers[1],
            history: numbers[2],
        })
    }
}
