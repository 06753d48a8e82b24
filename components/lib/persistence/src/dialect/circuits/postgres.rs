//! PostgreSQL.

use super::CircuitStatements;

/// PostgreSQL.
pub(crate) static POSTGRES: CircuitStatements = CircuitStatements {
    report: "SELECT VectraCircuitReportV4($1::text, $2::text::uuid, $3::bigint, $4::bigint,
  $5::text::timestamptz, $6::text::timestamptz, $7::text::timestamptz,
  $8::text::timestamptz, $9::bigint, $10::bigint)",
    list: "SELECT Origin, AgentId::text AS a, State::bigint AS s, Failures,
  VectraTimeV1(OpensAt) AS o, VectraTimeV1(ChangedAt) AS at FROM UpstreamCircuit",
    changes: "SELECT Number, Origin, AgentId::text AS a, Before::bigint AS b, After::bigint AS f,
  VectraTimeV1(Timestamp) AS at FROM UpstreamCircuitChange
WHERE Number < $1::bigint ORDER BY Number DESC LIMIT $2::bigint",
    prune: "WITH changes AS (DELETE FROM UpstreamCircuitChange WHERE Number = ANY (ARRAY(
  SELECT Number FROM UpstreamCircuitChange WHERE Timestamp < $1::text::timestamptz
  ORDER BY Timestamp LIMIT $2::bigint FOR UPDATE SKIP LOCKED)) RETURNING 1),
circuits AS (DELETE FROM UpstreamCircuit WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM UpstreamCircuit WHERE COALESCE(OpensAt, WindowStart) < $1::text::timestamptz
  ORDER BY COALESCE(OpensAt, WindowStart) LIMIT $2::bigint FOR UPDATE SKIP LOCKED)) RETURNING 1)
SELECT (SELECT count(*) FROM changes) + (SELECT count(*) FROM circuits)",
    probe: include_str!("../../../sql/postgres/probe.sql"),
};
