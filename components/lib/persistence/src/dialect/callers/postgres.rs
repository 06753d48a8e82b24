//! PostgreSQL.

use super::CallerStatements;

macro_rules! operator {
    () => {
        "Id::text AS i, Name, Role::bigint AS r, KeyHash, VectraTimeV1(CreatedAt) AS c,
  VectraTimeV1(ExpiresAt) AS e, VectraTimeV1(LastUsedAt) AS u, VectraTimeV1(RevokedAt) AS v"
    };
}

/// PostgreSQL. What changes an agent's access locks the agent's row first: so a change
/// and its end do not pass each other.
pub(crate) static POSTGRES: CallerStatements = CallerStatements {
    access_find: "SELECT RequestsPerMinute, VectraTimeV1(TokensNotBefore), FormerSecretHash,
  VectraTimeV1(FormerSecretUntil) FROM AgentAccess WHERE AgentId = $1::text::uuid",
    access_rotate: "SELECT 1::bigint WHERE VectraAgentRotateV3($1::text::uuid, $2::text,
  $3::text::timestamptz, $4::text::timestamptz)",
    access_limit: "INSERT INTO AgentAccess (AgentId, RequestsPerMinute, ChangedAt)
SELECT Id, $2::bigint, $3::text::timestamptz FROM Agent WHERE Id = $1::text::uuid AND Status <> 3
  FOR NO KEY UPDATE
ON CONFLICT (AgentId) DO UPDATE
  SET RequestsPerMinute = excluded.RequestsPerMinute, ChangedAt = excluded.ChangedAt
RETURNING AgentId::text",
    access_revoke: "INSERT INTO AgentAccess AS a (AgentId, TokensNotBefore, ChangedAt)
SELECT Id, $2::text::timestamptz, $2::text::timestamptz FROM Agent
  WHERE Id = $1::text::uuid AND Status <> 3 FOR NO KEY UPDATE
ON CONFLICT (AgentId) DO UPDATE
  SET TokensNotBefore = GREATEST(a.TokensNotBefore, excluded.TokensNotBefore),
    ChangedAt = excluded.ChangedAt
RETURNING AgentId::text",

    operator_insert: "INSERT INTO Operator (Id, Name, Role, KeyHash, CreatedAt, ExpiresAt,
  LastUsedAt, RevokedAt) VALUES ($1::text::uuid, $2::text, $3::bigint, $4::text,
  $5::text::timestamptz, $6::text::timestamptz, $7::text::timestamptz, $8::text::timestamptz)",
    operator_find: concat!(
        "SELECT ",
        operator!(),
        " FROM Operator WHERE KeyHash = $1::text"
    ),
    operator_touch: "UPDATE Operator SET LastUsedAt = $2::text::timestamptz
WHERE Id = $1::text::uuid AND (LastUsedAt IS NULL OR LastUsedAt < $2::text::timestamptz)",
    operator_revoke: concat!(
        "UPDATE Operator SET RevokedAt = $2::text::timestamptz
WHERE Id = $1::text::uuid AND RevokedAt IS NULL
RETURNING ",
        operator!()
    ),
    operator_list: concat!("SELECT ", operator!(), " FROM Operator"),

    act_append: "INSERT INTO OperatorAct (Id, OperatorId, OperatorName, OperatorRole, Action,
  Target, Detail, ClientAddress, Timestamp) VALUES ($1::text::uuid, $2::text::uuid, $3::text,
  $4::bigint, $5::text, $6::text, $7::text, $8::text, $9::text::timestamptz)",
    act_complete: "INSERT INTO OperatorActOutcome (ActId, Status, Target, Timestamp)
SELECT Id, $2::bigint, $3::text, $4::text::timestamptz FROM OperatorAct
  WHERE Id = $1::text::uuid RETURNING ActId::text",
    // LIMIT keeps the outcome's lookup by its key, row by row: no join reads all outcomes.
    act_list: "SELECT t.Id::text AS i, t.OperatorId::text AS p, t.OperatorName,
  t.OperatorRole::bigint AS r, t.Action, t.Target, t.Detail, t.ClientAddress,
  VectraTimeV1(t.Timestamp) AS at, o.Status::bigint AS s, o.Target AS made,
  VectraTimeV1(o.Timestamp) AS done
FROM OperatorAct t LEFT JOIN LATERAL (SELECT Status, Target, Timestamp FROM OperatorActOutcome
  WHERE ActId = t.Id LIMIT 1) o ON true",

    lockout_find: "SELECT Failures, VectraTimeV1(LastAt) FROM Lockout
WHERE Place = $1::bigint AND Subject = $2::text",
    lockout_fail: "INSERT INTO Lockout AS l (Place, Subject, Failures, LastAt)
VALUES ($1::bigint, $2::text, 1, $3::text::timestamptz)
ON CONFLICT (Place) DO UPDATE SET
  Failures = CASE WHEN l.Subject = excluded.Subject
      AND l.LastAt BETWEEN $4::text::timestamptz AND $5::text::timestamptz
    THEN LEAST(l.Failures + 1, 4294967295) ELSE 1 END,
  LastAt = CASE WHEN l.Subject = excluded.Subject AND l.LastAt <= $5::text::timestamptz
    THEN GREATEST(l.LastAt, excluded.LastAt) ELSE excluded.LastAt END,
  Subject = excluded.Subject",
    lockout_clear: "DELETE FROM Lockout WHERE Place = $1::bigint AND Subject = $2::text",

    issuer_find: "SELECT Jwks, VectraTimeV1(FetchedAt) FROM ExternalIssuer
WHERE Issuer = $1::text",
    issuer_claim: "INSERT INTO ExternalIssuer AS e (Issuer, AttemptedAt)
VALUES ($1::text, $2::text::timestamptz)
ON CONFLICT (Issuer) DO UPDATE SET AttemptedAt = excluded.AttemptedAt
  WHERE e.AttemptedAt NOT BETWEEN $3::text::timestamptz AND $4::text::timestamptz
RETURNING Issuer",
    issuer_attempted: "SELECT VectraTimeV1(AttemptedAt) FROM ExternalIssuer
WHERE Issuer = $1::text",
    issuer_put: "INSERT INTO ExternalIssuer AS e (Issuer, Jwks, FetchedAt, AttemptedAt)
VALUES ($1::text, $2::text, $3::text::timestamptz, $3::text::timestamptz)
ON CONFLICT (Issuer) DO UPDATE SET Jwks = excluded.Jwks, FetchedAt = excluded.FetchedAt
  WHERE e.FetchedAt IS NULL OR e.FetchedAt <= excluded.FetchedAt
    OR e.FetchedAt > $4::text::timestamptz",
};
