//! PostgreSQL.

use super::HeldStatements;

macro_rules! held {
    ($sealed:literal) => {
        concat!(
            "Id::text AS i, AgentId::text AS a, AuditId::text AS t, Status::bigint AS s, Reason, Method,
  TargetUrl, Digest, KeyId, ",
            $sealed,
            ", VectraTimeV1(CreatedAt) AS c, VectraTimeV1(ExpiresAt) AS e, DecidedBy,
  VectraTimeV1(DecidedAt) AS at, Comment"
        )
    };
}

/// PostgreSQL. What a trigger refuses comes as an error; a row that is not there gives none.
pub(crate) static POSTGRES: HeldStatements = HeldStatements {
    find: concat!(
        "SELECT ",
        held!("''::bytea"),
        " FROM HeldRequest WHERE Id = $1::text::uuid"
    ),
    find_sealed: concat!(
        "SELECT ",
        held!("Sealed"),
        " FROM HeldRequest WHERE Id = $1::text::uuid"
    ),
    // The order is that of an index: so it is what is walked along.
    count_pending: "SELECT count(*) FROM (SELECT 1 FROM HeldRequest
  WHERE Status = 0 AND ExpiresAt > $1::text::timestamptz
  ORDER BY Status, ExpiresAt LIMIT 1000000) h",
    list: concat!("SELECT ", held!("''::bytea"), " FROM HeldRequest"),
    approve: "INSERT INTO HeldApproval (HeldId, OperatorId, OperatorName, Comment, ApprovedAt,
  Seal, Needed) SELECT Id, $2::text::uuid, $3::text, $4::text, $5::text::timestamptz, $6::text,
  $7::bigint FROM HeldRequest WHERE Id = $1::text::uuid
RETURNING HeldId::text",
    approvals: "SELECT HeldId::text AS i, OperatorId::text AS o, OperatorName, Comment,
  VectraTimeV1(ApprovedAt) AS at, Seal
FROM HeldApproval WHERE HeldId = $1::text::uuid",
    // A step that may not be made is refused, so that it differs from a row that is not
    // there.
    advance: concat!(
        "UPDATE HeldRequest SET
  Status = CASE WHEN (($2::bigint >> Status) & 1) = 1 AND Status <> $3::bigint
    AND ($5::bigint = 0 OR ExpiresAt > $4::text::timestamptz) THEN $3::bigint
    ELSE VectraRefuseV1('HeldRequest.Status') END,
  DecidedBy = COALESCE($6::text, DecidedBy),
  DecidedAt = CASE WHEN $6::text IS NULL THEN DecidedAt ELSE $4::text::timestamptz END,
  Comment = COALESCE($7::text, Comment)
WHERE Id = $1::text::uuid
RETURNING ",
        held!("''::bytea")
    ),
    claim: "SELECT 1::bigint WHERE VectraHeldClaimV6($1::text::uuid, $2::text::uuid,
  $3::bigint::integer, $4::text, $5::text, $6::text, $7::text, $8::double precision,
  $9::text::timestamptz, $10::text, $11::text::uuid, $12::text::timestamptz,
  $13::text::timestamptz)",
    finish: "SELECT 1::bigint WHERE VectraHeldFinishV6($1::text::uuid, $2::bigint::integer,
  $3::text::timestamptz, $4::bigint::integer, $5::text, $6::text, $7::bytea)",
    find_release: "SELECT r.HeldId::text AS i, r.AuditId::text AS a,
  VectraTimeV1(r.StartedAt) AS b, VectraTimeV1(r.LeaseUntil) AS u, VectraTimeV1(p.FinishedAt) AS f,
  p.Status::bigint AS s, p.Failure, p.KeyId, p.Sealed
FROM HeldRelease r LEFT JOIN HeldResponse p ON p.HeldId = r.HeldId
WHERE r.HeldId = $1::text::uuid",
    expire: "UPDATE HeldRequest SET Status = CASE Status WHEN 2 THEN 6 ELSE 5 END,
  Sealed = CASE Status WHEN 2 THEN Sealed ELSE ''::bytea END WHERE Id = ANY (
  ARRAY(SELECT Id FROM HeldRequest
    WHERE Status IN (0, 1) AND ExpiresAt <= $1::text::timestamptz
    ORDER BY ExpiresAt, Id LIMIT $2::bigint FOR NO KEY UPDATE SKIP LOCKED)
  || ARRAY(SELECT h.Id FROM HeldRequest h WHERE h.Status = 2
    AND (SELECT LeaseUntil FROM HeldRelease WHERE HeldId = h.Id) <= $1::text::timestamptz
    ORDER BY h.ExpiresAt, h.Id LIMIT $2::bigint FOR NO KEY UPDATE SKIP LOCKED))
RETURNING 1::bigint",
    prune: "DELETE FROM HeldRequest WHERE Id = ANY (ARRAY(SELECT Id FROM HeldRequest
  WHERE Status IN (3, 4, 5) AND ExpiresAt < $1::text::timestamptz
  ORDER BY ExpiresAt, Id LIMIT $2::bigint FOR UPDATE SKIP LOCKED)) RETURNING 1::bigint",
    notification_claim: "UPDATE HeldNotification SET Attempts = Attempts + 1, WasDueAt = DueAt,
  DueAt = ($2::text::jsonb ->> LEAST(Attempts, 9)::integer)::timestamptz
WHERE ctid = ANY (ARRAY(SELECT ctid FROM HeldNotification
  WHERE DueAt <= $1::text::timestamptz ORDER BY DueAt, HeldId, Status LIMIT $3::bigint
  FOR UPDATE SKIP LOCKED))
RETURNING HeldId::text, Status::bigint, Attempts::bigint, VectraTimeV1(WasDueAt)",
    notification_remove: "DELETE FROM HeldNotification
WHERE HeldId = $1::text::uuid AND Status = $2::bigint",
    notification_clear: "DELETE FROM HeldNotification WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM HeldNotification ORDER BY DueAt, HeldId, Status LIMIT $1::bigint
  FOR UPDATE SKIP LOCKED))
RETURNING 1::bigint",
};
