//! SQLite.

use super::HeldStatements;

macro_rules! held {
    ($sealed:literal) => {
        concat!(
            "Id, AgentId, AuditId, Status, Reason, Method, TargetUrl, Digest, KeyId, ",
            $sealed,
            ", CreatedAt, ExpiresAt, DecidedBy, DecidedAt, Comment"
        )
    };
}

/// SQLite. What a trigger refuses comes as an error; a row that is not there gives none.
pub(crate) static SQLITE: HeldStatements = HeldStatements {
    find: concat!("SELECT ", held!("x''"), " FROM HeldRequest WHERE Id = ?1"),
    find_sealed: concat!(
        "SELECT ",
        held!("Sealed"),
        " FROM HeldRequest WHERE Id = ?1"
    ),
    count_pending: "SELECT COUNT(*) FROM (SELECT 1 FROM HeldRequest
  WHERE Status = 0 AND ExpiresAt > ?1 LIMIT 1000000) h",
    list: concat!("SELECT ", held!("x'' AS Sealed"), " FROM HeldRequest"),
    approve: "INSERT INTO HeldApproval (HeldId, OperatorId, OperatorName, Comment, ApprovedAt,
  Seal, Needed) SELECT Id, ?2, ?3, ?4, ?5, ?6, ?7 FROM HeldRequest WHERE Id = ?1
RETURNING HeldId",
    approvals: "SELECT HeldId, OperatorId, OperatorName, Comment, ApprovedAt, Seal
FROM HeldApproval WHERE HeldId = ?1",
    // A step that may not be made sets the status to NULL, which the table refuses: so
    // it differs from a row that is not there, in one statement. `?2` has a bit set for
    // each state that the row may be in.
    advance: concat!(
        "UPDATE HeldRequest SET
  Status = CASE WHEN (?2 >> Status) & 1 = 1 AND Status <> ?3 AND (?5 = 0 OR ExpiresAt > ?4)
    THEN ?3 END,
  DecidedBy = COALESCE(?6, DecidedBy), DecidedAt = CASE WHEN ?6 IS NULL THEN DecidedAt ELSE ?4 END,
  Comment = COALESCE(?7, Comment)
WHERE Id = ?1
RETURNING ",
        held!("x''")
    ),
    claim: "INSERT INTO HeldClaimV6 (AuditId, AgentId, DecisionType, Reason, Method, Path,
  TargetUrl, RiskScore, Timestamp, Explanation, HeldId, Now, LeaseUntil)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, Id, ?12, ?13 FROM HeldRequest WHERE Id = ?11
RETURNING HeldId",
    finish: "INSERT INTO HeldFinishV6 (HeldId, NextStatus, FinishedAt, Status, Failure, KeyId,
  Sealed) SELECT Id, ?2, ?3, ?4, ?5, ?6, ?7 FROM HeldRequest WHERE Id = ?1
RETURNING HeldId",
    find_release: "SELECT r.HeldId, r.AuditId, r.StartedAt, r.LeaseUntil, p.FinishedAt, p.Status,
  p.Failure, p.KeyId, p.Sealed
FROM HeldRelease r LEFT JOIN HeldResponse p ON p.HeldId = r.HeldId WHERE r.HeldId = ?1",
    // The indexes are named: with them nothing is sorted.
    expire: "UPDATE HeldRequest SET Status = CASE Status WHEN 2 THEN 6 ELSE 5 END,
  Sealed = CASE Status WHEN 2 THEN Sealed ELSE x'' END
WHERE Id IN (SELECT Id FROM HeldRequest INDEXED BY HeldRequestWaiting
    WHERE Status IN (0, 1) AND ExpiresAt <= ?1 ORDER BY ExpiresAt, Id LIMIT ?2)
  OR Id IN (SELECT h.Id FROM HeldRequest h WHERE h.Status = 2
    AND (SELECT LeaseUntil FROM HeldRelease WHERE HeldId = h.Id) <= ?1
    ORDER BY h.ExpiresAt, h.Id LIMIT ?2)
RETURNING 1",
    prune: "DELETE FROM HeldRequest WHERE Id IN (
  SELECT Id FROM HeldRequest INDEXED BY HeldRequestFinal
  WHERE Status IN (3, 4, 5) AND ExpiresAt < ?1 ORDER BY ExpiresAt, Id LIMIT ?2) RETURNING 1",
    notification_claim: "UPDATE HeldNotification SET Attempts = Attempts + 1, WasDueAt = DueAt,
  DueAt = json_extract(?2, '$[' || MIN(Attempts, 9) || ']')
WHERE (HeldId, Status) IN (SELECT HeldId, Status FROM HeldNotification
  WHERE DueAt <= ?1 ORDER BY DueAt, HeldId, Status LIMIT ?3)
RETURNING HeldId, Status, Attempts, WasDueAt",
    notification_remove: "DELETE FROM HeldNotification WHERE HeldId = ?1 AND Status = ?2",
    notification_clear: "DELETE FROM HeldNotification WHERE (HeldId, Status) IN
  (SELECT HeldId, Status FROM HeldNotification WHERE DueAt > ''
    ORDER BY DueAt, HeldId, Status LIMIT ?1) RETURNING 1",
};
