//! PostgreSQL, from 14 on.
//!
//! Parameters and results are those that every host of `spin:postgres@3.0.0` knows: text,
//! 64-bit integers, doubles and bytes. Hence the casts: a GUID or a time travels as text,
//! every integer as `bigint`. Columns that are cast get a name of their own, so that
//! ORDER BY means the table's column and its index.

use vectra_domain::PersistenceError;

use super::Dialect;
use crate::DatabaseError;
use crate::filter::Kind;

macro_rules! agent {
    () => {
        "Id::text AS i, Name, OwnerId, Status::bigint AS s, PolicyName, ClientSecretHash, TrustScore,
  VectraTimeV1(CreatedAt), VectraTimeV1(UpdatedAt)"
    };
}

macro_rules! audit {
    () => {
        "t.Id::text AS i, t.AgentId::text AS a, t.DecisionType::bigint AS d, t.Reason, t.Method, t.Path,
  t.TargetUrl, t.RiskScore, VectraTimeV1(t.Timestamp) AS at"
    };
}

macro_rules! policy {
    () => {
        "Name, Revision, Document, Compiled, Status::bigint AS s, Problem, Source::bigint AS o,
  SourceName, ContentHash, VectraTimeV1(CreatedAt)"
    };
}

/// PostgreSQL.
pub static POSTGRES: Dialect = Dialect {
    versions: &[
        include_str!("../../sql/postgres/1.sql"),
        include_str!("../../sql/postgres/2.sql"),
        include_str!("../../sql/postgres/3.sql"),
        include_str!("../../sql/postgres/4.sql"),
        include_str!("../../sql/postgres/5.sql"),
        include_str!("../../sql/postgres/6.sql"),
    ],
    step,
    error,
    placeholder,
    version: "SELECT max(Version)::bigint FROM SchemaVersion",
    set_version: "INSERT INTO SchemaVersion (Version) VALUES ($1::bigint) ON CONFLICT DO NOTHING",

    agent_insert: "INSERT INTO Agent (Id, Name, OwnerId, Status, PolicyName, ClientSecretHash,
  TrustScore, CreatedAt, UpdatedAt) VALUES ($1::text::uuid, $2::text, $3::text, $4::bigint, $5::text,
  $6::text, $7::double precision, $8::text::timestamptz, $9::text::timestamptz)",
    agent_find: concat!(
        "SELECT ",
        agent!(),
        " FROM Agent WHERE Id = $1::text::uuid"
    ),
    agent_update: concat!(
        "UPDATE Agent SET Name = COALESCE($2::text, Name),
  OwnerId = CASE $3::bigint WHEN 0 THEN OwnerId ELSE $4::text END,
  Status = COALESCE($5::bigint, Status),
  PolicyName = CASE $6::bigint WHEN 0 THEN PolicyName ELSE $7::text END,
  ClientSecretHash = COALESCE($8::text, ClientSecretHash), UpdatedAt = $9::text::timestamptz,
  TrustScore = GREATEST(TrustScore, $10::double precision)
WHERE Id = $1::text::uuid AND Status <> 3
RETURNING ",
        agent!()
    ),
    agent_delete: "UPDATE Agent SET Status = 3, UpdatedAt = $2::text::timestamptz
WHERE Id = $1::text::uuid AND Status <> 3 RETURNING Id::text",
    agent_list: concat!("SELECT ", agent!(), " FROM Agent"),
    // An array, and orders that only an index gives for nothing: so no plan reads a
    // whole table, whatever the limit and the statistics.
    agent_prune: "DELETE FROM Agent WHERE Id = ANY (ARRAY(SELECT a.Id FROM Agent a
  WHERE a.Status = 3 AND a.UpdatedAt < $1::text::timestamptz
    AND (SELECT 1 FROM AgentHistory WHERE AgentId = a.Id ORDER BY AgentId, Timestamp LIMIT 1)
      IS NULL
    AND (SELECT 1 FROM AgentActivity WHERE AgentId = a.Id ORDER BY AgentId, Span, Start LIMIT 1)
      IS NULL
  ORDER BY a.UpdatedAt LIMIT $2::bigint FOR UPDATE SKIP LOCKED)) RETURNING 1::bigint",

    history_append: "INSERT INTO AgentHistory (Id, AgentId, Method, Path, Timestamp, DecisionType)
SELECT $1::text::uuid, $2::text::uuid, $3::text, $4::text, $5::text::timestamptz, $6::bigint
WHERE EXISTS (SELECT 1 FROM Agent WHERE Id = $2::text::uuid) RETURNING Id::text",
    history_recent: "SELECT Id::text AS i, AgentId::text AS a, Method, Path,
  VectraTimeV1(Timestamp) AS at, DecisionType::bigint FROM AgentHistory
WHERE AgentId = $1::text::uuid AND Timestamp >= $2::text::timestamptz
ORDER BY Timestamp DESC, Id DESC LIMIT $3::bigint",
    // UUIDv7 sorts by time: so the key serves, and no other index has to be kept.
    history_prune: "DELETE FROM AgentHistory WHERE Id = ANY (ARRAY(SELECT Id FROM AgentHistory
  WHERE Id < $1::text::uuid AND Timestamp < $2::text::timestamptz ORDER BY Id LIMIT $3::bigint
  FOR UPDATE SKIP LOCKED)) RETURNING 1::bigint",

    audit_append: "WITH entry AS (INSERT INTO AuditTrail (Id, AgentId, DecisionType, Reason, Method,
    Path, TargetUrl, RiskScore, Timestamp)
  VALUES ($1::text::uuid, $2::text::uuid, $3::bigint, $4::text, $5::text, $6::text, $7::text,
    $8::double precision, $9::text::timestamptz) RETURNING Id)
INSERT INTO AuditExplanation (AuditId, Document) SELECT Id, $10::text FROM entry",
    audit_complete: "INSERT INTO AuditOutcome (AuditId, CompletedAt, Status, ResponseBytes, Duration,
  Failure)
SELECT Id, $2::text::timestamptz, $3::bigint, $4::bigint, $5::bigint, $6::text FROM AuditTrail
  WHERE Id = $1::text::uuid RETURNING AuditId::text",
    audit_find: concat!(
        "SELECT ",
        audit!(),
        ", e.Document, VectraTimeV1(o.CompletedAt) AS c, o.Status::bigint AS s, o.ResponseBytes,
  o.Duration, o.Failure
FROM AuditTrail t LEFT JOIN AuditExplanation e ON e.AuditId = t.Id
  LEFT JOIN AuditOutcome o ON o.AuditId = t.Id WHERE t.Id = $1::text::uuid"
    ),
    audit_list: concat!("SELECT ", audit!(), " FROM AuditTrail t"),
    audit_range: concat!(
        "SELECT ",
        audit!(),
        ", e.Document
FROM AuditTrail t LEFT JOIN AuditExplanation e ON e.AuditId = t.Id"
    ),

    policy_put: "SELECT Revision, Newest FROM VectraPolicyPutV5($1::text, $2::text, $3::bytea,
  $4::bigint::integer, $5::text, $6::bigint::integer, $7::text, $8::text, $9::text::timestamptz)",
    policy_find: concat!(
        "SELECT ",
        policy!(),
        " FROM Policy WHERE Name = $1::text
  AND Revision = COALESCE($2::bigint, (SELECT max(Revision) FROM Policy WHERE Name = $1::text))"
    ),
    policy_list: concat!(
        "SELECT ",
        policy!(),
        " FROM Policy p WHERE Name > $1::text
  AND Revision = (SELECT max(Revision) FROM Policy WHERE Name = p.Name)
ORDER BY Name LIMIT $2::bigint"
    ),
    policy_revisions: "SELECT Name, Revision, ''::text, ''::bytea, Status::bigint AS s, Problem,
  Source::bigint AS o, SourceName, ContentHash, VectraTimeV1(CreatedAt) FROM Policy
WHERE Name = $1::text AND Revision < $2::bigint ORDER BY Revision DESC LIMIT $3::bigint",
    // Another gateway that starts with the same files may be quicker: then there is
    // nothing left to do.
    policy_retire: "INSERT INTO Policy (Name, Revision, Document, Compiled, Status, Problem, Source,
  SourceName, ContentHash, CreatedAt)
SELECT Name, Revision + 1, Document, Compiled, 2, NULL, Source, SourceName, ContentHash,
  $3::text::timestamptz
FROM Policy p WHERE Source = $1::bigint AND Status <> 2
  AND Revision = (SELECT max(Revision) FROM Policy WHERE Name = p.Name)
  AND Name NOT IN (SELECT jsonb_array_elements_text($2::text::jsonb))
ON CONFLICT (Name, Revision) DO NOTHING
RETURNING Name",

    load: include_str!("../../sql/postgres/load.sql"),
    record: include_str!("../../sql/postgres/record.sql"),
    activity_prune: "DELETE FROM AgentActivity WHERE ctid = ANY (ARRAY(SELECT ctid
  FROM AgentActivity WHERE Start < $1::text::timestamptz ORDER BY Start LIMIT $2::bigint
  FOR UPDATE SKIP LOCKED)) RETURNING 1::bigint",
    refusals_list: "SELECT AgentId::text AS a, VectraTimeV1(Start) AS at, Requests, Refused
  FROM AgentActivity",
    counters: "SELECT Name, sum(Count)::bigint FROM DecisionCounter GROUP BY Name ORDER BY Name
LIMIT $1::bigint",
    callers: &super::callers::POSTGRES,
    circuits: &super::circuits::POSTGRES,
    intents: &super::intents::POSTGRES,
    held: &super::held::POSTGRES,
    credentials: &super::credentials::POSTGRES,
};

fn placeholder(at: usize, kind: Kind) -> String {
    let cast = match kind {
        Kind::Id => "text::uuid",
        Kind::Text => "text",
        Kind::Time => "text::timestamptz",
        Kind::Integer => "bigint",
    };
    format!("${at}::{cast}")
}

/// A version is one DO block, which is a transaction. Of those that come at once each
/// waits for the lock, and all but the first find it done.
fn step(version: u32, text: &str) -> Vec<String> {
    vec![format!(
        "DO $vectra$ BEGIN
IF current_setting('transaction_isolation') <> 'read committed' THEN
  RAISE EXCEPTION 'vectra needs default_transaction_isolation to be read committed';
END IF;
PERFORM pg_advisory_xact_lock(7162434);
IF to_regclass('schemaversion') IS NOT NULL THEN
  IF EXISTS (SELECT 1 FROM SchemaVersion WHERE Version >= {version}) THEN RETURN; END IF;
END IF;
{text}
INSERT INTO SchemaVersion (Version) VALUES ({version});
END $vectra$"
    )]
}

/// Makes an error of the database's message.
type Meaning = fn(String) -> PersistenceError;

/// What a SQLSTATE means; the first entry that it begins with counts.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const MEANINGS: &[(&str, Meaning)] = &[
    ("23001", PersistenceError::Conflict), // restrict_violation: what our functions refuse
    ("23502", PersistenceError::Invalid),
    ("23503", |_| PersistenceError::NotFound),
    ("23505", PersistenceError::Conflict),
    ("23", PersistenceError::Invalid),
    ("22", PersistenceError::Invalid),
    ("42P01", |_| PersistenceError::SchemaMissing),
    ("42883", |_| PersistenceError::SchemaMissing), // a function of ours
    ("42501", PersistenceError::Unavailable),       // no permission
    ("53100", PersistenceError::Full),
    ("53", PersistenceError::Unavailable), // out of memory or connections
    ("54", PersistenceError::Invalid),     // too large
    ("55P03", PersistenceError::Unavailable),
    ("57014", PersistenceError::Unavailable), // cancelled before its commit
    ("25006", PersistenceError::Unavailable), // read-only
    ("40003", PersistenceError::Uncertain),
    ("40", PersistenceError::Unavailable), // deadlock, serialisation: rolled back
    ("0A000", PersistenceError::Unavailable), // a cached plan is out of date
    ("28", PersistenceError::Unavailable),
    ("3D", PersistenceError::Unavailable),
    // The server ended the connection: perhaps after the commit.
    ("57P", PersistenceError::Uncertain),
    ("08", PersistenceError::Uncertain),
];

/// Where hosts put the SQLSTATE: Spin writes `… code: SqlState(E23505), message: "…", …`,
/// ours `SqlState(E23505): …`.
const STATE: &str = "SqlState(E";

/// How our host begins when it cannot know what came of a statement.
const UNKNOWN: &str = "outcome unknown: ";

fn error(error: &DatabaseError) -> PersistenceError {
    let text = match error {
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
        DatabaseError::Io(text) => text,
    };
    let state = (!text.starts_with(UNKNOWN)).then(|| text.split_once(STATE));
    let Some((_, rest)) = state.flatten() else {
        // No word of the server: the connection was lost on the way.
        return PersistenceError::Uncertain("the database did not answer".to_owned());
    };
    let state: String = rest.chars().take(5).collect();
    let message = format!("SQLSTATE {state}: {}", message(rest));
    let meaning = MEANINGS.iter().find(|(code, _)| state.starts_with(code));
    meaning.map_or(PersistenceError::Other as Meaning, |(_, meaning)| *meaning)(message)
}

/// The server's message without what follows it: its details may hold rows.
fn message(rest: &str) -> String {
    const SPINS: &str = "message: \"";
    let message = match rest.split_once(SPINS) {
        Some((_, quoted)) => {
            let end = quoted.split_once("\", detail:").map(|(message, _)| message);
            end.unwrap_or("").replace("\\\"", "\"")
        }
        None => rest
            .split_once("): ")
            .map_or("", |(_, message)| message)
            .to_owned(),
    };
    message.chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> PersistenceError {
        error(&DatabaseError::Io(text.to_owned()))
    }

    #[test]
    fn reads_the_state_and_the_message_but_no_detail_of_either_host() {
        let spin = "Error { kind: Db, cause: Some(DbError { severity: \"ERROR\", parsed_severity: \
            Some(Error), code: SqlState(E23505), message: \"duplicate key value violates unique \
            constraint \\\"agent_pkey\\\"\", detail: Some(\"Key (id)=(1) exists: hush\"), hint: None })";
        let ours =
            "SqlState(E23505): duplicate key value violates unique constraint \"agent_pkey\"";
        let expected = PersistenceError::Conflict(
            "SQLSTATE 23505: duplicate key value violates unique constraint \"agent_pkey\"".into(),
        );
        assert_eq!(meaning(spin), expected);
        assert_eq!(meaning(ours), expected);
    }

    #[test]
    fn gives_each_state_its_meaning() {
        use PersistenceError as E;
        let name = |error: &E| format!("{error:?}").split('(').next().map(str::to_owned);
        for (state, expected) in [
            ("23502", E::Invalid(String::new())),
            ("23514", E::Invalid(String::new())),
            ("23503", E::NotFound),
            ("23001", E::Conflict(String::new())),
            ("22P02", E::Invalid(String::new())),
            ("42P01", E::SchemaMissing),
            ("53100", E::Full(String::new())),
            ("53300", E::Unavailable(String::new())),
            ("40P01", E::Unavailable(String::new())),
            ("57014", E::Unavailable(String::new())),
            ("25006", E::Unavailable(String::new())),
            ("57P01", E::Uncertain(String::new())),
            ("08006", E::Uncertain(String::new())),
            ("XX000", E::Other(String::new())),
        ] {
            let error = meaning(&format!("SqlState(E{state}): x"));
            assert_eq!(name(&error), name(&expected), "{state}");
        }
    }

    #[test]
    fn does_not_know_what_came_of_a_statement_without_an_answer() {
        for text in [
            "outcome unknown: SqlState(E57014): cancelled",
            "Error { kind: Closed, cause: None }",
            "",
            "outcome unknown: closed",
        ] {
            assert!(
                matches!(meaning(text), PersistenceError::Uncertain(_)),
                "{text}"
            );
        }
    }
}
