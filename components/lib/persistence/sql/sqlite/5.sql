-- Version 5: how it was decided. What became of a request that was let out. `Duration` is in
-- microseconds. `rowid` is held positive so that the replace trigger below can tell an explicit
-- one from none.
CREATE TABLE IF NOT EXISTS AuditOutcome (
  AuditId TEXT NOT NULL PRIMARY KEY
    CHECK (AuditId GLOB '????????-????-????-????-????????????' AND AuditId NOT GLOB '*[^-0-9a-f]*'),
  Status INTEGER CHECK (Status BETWEEN 100 AND 999),
  ResponseBytes INTEGER NOT NULL CHECK (ResponseBytes >= 0),
  Duration INTEGER NOT NULL CHECK (Duration >= 0),
  Failure TEXT,
  CompletedAt TEXT NOT NULL CHECK (CompletedAt GLOB '????-??-??T??:??:??.??????Z'),
  CHECK (rowid > 0)
)

-- How often what was decided. SQLite has one writer and needs one shard, 0.
CREATE TABLE IF NOT EXISTS DecisionCounter (
  Name TEXT NOT NULL CHECK (length(Name) BETWEEN 1 AND 64 AND Name NOT GLOB '*[^-a-z0-9/]*'),
  Shard INTEGER NOT NULL CHECK (Shard BETWEEN 0 AND 63),
  Count INTEGER NOT NULL CHECK (Count >= 1),
  PRIMARY KEY (Name, Shard)
) WITHOUT ROWID

-- As many rows as there are places: a key that falls on another's takes it over.
CREATE TABLE IF NOT EXISTS IntentCache (
  Place INTEGER NOT NULL PRIMARY KEY CHECK (Place BETWEEN 0 AND 16383),
  Key TEXT NOT NULL CHECK (length(CAST(Key AS BLOB)) BETWEEN 1 AND 128),
  Document TEXT NOT NULL CHECK (length(CAST(Document AS BLOB)) <= 16384),
  ExpiresAt TEXT NOT NULL CHECK (ExpiresAt GLOB '????-??-??T??:??:??.??????Z')
)

CREATE INDEX IF NOT EXISTS IntentCacheByExpiry ON IntentCache (ExpiresAt)

-- `policies.put`: a revision, unless the newest one says the same and was compiled to
-- the same, which another version of the program may do otherwise. A name whose newest
-- revision is retired is anybody's again.
CREATE VIEW IF NOT EXISTS PolicyPutV5 AS
SELECT NULL AS Name, NULL AS Document, NULL AS Compiled, NULL AS Status, NULL AS Problem,
  NULL AS Source, NULL AS SourceName, NULL AS ContentHash, NULL AS CreatedAt, NULL AS Newest

CREATE TRIGGER IF NOT EXISTS PolicyPutRowV5 INSTEAD OF INSERT ON PolicyPutV5
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: Policy.Source') FROM Policy
    WHERE Name = new.Name AND Revision = new.Newest AND Source <> new.Source AND Status <> 2;
  INSERT INTO Policy (Name, Revision, Document, Compiled, Status, Problem, Source, SourceName,
    ContentHash, CreatedAt)
  SELECT new.Name, COALESCE(new.Newest, 0) + 1, new.Document, new.Compiled, new.Status,
    new.Problem, new.Source, new.SourceName, new.ContentHash, new.CreatedAt
  WHERE NOT EXISTS (SELECT 1 FROM Policy WHERE Name = new.Name AND Revision = new.Newest
    AND ContentHash = new.ContentHash AND Status = new.Status AND Source = new.Source
    AND Compiled = new.Compiled);
END

CREATE TRIGGER IF NOT EXISTS AuditOutcomeUpdateV5 BEFORE UPDATE ON AuditOutcome
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: AuditOutcome');
END

CREATE TRIGGER IF NOT EXISTS AuditOutcomeDeleteV5 BEFORE DELETE ON AuditOutcome
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: AuditOutcome');
END

CREATE TRIGGER IF NOT EXISTS AuditOutcomeReplaceV5 BEFORE INSERT ON AuditOutcome
WHEN EXISTS (SELECT 1 FROM AuditOutcome WHERE AuditId = new.AuditId)
  OR EXISTS (SELECT 1 FROM AuditOutcome WHERE rowid = new.rowid)
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: AuditOutcome.AuditId');
END

-- `ledger.record`: a decision with all that goes with it, as version 1 says, and with it the
-- quarantine of an agent whose trust has fallen below the floor, and its counter.
CREATE VIEW IF NOT EXISTS LedgerEntryV5 AS
SELECT NULL AS AuditId, NULL AS AgentId, NULL AS DecisionType, NULL AS Reason, NULL AS Method,
  NULL AS Path, NULL AS TargetUrl, NULL AS RiskScore, NULL AS Timestamp, NULL AS HistoryId,
  NULL AS Explanation, NULL AS Minute, NULL AS Hour, NULL AS RateLimit, NULL AS TrustTarget,
  NULL AS TrustRate, NULL AS HeldPerAgent, NULL AS HeldInAll, NULL AS HeldId, NULL AS HeldReason,
  NULL AS HeldMethod, NULL AS HeldTargetUrl, NULL AS HeldDigest, NULL AS HeldKeyId,
  NULL AS HeldSealed, NULL AS HeldCreatedAt, NULL AS HeldExpiresAt, NULL AS TrustFloor,
  NULL AS Counter

CREATE TRIGGER IF NOT EXISTS LedgerRecordV5 INSTEAD OF INSERT ON LedgerEntryV5
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: AuditTrail.Id')
    WHERE EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
  INSERT INTO AuditTrail
    (Id, AgentId, DecisionType, Reason, Method, Path, TargetUrl, RiskScore, Timestamp)
  SELECT new.AuditId, new.AgentId, new.DecisionType, new.Reason, new.Method, new.Path,
    new.TargetUrl, new.RiskScore, new.Timestamp
  WHERE EXISTS (SELECT 1 FROM Agent WHERE Id = new.AgentId AND Status = 0)
    AND (new.RateLimit IS NULL OR new.RateLimit > COALESCE((SELECT Requests FROM AgentActivity
      WHERE AgentId = new.AgentId AND Span = 60 AND Start = new.Minute), 0))
    AND (new.HeldId IS NULL OR new.HeldPerAgent = 0 OR new.HeldPerAgent >
      (SELECT COUNT(*) FROM HeldRequest
        WHERE AgentId = new.AgentId AND Status = 0 AND ExpiresAt > new.Timestamp))
    AND (new.HeldId IS NULL OR new.HeldInAll = 0 OR new.HeldInAll >
      (SELECT COUNT(*) FROM HeldRequest WHERE Status = 0 AND ExpiresAt > new.Timestamp));
  INSERT INTO AgentActivity (AgentId, Span, Start, Requests, Violations, Refused)
  SELECT new.AgentId, 60, new.Minute, 1, new.DecisionType <> 0, 0
  WHERE EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId)
  ON CONFLICT (AgentId, Span, Start) DO UPDATE
    SET Requests = Requests + 1, Violations = Violations + excluded.Violations
    WHERE new.RateLimit IS NULL OR Requests < new.RateLimit;
  INSERT INTO AgentActivity (AgentId, Span, Start, Requests, Violations, Refused)
  SELECT new.AgentId, 60, new.Minute, 0, 0, 1
  WHERE NOT EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId)
    AND EXISTS (SELECT 1 FROM Agent WHERE Id = new.AgentId AND Status = 0)
  ON CONFLICT (AgentId, Span, Start) DO UPDATE SET Refused = Refused + 1;
  INSERT INTO AgentActivity (AgentId, Span, Start, Requests, Violations, Refused)
  SELECT new.AgentId, 3600, new.Hour, 1, new.DecisionType <> 0, 0
  WHERE EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId)
  ON CONFLICT (AgentId, Span, Start) DO UPDATE
    SET Requests = Requests + 1, Violations = Violations + excluded.Violations;
  INSERT INTO AgentHistory (Id, AgentId, Method, Path, Timestamp, DecisionType)
  SELECT new.HistoryId, new.AgentId, new.Method, new.Path, new.Timestamp, new.DecisionType
  WHERE EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
  INSERT INTO AuditExplanation (AuditId, Document)
  SELECT new.AuditId, new.Explanation
  WHERE EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
  UPDATE Agent SET TrustScore =
    MIN(1.0, MAX(0.0, TrustScore + new.TrustRate * (new.TrustTarget - TrustScore)))
  WHERE Id = new.AgentId AND new.TrustRate > 0.0
    AND EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
  INSERT INTO HeldRequest (Id, AgentId, AuditId, Status, Reason, Method, TargetUrl, Digest,
    KeyId, Sealed, CreatedAt, ExpiresAt)
  SELECT new.HeldId, new.AgentId, new.AuditId, 0, new.HeldReason, new.HeldMethod,
    new.HeldTargetUrl, new.HeldDigest, new.HeldKeyId, new.HeldSealed, new.HeldCreatedAt,
    new.HeldExpiresAt
  WHERE new.HeldId IS NOT NULL AND EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
  UPDATE Agent SET Status = 2
  WHERE new.TrustFloor IS NOT NULL AND Id = new.AgentId AND TrustScore < new.TrustFloor
    AND EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
  INSERT INTO DecisionCounter (Name, Shard, Count)
  SELECT CASE WHEN EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId) THEN new.Counter
    ELSE 'limited' END, 0, 1
  WHERE EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId)
    OR (EXISTS (SELECT 1 FROM Agent WHERE Id = new.AgentId AND Status = 0)
      AND new.RateLimit <= COALESCE((SELECT Requests FROM AgentActivity
        WHERE AgentId = new.AgentId AND Span = 60 AND Start = new.Minute), 0))
  ON CONFLICT (Name, Shard) DO UPDATE SET Count = Count + 1;
END

-- `ledger.record` of a request that wants to be a probe, as version 4 says.
CREATE VIEW IF NOT EXISTS LedgerProbeV5 AS
SELECT NULL AS AuditId, NULL AS AgentId, NULL AS DecisionType, NULL AS Reason, NULL AS Method,
  NULL AS Path, NULL AS TargetUrl, NULL AS RiskScore, NULL AS Timestamp, NULL AS HistoryId,
  NULL AS Explanation, NULL AS Minute, NULL AS Hour, NULL AS RateLimit, NULL AS TrustTarget,
  NULL AS TrustRate, NULL AS HeldPerAgent, NULL AS HeldInAll, NULL AS HeldId, NULL AS HeldReason,
  NULL AS HeldMethod, NULL AS HeldTargetUrl, NULL AS HeldDigest, NULL AS HeldKeyId,
  NULL AS HeldSealed, NULL AS HeldCreatedAt, NULL AS HeldExpiresAt, NULL AS TrustFloor,
  NULL AS Counter, NULL AS ProbeOrigin, NULL AS LeaseUntil, NULL AS OwnUntil

CREATE TRIGGER IF NOT EXISTS LedgerProbeRecordV5 INSTEAD OF INSERT ON LedgerProbeV5
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: AuditTrail.Id')
    WHERE EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
  INSERT INTO LedgerEntryV5 (AuditId, AgentId, DecisionType, Reason, Method, Path, TargetUrl,
    RiskScore, Timestamp, HistoryId, Explanation, Minute, Hour, RateLimit, TrustTarget, TrustRate,
    HeldPerAgent, HeldInAll, HeldId, HeldReason, HeldMethod, HeldTargetUrl, HeldDigest, HeldKeyId,
    HeldSealed, HeldCreatedAt, HeldExpiresAt, TrustFloor, Counter)
  SELECT new.AuditId, new.AgentId, new.DecisionType, new.Reason, new.Method, new.Path,
    new.TargetUrl, new.RiskScore, new.Timestamp, new.HistoryId, new.Explanation, new.Minute,
    new.Hour, new.RateLimit, new.TrustTarget, new.TrustRate, new.HeldPerAgent, new.HeldInAll,
    new.HeldId, new.HeldReason, new.HeldMethod, new.HeldTargetUrl, new.HeldDigest, new.HeldKeyId,
    new.HeldSealed, new.HeldCreatedAt, new.HeldExpiresAt, new.TrustFloor, new.Counter
  WHERE NOT EXISTS (SELECT 1 FROM UpstreamCircuit WHERE Origin = new.ProbeOrigin
      AND AgentId IN (new.AgentId, '00000000-0000-0000-0000-000000000000')
      AND OpensAt > new.Timestamp)
    OR new.RateLimit <= COALESCE((SELECT Requests FROM AgentActivity
      WHERE AgentId = new.AgentId AND Span = 60 AND Start = new.Minute), 0);
  UPDATE UpstreamCircuit SET State = 2, OpensAt = new.LeaseUntil, ChangedAt = new.Timestamp
  WHERE Origin = new.ProbeOrigin AND AgentId = new.AgentId AND State <> 0
    AND NOT EXISTS (SELECT 1 FROM UpstreamCircuit WHERE Origin = new.ProbeOrigin
      AND AgentId = '00000000-0000-0000-0000-000000000000' AND State <> 0)
    AND EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
  INSERT INTO UpstreamCircuit (Origin, AgentId, State, Failures, WindowStart, OpensAt, ChangedAt)
  SELECT new.ProbeOrigin, new.AgentId, 2, 0, new.Timestamp, new.OwnUntil, new.Timestamp
  WHERE EXISTS (SELECT 1 FROM UpstreamCircuit WHERE Origin = new.ProbeOrigin
      AND AgentId = '00000000-0000-0000-0000-000000000000' AND State <> 0)
    AND EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId)
  ON CONFLICT (Origin, AgentId) DO UPDATE SET State = 2, OpensAt = excluded.OpensAt,
    ChangedAt = excluded.ChangedAt;
  UPDATE UpstreamCircuit SET State = 2, ClaimedBy = new.AgentId, OpensAt = new.LeaseUntil,
    ChangedAt = new.Timestamp
  WHERE Origin = new.ProbeOrigin AND AgentId = '00000000-0000-0000-0000-000000000000'
    AND State <> 0 AND EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
END
