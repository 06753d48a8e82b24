//! SQLite, from 3.38 on.

use vectra_domain::PersistenceError;

use super::Dialect;
use crate::DatabaseError;

/// SQLite.
pub static SQLITE: Dialect = Dialect {
    versions: &[
        include_str!("../../sql/sqlite/1.sql"),
        include_str!("../../sql/sqlite/2.sql"),
        include_str!("../../sql/sqlite/3.sql"),
        include_str!("../../sql/sqlite/4.sql"),
        include_str!("../../sql/sqlite/5.sql"),
        include_str!("../../sql/sqlite/6.sql"),
    ],
    step,
    error,
    placeholder: |at, _| format!("?{at}"),
    version: "SELECT MAX(Version) FROM SchemaVersion",
    set_version: "INSERT INTO SchemaVersion (Version) VALUES (?1) ON CONFLICT DO NOTHING",

    agent_insert: "INSERT INTO Agent (Id, Name, OwnerId, Status, PolicyName, ClientSecretHash,
  TrustScore, CreatedAt, UpdatedAt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    agent_find: "SELECT Id, Name, OwnerId, Status, PolicyName, ClientSecretHash, TrustScore,
  CreatedAt, UpdatedAt FROM Agent WHERE Id = ?1",
    agent_update:
        "UPDATE Agent SET Name = COALESCE(?2, Name),
  OwnerId = CASE ?3 WHEN 0 THEN OwnerId ELSE ?4 END, Status = COALESCE(?5, Status),
  PolicyName = CASE ?6 WHEN 0 THEN PolicyName ELSE ?7 END,
  ClientSecretHash = COALESCE(?8, ClientSecretHash), UpdatedAt = ?9,
  TrustScore = MAX(TrustScore, COALESCE(?10, TrustScore))
WHERE Id = ?1 AND Status <> 3
RETURNING Id, Name, OwnerId, Status, PolicyName, ClientSecretHash, TrustScore, CreatedAt, UpdatedAt",
    agent_delete: "UPDATE Agent SET Status = 3, UpdatedAt = ?2 WHERE Id = ?1 AND Status <> 3
RETURNING Id",
    agent_list: "SELECT Id, Name, OwnerId, Status, PolicyName, ClientSecretHash, TrustScore,
  CreatedAt, UpdatedAt FROM Agent",

    agent_prune: "DELETE FROM Agent WHERE Id IN (SELECT a.Id FROM Agent a
  WHERE a.Status = 3 AND a.UpdatedAt < ?1
    AND NOT EXISTS (SELECT 1 FROM AgentHistory WHERE AgentId = a.Id)
    AND NOT EXISTS (SELECT 1 FROM AgentActivity WHERE AgentId = a.Id)
  ORDER BY a.UpdatedAt LIMIT ?2) RETURNING 1",

    history_append: "INSERT INTO AgentHistory (Id, AgentId, Method, Path, Timestamp, DecisionType)
SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM Agent WHERE Id = ?2) RETURNING Id",
    history_recent: "SELECT Id, AgentId, Method, Path, Timestamp, DecisionType FROM AgentHistory
WHERE AgentId = ?1 AND Timestamp >= ?2 ORDER BY Timestamp DESC, Id DESC LIMIT ?3",

    // UUIDv7 sorts by time: so the key serves, and no other index has to be kept.
    history_prune: "DELETE FROM AgentHistory WHERE Id IN (SELECT Id FROM AgentHistory
  WHERE Id < ?1 AND Timestamp < ?2 ORDER BY Id LIMIT ?3) RETURNING 1",

    audit_append: "INSERT INTO AuditEntryV1 (AuditId, AgentId, DecisionType, Reason, Method, Path,
  TargetUrl, RiskScore, Timestamp, Explanation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    audit_complete:
        "INSERT INTO AuditOutcome (AuditId, CompletedAt, Status, ResponseBytes, Duration,
  Failure) SELECT Id, ?2, ?3, ?4, ?5, ?6 FROM AuditTrail WHERE Id = ?1 RETURNING AuditId",
    audit_find: "SELECT t.Id, t.AgentId, t.DecisionType, t.Reason, t.Method, t.Path, t.TargetUrl,
  t.RiskScore, t.Timestamp, e.Document, o.CompletedAt, o.Status, o.ResponseBytes, o.Duration,
  o.Failure
FROM AuditTrail t LEFT JOIN AuditExplanation e ON e.AuditId = t.Id
  LEFT JOIN AuditOutcome o ON o.AuditId = t.Id WHERE t.Id = ?1",
    audit_list: "SELECT Id, AgentId, DecisionType, Reason, Method, Path, TargetUrl, RiskScore,
  Timestamp FROM AuditTrail",

    audit_range: "SELECT t.Id, t.AgentId, t.DecisionType, t.Reason, t.Method, t.Path,
  t.TargetUrl, t.RiskScore, t.Timestamp, e.Document
FROM AuditTrail t LEFT JOIN AuditExplanation e ON e.AuditId = t.Id",

    policy_put: "INSERT INTO PolicyPutV5 (Name, Document, Compiled, Status, Problem, Source,
  SourceName, ContentHash, CreatedAt, Newest)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (SELECT MAX(Revision) FROM Policy WHERE Name = ?1)
RETURNING (SELECT MAX(Revision) FROM Policy WHERE Name = ?1), Newest",
    policy_find: "SELECT Name, Revision, Document, Compiled, Status, Problem, Source, SourceName,
  ContentHash, CreatedAt FROM Policy WHERE Name = ?1
  AND Revision = COALESCE(?2, (SELECT MAX(Revision) FROM Policy WHERE Name = ?1))",
    policy_list: "SELECT Name, Revision, Document, Compiled, Status, Problem, Source, SourceName,
  ContentHash, CreatedAt FROM Policy p WHERE Name > ?1
  AND Revision = (SELECT MAX(Revision) FROM Policy WHERE Name = p.Name)
ORDER BY Name LIMIT ?2",
    policy_revisions: "SELECT Name, Revision, '', x'', Status, Problem, Source, SourceName,
  ContentHash, CreatedAt FROM Policy WHERE Name = ?1 AND Revision < ?2
ORDER BY Revision DESC LIMIT ?3",
    policy_retire:
        "INSERT INTO Policy (Name, Revision, Document, Compiled, Status, Problem, Source,
  SourceName, ContentHash, CreatedAt)
SELECT Name, Revision + 1, Document, Compiled, 2, NULL, Source, SourceName, ContentHash, ?3
FROM Policy p WHERE Source = ?1 AND Status <> 2
  AND Revision = (SELECT MAX(Revision) FROM Policy WHERE Name = p.Name)
  AND Name NOT IN (SELECT value FROM json_each(?2))
RETURNING Name",

    load: include_str!("../../sql/sqlite/load.sql"),
    record: include_str!("../../sql/sqlite/record.sql"),
    activity_prune: "DELETE FROM AgentActivity WHERE (AgentId, Span, Start) IN
  (SELECT AgentId, Span, Start FROM AgentActivity WHERE Start < ?1 ORDER BY Start LIMIT ?2)
RETURNING 1",
    refusals_list: "SELECT AgentId, Start, Requests, Refused FROM AgentActivity",
    counters: "SELECT Name, SUM(Count) FROM DecisionCounter GROUP BY Name ORDER BY Name LIMIT ?1",
    callers: &super::callers::SQLITE,
    circuits: &super::circuits::SQLITE,
    intents: &super::intents::SQLITE,
    held: &super::held::SQLITE,
    credentials: &super::credentials::SQLITE,
};

/// A blank line ends a statement; comments stay behind, so that a host which looks at
/// the first word finds it.
fn step(_: u32, text: &str) -> Vec<String> {
    let statements = text.split("\n\n");
    let without_comments = |statement: &str| {
        let lines = statement.lines().filter(|line| !line.starts_with("--"));
        lines.collect::<Vec<_>>().join("\n")
    };
    statements.map(without_comments).collect()
}

/// Makes an error of the database's message.
type Meaning = fn(String) -> PersistenceError;

/// What SQLite says, and what it means; the first that is contained in the message
/// counts. Hosts put words of their own around it.
const MEANINGS: &[(&str, Meaning)] = &[
    // What our own host adds, of both the graver one first.
    ("outcome is unknown", PersistenceError::Uncertain),
    ("busy: ", PersistenceError::Unavailable),
    ("read-only: ", PersistenceError::Unavailable),
    ("took too long", PersistenceError::Unavailable),
    ("the database is closed", PersistenceError::Unavailable),
    ("vectra conflict: ", PersistenceError::Conflict),
    ("vectra immutable: ", PersistenceError::Conflict),
    // `held_advance`
    (
        "NOT NULL constraint failed: HeldRequest.Status",
        PersistenceError::Conflict,
    ),
    ("UNIQUE constraint failed", PersistenceError::Conflict),
    ("CHECK constraint failed", PersistenceError::Invalid),
    ("NOT NULL constraint failed", PersistenceError::Invalid),
    ("FOREIGN KEY constraint failed", |_| {
        PersistenceError::NotFound
    }),
    ("datatype mismatch", PersistenceError::Invalid),
    ("string or blob too big", PersistenceError::Invalid),
    ("no such table", |_| PersistenceError::SchemaMissing),
    ("is locked", PersistenceError::Unavailable),
    ("database schema has changed", PersistenceError::Unavailable),
    ("readonly", PersistenceError::Unavailable),
    (
        "unable to open database file",
        PersistenceError::Unavailable,
    ),
    ("is full", PersistenceError::Full),
];

fn error(error: &DatabaseError) -> PersistenceError {
    let message = match error {
        DatabaseError::DatabaseFull => return PersistenceError::Full(error.to_string()),
        DatabaseError::NoSuchDatabase
        | DatabaseError::AccessDenied
        | DatabaseError::InvalidConnection => {
            return PersistenceError::Unavailable(error.to_string());
        }
        DatabaseError::Unavailable(message) => {
            return PersistenceError::Unavailable(message.clone());
        }
        DatabaseError::Refused(message) => return PersistenceError::Invalid(message.clone()),
        DatabaseError::Io(message) => message,
    };
    let meaning = MEANINGS.iter().find(|(words, _)| message.contains(words));
    meaning.map_or(PersistenceError::Other as Meaning, |(_, meaning)| *meaning)(message.clone())
}
