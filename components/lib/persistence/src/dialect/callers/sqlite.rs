//! SQLite.

use super::CallerStatements;

/// SQLite.
pub(crate) static SQLITE: CallerStatements = CallerStatements {
    access_find: "SELECT RequestsPerMinute, TokensNotBefore, FormerSecretHash, FormerSecretUntil
FROM AgentAccess WHERE AgentId = ?1",
    access_rotate: "INSERT INTO AgentRotationV3 (AgentId, ClientSecretHash, FormerUntil, ChangedAt)
SELECT Id, ?2, ?3, ?4 FROM Agent WHERE Id = ?1 AND Status <> 3 RETURNING AgentId",
    access_limit: "INSERT INTO AgentAccess (AgentId, RequestsPerMinute, ChangedAt)
SELECT Id, ?2, ?3 FROM Agent WHERE Id = ?1 AND Status <> 3
ON CONFLICT (AgentId) DO UPDATE
  SET RequestsPerMinute = excluded.RequestsPerMinute, ChangedAt = excluded.ChangedAt
RETURNING AgentId",
    access_revoke: "INSERT INTO AgentAccess (AgentId, TokensNotBefore, ChangedAt)
SELECT Id, ?2, ?2 FROM Agent WHERE Id = ?1 AND Status <> 3
ON CONFLICT (AgentId) DO UPDATE
  SET TokensNotBefore = MAX(COALESCE(TokensNotBefore, ''), excluded.TokensNotBefore),
    ChangedAt = excluded.ChangedAt
RETURNING AgentId",

    operator_insert: "INSERT INTO Operator (Id, Name, Role, KeyHash, CreatedAt, ExpiresAt,
  LastUsedAt, RevokedAt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    operator_find: "SELECT Id, Name, Role, KeyHash, CreatedAt, ExpiresAt, LastUsedAt, RevokedAt
FROM Operator WHERE KeyHash = ?1",
    operator_touch: "UPDATE Operator SET LastUsedAt = ?2
WHERE Id = ?1 AND (LastUsedAt IS NULL OR LastUsedAt < ?2)",
    operator_revoke: "UPDATE Operator SET RevokedAt = ?2 WHERE Id = ?1 AND RevokedAt IS NULL
RETURNING Id, Name, Role, KeyHash, CreatedAt, ExpiresAt, LastUsedAt, RevokedAt",
    operator_list: "SELECT Id, Name, Role, KeyHash, CreatedAt, ExpiresAt, LastUsedAt, RevokedAt
FROM Operator",

    act_append: "INSERT INTO OperatorAct (Id, OperatorId, OperatorName, OperatorRole, Action,
  Target, Detail, ClientAddress, Timestamp) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    act_complete: "INSERT INTO OperatorActOutcome (ActId, Status, Target, Timestamp)
SELECT Id, ?2, ?3, ?4 FROM OperatorAct WHERE Id = ?1 RETURNING ActId",
    act_list: "SELECT t.Id, t.OperatorId, t.OperatorName, t.OperatorRole, t.Action, t.Target,
  t.Detail, t.ClientAddress, t.Timestamp, o.Status, o.Target, o.Timestamp
FROM OperatorAct t LEFT JOIN OperatorActOutcome o ON o.ActId = t.Id",

    lockout_find: "SELECT Failures, LastAt FROM Lockout WHERE Place = ?1 AND Subject = ?2",
    lockout_fail: "INSERT INTO Lockout (Place, Subject, Failures, LastAt) VALUES (?1, ?2, 1, ?3)
ON CONFLICT (Place) DO UPDATE SET
  Failures = CASE WHEN Subject = excluded.Subject AND LastAt BETWEEN ?4 AND ?5
    THEN MIN(Failures + 1, 4294967295) ELSE 1 END,
  LastAt = CASE WHEN Subject = excluded.Subject AND LastAt <= ?5
    THEN MAX(LastAt, excluded.LastAt) ELSE excluded.LastAt END,
  Subject = excluded.Subject",
    lockout_clear: "DELETE FROM Lockout WHERE Place = ?1 AND Subject = ?2",

    issuer_find: "SELECT Jwks, FetchedAt FROM ExternalIssuer WHERE Issuer = ?1",
    issuer_claim: "INSERT INTO ExternalIssuer (Issuer, AttemptedAt) VALUES (?1, ?2)
ON CONFLICT (Issuer) DO UPDATE SET AttemptedAt = excluded.AttemptedAt
  WHERE AttemptedAt NOT BETWEEN ?3 AND ?4
RETURNING Issuer",
    issuer_attempted: "SELECT AttemptedAt FROM ExternalIssuer WHERE Issuer = ?1",
    issuer_put: "INSERT INTO ExternalIssuer (Issuer, Jwks, FetchedAt, AttemptedAt)
VALUES (?1, ?2, ?3, ?3)
ON CONFLICT (Issuer) DO UPDATE SET Jwks = excluded.Jwks, FetchedAt = excluded.FetchedAt
  WHERE FetchedAt IS NULL OR FetchedAt <= excluded.FetchedAt OR FetchedAt > ?4",
};
