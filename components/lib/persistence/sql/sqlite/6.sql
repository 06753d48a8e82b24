-- Version 6: held for a human. Rows of the first three tables are written once; they go with
-- the held request. `rowid` is held positive for the replace triggers, as that of `AuditTrail`.
-- `Needed` is how many approvals were needed when this one was given.
CREATE TABLE IF NOT EXISTS HeldApproval (
  HeldId TEXT NOT NULL
    CHECK (HeldId GLOB '????????-????-????-????-????????????' AND HeldId NOT GLOB '*[^-0-9a-f]*'),
  OperatorId TEXT NOT NULL
    CHECK (OperatorId GLOB '????????-????-????-????-????????????'
      AND OperatorId NOT GLOB '*[^-0-9a-f]*'),
  OperatorName TEXT NOT NULL CHECK (length(OperatorName) BETWEEN 1 AND 128),
  Comment TEXT,
  ApprovedAt TEXT NOT NULL CHECK (ApprovedAt GLOB '????-??-??T??:??:??.??????Z'),
  Seal TEXT NOT NULL,
  Needed INTEGER NOT NULL CHECK (Needed BETWEEN 1 AND 16),
  PRIMARY KEY (HeldId, OperatorId),
  CHECK (rowid > 0)
)

CREATE TABLE IF NOT EXISTS HeldRelease (
  HeldId TEXT NOT NULL PRIMARY KEY
    CHECK (HeldId GLOB '????????-????-????-????-????????????' AND HeldId NOT GLOB '*[^-0-9a-f]*'),
  AuditId TEXT NOT NULL
    CHECK (AuditId GLOB '????????-????-????-????-????????????' AND AuditId NOT GLOB '*[^-0-9a-f]*'),
  StartedAt TEXT NOT NULL CHECK (StartedAt GLOB '????-??-??T??:??:??.??????Z'),
  LeaseUntil TEXT NOT NULL CHECK (LeaseUntil GLOB '????-??-??T??:??:??.??????Z'),
  CHECK (LeaseUntil > StartedAt),
  CHECK (rowid > 0)
)

CREATE TABLE IF NOT EXISTS HeldResponse (
  HeldId TEXT NOT NULL PRIMARY KEY
    CHECK (HeldId GLOB '????????-????-????-????-????????????' AND HeldId NOT GLOB '*[^-0-9a-f]*'),
  FinishedAt TEXT NOT NULL CHECK (FinishedAt GLOB '????-??-??T??:??:??.??????Z'),
  Status INTEGER CHECK (Status BETWEEN 100 AND 999),
  Failure TEXT,
  KeyId TEXT NOT NULL,
  Sealed BLOB NOT NULL,
  CHECK (rowid > 0)
)

-- What is to be told. `WasDueAt` is when it was due before it was claimed the last time.
CREATE TABLE IF NOT EXISTS HeldNotification (
  HeldId TEXT NOT NULL
    CHECK (HeldId GLOB '????????-????-????-????-????????????' AND HeldId NOT GLOB '*[^-0-9a-f]*'),
  Status INTEGER NOT NULL CHECK (Status IN (0, 1, 3, 4, 5, 6)),
  Attempts INTEGER NOT NULL CHECK (Attempts >= 0),
  DueAt TEXT NOT NULL CHECK (DueAt GLOB '????-??-??T??:??:??.??????Z'),
  WasDueAt TEXT CHECK (WasDueAt GLOB '????-??-??T??:??:??.??????Z'),
  PRIMARY KEY (HeldId, Status)
) WITHOUT ROWID

-- `HeaderNames` is a JSON array.
CREATE TABLE IF NOT EXISTS UpstreamCredential (
  Id TEXT NOT NULL PRIMARY KEY
    CHECK (Id GLOB '????????-????-????-????-????????????' AND Id NOT GLOB '*[^-0-9a-f]*'),
  Origin TEXT NOT NULL UNIQUE CHECK (length(Origin) BETWEEN 1 AND 269),
  HeaderNames TEXT NOT NULL,
  KeyId TEXT NOT NULL,
  Sealed BLOB NOT NULL,
  CreatedAt TEXT NOT NULL CHECK (CreatedAt GLOB '????-??-??T??:??:??.??????Z'),
  UpdatedAt TEXT NOT NULL CHECK (UpdatedAt GLOB '????-??-??T??:??:??.??????Z')
)

CREATE INDEX IF NOT EXISTS HeldNotificationByDue ON HeldNotification (DueAt, HeldId, Status)

-- What `held-requests.expire` and `prune` walk along.
CREATE INDEX IF NOT EXISTS HeldRequestWaiting ON HeldRequest (ExpiresAt, Id)
  WHERE Status IN (0, 1)

CREATE INDEX IF NOT EXISTS HeldRequestFinal ON HeldRequest (ExpiresAt, Id)
  WHERE Status IN (3, 4, 5)

-- A request begins as pending; INSERT OR REPLACE would delete the old row without asking the
-- triggers below, by the key or by an explicit rowid.
CREATE TRIGGER IF NOT EXISTS HeldRequestInsertV6 BEFORE INSERT ON HeldRequest
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: HeldRequest.Id')
    WHERE EXISTS (SELECT 1 FROM HeldRequest WHERE Id = new.Id)
      OR EXISTS (SELECT 1 FROM HeldRequest WHERE rowid = new.rowid);
  SELECT RAISE(ABORT, 'vectra conflict: HeldRequest.Status') WHERE new.Status <> 0;
END

-- All that may become of a held request, as pairs of digits: the state it is in and the next
-- one. Approved takes as many approvals as were needed at most; releasing takes the one
-- release. What is final stays as it is; what has expired need not keep what was sealed.
CREATE TRIGGER IF NOT EXISTS HeldRequestUpdateV6 BEFORE UPDATE ON HeldRequest
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: HeldRequest')
    WHERE new.rowid IS NOT old.rowid OR new.Id IS NOT old.Id OR new.AgentId IS NOT old.AgentId
      OR new.AuditId IS NOT old.AuditId OR new.Reason IS NOT old.Reason
      OR new.Method IS NOT old.Method OR new.TargetUrl IS NOT old.TargetUrl
      OR new.Digest IS NOT old.Digest OR new.KeyId IS NOT old.KeyId
      OR new.CreatedAt IS NOT old.CreatedAt OR new.ExpiresAt IS NOT old.ExpiresAt
      OR (new.Sealed IS NOT old.Sealed AND NOT (new.Status = 5 AND new.Sealed = x''));
  SELECT RAISE(ABORT, 'vectra conflict: HeldRequest.Status')
    WHERE old.Status IN (3, 4, 5) OR (new.Status <> old.Status
      AND old.Status * 10 + new.Status NOT IN (1, 4, 5, 12, 14, 15, 23, 26, 63, 64));
  SELECT RAISE(ABORT, 'vectra conflict: HeldRequest.Status')
    WHERE old.Status = 0 AND new.Status = 1
      AND NOT (SELECT COUNT(*) >= COALESCE(MAX(Needed), 1) FROM HeldApproval
        WHERE HeldId = old.Id);
  SELECT RAISE(ABORT, 'vectra conflict: HeldRequest.Status')
    WHERE old.Status = 1 AND new.Status = 2
      AND NOT EXISTS (SELECT 1 FROM HeldRelease WHERE HeldId = old.Id);
END

-- Before its time is over nothing goes: inserted once more it would be held once more.
CREATE TRIGGER IF NOT EXISTS HeldRequestDeleteV6 BEFORE DELETE ON HeldRequest
WHEN old.Status NOT IN (3, 4, 5) OR old.ExpiresAt > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: HeldRequest');
END

-- Others are told of every state but that of being sent. A rowid of -1 would pass for none
-- above.
CREATE TRIGGER IF NOT EXISTS HeldRequestMadeV6 AFTER INSERT ON HeldRequest
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: HeldRequest.rowid') WHERE new.rowid <= 0;
  INSERT INTO HeldNotification (HeldId, Status, Attempts, DueAt)
  VALUES (new.Id, new.Status, 0, new.CreatedAt);
END

CREATE TRIGGER IF NOT EXISTS HeldRequestChangedV6 AFTER UPDATE OF Status ON HeldRequest
WHEN new.Status NOT IN (2, old.Status)
BEGIN
  INSERT INTO HeldNotification (HeldId, Status, Attempts, DueAt)
  VALUES (new.Id, new.Status, 0, new.CreatedAt);
END

CREATE TRIGGER IF NOT EXISTS HeldRequestGoneV6 AFTER DELETE ON HeldRequest
BEGIN
  DELETE FROM HeldApproval WHERE HeldId = old.Id;
  DELETE FROM HeldRelease WHERE HeldId = old.Id;
  DELETE FROM HeldResponse WHERE HeldId = old.Id;
  DELETE FROM HeldNotification WHERE HeldId = old.Id;
END

-- `held-requests.approve`: what waits and has not expired becomes approved with the last
-- approval that it needs.
CREATE TRIGGER IF NOT EXISTS HeldApprovalInsertV6 BEFORE INSERT ON HeldApproval
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: HeldRequest.Status')
    WHERE NOT EXISTS (SELECT 1 FROM HeldRequest
      WHERE Id = new.HeldId AND Status = 0 AND ExpiresAt > new.ApprovedAt);
  SELECT RAISE(ABORT, 'vectra conflict: HeldApproval.OperatorId')
    WHERE EXISTS (SELECT 1 FROM HeldApproval
        WHERE HeldId = new.HeldId AND OperatorId = new.OperatorId)
      OR EXISTS (SELECT 1 FROM HeldApproval WHERE rowid = new.rowid);
END

CREATE TRIGGER IF NOT EXISTS HeldApprovalMadeV6 AFTER INSERT ON HeldApproval
BEGIN
  UPDATE HeldRequest SET Status = 1, DecidedBy = new.OperatorName, DecidedAt = new.ApprovedAt,
    Comment = new.Comment
  WHERE Id = new.HeldId AND (SELECT COUNT(*) >= MAX(Needed) FROM HeldApproval
    WHERE HeldId = new.HeldId);
END

CREATE TRIGGER IF NOT EXISTS HeldApprovalUpdateV6 BEFORE UPDATE ON HeldApproval
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: HeldApproval');
END

CREATE TRIGGER IF NOT EXISTS HeldApprovalDeleteV6 BEFORE DELETE ON HeldApproval
WHEN EXISTS (SELECT 1 FROM HeldRequest WHERE Id = old.HeldId)
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: HeldApproval');
END

-- Nothing is sent that is not approved, has expired, was sent before, or has no audit row, nor
-- of an agent that is not active.
CREATE TRIGGER IF NOT EXISTS HeldReleaseInsertV6 BEFORE INSERT ON HeldRelease
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: HeldRelease.HeldId')
    WHERE EXISTS (SELECT 1 FROM HeldRelease WHERE HeldId = new.HeldId)
      OR EXISTS (SELECT 1 FROM HeldRelease WHERE rowid = new.rowid);
  SELECT RAISE(ABORT, 'vectra conflict: HeldRequest.Status')
    WHERE NOT EXISTS (SELECT 1 FROM HeldRequest
      WHERE Id = new.HeldId AND Status = 1 AND ExpiresAt > new.StartedAt);
  SELECT RAISE(ABORT, 'vectra conflict: Agent.Status')
    WHERE NOT EXISTS (SELECT 1 FROM HeldRequest h JOIN Agent a ON a.Id = h.AgentId
      WHERE h.Id = new.HeldId AND a.Status = 0);
  SELECT RAISE(ABORT, 'vectra conflict: HeldRelease.AuditId')
    WHERE NOT EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId)
      OR NOT EXISTS (SELECT 1 FROM AuditExplanation WHERE AuditId = new.AuditId);
END

CREATE TRIGGER IF NOT EXISTS HeldReleaseUpdateV6 BEFORE UPDATE ON HeldRelease
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: HeldRelease');
END

CREATE TRIGGER IF NOT EXISTS HeldReleaseDeleteV6 BEFORE DELETE ON HeldRelease
WHEN EXISTS (SELECT 1 FROM HeldRequest WHERE Id = old.HeldId)
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: HeldRelease');
END

CREATE TRIGGER IF NOT EXISTS HeldResponseInsertV6 BEFORE INSERT ON HeldResponse
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: HeldResponse.HeldId')
    WHERE EXISTS (SELECT 1 FROM HeldResponse WHERE HeldId = new.HeldId)
      OR EXISTS (SELECT 1 FROM HeldResponse WHERE rowid = new.rowid);
  SELECT RAISE(ABORT, 'vectra conflict: HeldRequest.Status')
    WHERE NOT EXISTS (SELECT 1 FROM HeldRequest WHERE Id = new.HeldId AND Status IN (2, 6))
      OR NOT EXISTS (SELECT 1 FROM HeldRelease WHERE HeldId = new.HeldId);
END

CREATE TRIGGER IF NOT EXISTS HeldResponseUpdateV6 BEFORE UPDATE ON HeldResponse
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: HeldResponse');
END

CREATE TRIGGER IF NOT EXISTS HeldResponseDeleteV6 BEFORE DELETE ON HeldResponse
WHEN EXISTS (SELECT 1 FROM HeldRequest WHERE Id = old.HeldId)
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: HeldResponse');
END

-- `held-requests.claim`: the release, its audit row, and the state.
CREATE VIEW IF NOT EXISTS HeldClaimV6 AS
SELECT NULL AS AuditId, NULL AS AgentId, NULL AS DecisionType, NULL AS Reason, NULL AS Method,
  NULL AS Path, NULL AS TargetUrl, NULL AS RiskScore, NULL AS Timestamp, NULL AS Explanation,
  NULL AS HeldId, NULL AS Now, NULL AS LeaseUntil

CREATE TRIGGER IF NOT EXISTS HeldClaimRowsV6 INSTEAD OF INSERT ON HeldClaimV6
BEGIN
  INSERT INTO AuditTrail
    (Id, AgentId, DecisionType, Reason, Method, Path, TargetUrl, RiskScore, Timestamp)
  VALUES (new.AuditId, new.AgentId, new.DecisionType, new.Reason, new.Method, new.Path,
    new.TargetUrl, new.RiskScore, new.Timestamp);
  INSERT INTO AuditExplanation (AuditId, Document) VALUES (new.AuditId, new.Explanation);
  INSERT INTO HeldRelease (HeldId, AuditId, StartedAt, LeaseUntil)
  VALUES (new.HeldId, new.AuditId, new.Now, new.LeaseUntil);
  UPDATE HeldRequest SET Status = 2 WHERE Id = new.HeldId;
END

-- `held-requests.finish`: what came of it, and the state, which it may have already.
CREATE VIEW IF NOT EXISTS HeldFinishV6 AS
SELECT NULL AS HeldId, NULL AS NextStatus, NULL AS FinishedAt, NULL AS Status, NULL AS Failure,
  NULL AS KeyId, NULL AS Sealed

CREATE TRIGGER IF NOT EXISTS HeldFinishRowsV6 INSTEAD OF INSERT ON HeldFinishV6
BEGIN
  INSERT INTO HeldResponse (HeldId, FinishedAt, Status, Failure, KeyId, Sealed)
  VALUES (new.HeldId, new.FinishedAt, new.Status, new.Failure, new.KeyId, new.Sealed);
  UPDATE HeldRequest SET Status = new.NextStatus
  WHERE Id = new.HeldId AND Status <> new.NextStatus;
END
