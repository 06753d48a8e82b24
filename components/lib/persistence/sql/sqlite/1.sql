-- Version 1 of the tables for SQLite. A blank line ends a statement: each is sent
-- by itself and may be repeated. `SchemaVersion` gets its row last, by the
-- program, so a version that can be read says that everything is there.
CREATE TABLE IF NOT EXISTS SchemaVersion (
  Version INTEGER NOT NULL PRIMARY KEY CHECK (Version >= 1)
)

CREATE TABLE IF NOT EXISTS Agent (
  Id TEXT NOT NULL PRIMARY KEY
    CHECK (Id GLOB '????????-????-????-????-????????????' AND Id NOT GLOB '*[^-0-9a-f]*'),
  Name TEXT NOT NULL CHECK (length(Name) BETWEEN 1 AND 128),
  OwnerId TEXT,
  Status INTEGER NOT NULL CHECK (Status IN (0, 1, 2, 3)),
  PolicyName TEXT,
  ClientSecretHash TEXT NOT NULL,
  TrustScore REAL NOT NULL CHECK (TrustScore BETWEEN 0.0 AND 1.0),
  CreatedAt TEXT NOT NULL CHECK (CreatedAt GLOB '????-??-??T??:??:??.??????Z'),
  UpdatedAt TEXT CHECK (UpdatedAt GLOB '????-??-??T??:??:??.??????Z')
)

CREATE TABLE IF NOT EXISTS AgentHistory (
  Id TEXT NOT NULL PRIMARY KEY
    CHECK (Id GLOB '????????-????-????-????-????????????' AND Id NOT GLOB '*[^-0-9a-f]*'),
  AgentId TEXT NOT NULL REFERENCES Agent (Id) ON DELETE CASCADE,
  Method TEXT NOT NULL,
  Path TEXT NOT NULL,
  Timestamp TEXT NOT NULL CHECK (Timestamp GLOB '????-??-??T??:??:??.??????Z'),
  DecisionType INTEGER NOT NULL CHECK (DecisionType IN (0, 1, 2))
)

-- `rowid` is held positive so that the replace trigger below can tell an explicit
-- one from none.
CREATE TABLE IF NOT EXISTS AuditTrail (
  Id TEXT NOT NULL PRIMARY KEY
    CHECK (Id GLOB '????????-????-????-????-????????????' AND Id NOT GLOB '*[^-0-9a-f]*'),
  AgentId TEXT NOT NULL
    CHECK (AgentId GLOB '????????-????-????-????-????????????' AND AgentId NOT GLOB '*[^-0-9a-f]*'),
  DecisionType INTEGER NOT NULL CHECK (DecisionType IN (0, 1, 2)),
  Reason TEXT,
  Method TEXT NOT NULL,
  Path TEXT NOT NULL,
  TargetUrl TEXT NOT NULL,
  RiskScore REAL NOT NULL CHECK (RiskScore BETWEEN 0.0 AND 1.0),
  Timestamp TEXT NOT NULL CHECK (Timestamp GLOB '????-??-??T??:??:??.??????Z'),
  CHECK (rowid > 0)
)

CREATE TABLE IF NOT EXISTS AuditExplanation (
  AuditId TEXT NOT NULL PRIMARY KEY
    CHECK (AuditId GLOB '????????-????-????-????-????????????' AND AuditId NOT GLOB '*[^-0-9a-f]*'),
  Document TEXT NOT NULL,
  CHECK (rowid > 0)
)

-- Counters of an agent. `Span` is 60 for a minute, 3600 for an hour, `Start` its
-- aligned beginning. `Refused` counts what a limit refused in that minute; such
-- requests are in neither of the other two.
CREATE TABLE IF NOT EXISTS AgentActivity (
  AgentId TEXT NOT NULL REFERENCES Agent (Id) ON DELETE CASCADE,
  Span INTEGER NOT NULL CHECK (Span IN (60, 3600)),
  Start TEXT NOT NULL CHECK (Start GLOB '????-??-??T??:??:??.??????Z'),
  Requests INTEGER NOT NULL CHECK (Requests >= 0),
  Violations INTEGER NOT NULL CHECK (Violations >= 0),
  Refused INTEGER NOT NULL CHECK (Refused >= 0),
  PRIMARY KEY (AgentId, Span, Start)
) WITHOUT ROWID

CREATE TABLE IF NOT EXISTS Policy (
  Name TEXT NOT NULL CHECK (Name <> ''),
  Revision INTEGER NOT NULL CHECK (Revision >= 1),
  Document TEXT NOT NULL,
  Compiled BLOB NOT NULL,
  Status INTEGER NOT NULL CHECK (Status IN (0, 1, 2)),
  Problem TEXT,
  Source INTEGER NOT NULL CHECK (Source IN (0, 1)),
  SourceName TEXT,
  ContentHash TEXT NOT NULL,
  CreatedAt TEXT NOT NULL CHECK (CreatedAt GLOB '????-??-??T??:??:??.??????Z'),
  PRIMARY KEY (Name, Revision)
)

CREATE TABLE IF NOT EXISTS HeldRequest (
  Id TEXT NOT NULL PRIMARY KEY
    CHECK (Id GLOB '????????-????-????-????-????????????' AND Id NOT GLOB '*[^-0-9a-f]*'),
  AgentId TEXT NOT NULL,
  AuditId TEXT NOT NULL,
  Status INTEGER NOT NULL CHECK (Status IN (0, 1, 2, 3, 4, 5, 6)),
  Reason TEXT,
  Method TEXT NOT NULL,
  TargetUrl TEXT NOT NULL,
  Digest TEXT NOT NULL,
  KeyId TEXT NOT NULL,
  Sealed BLOB NOT NULL,
  CreatedAt TEXT NOT NULL CHECK (CreatedAt GLOB '????-??-??T??:??:??.??????Z'),
  ExpiresAt TEXT NOT NULL CHECK (ExpiresAt GLOB '????-??-??T??:??:??.??????Z'),
  DecidedBy TEXT,
  DecidedAt TEXT CHECK (DecidedAt GLOB '????-??-??T??:??:??.??????Z'),
  Comment TEXT
)

CREATE INDEX IF NOT EXISTS AgentByName ON Agent (Name, Id)

CREATE INDEX IF NOT EXISTS AgentHistoryByAgent ON AgentHistory (AgentId, Timestamp)

CREATE INDEX IF NOT EXISTS AuditTrailByAgent ON AuditTrail (AgentId, Timestamp)

CREATE INDEX IF NOT EXISTS AuditTrailByTime ON AuditTrail (Timestamp)

CREATE INDEX IF NOT EXISTS HeldRequestByTime ON HeldRequest (CreatedAt)

CREATE INDEX IF NOT EXISTS HeldRequestByStatus ON HeldRequest (Status, CreatedAt)

CREATE INDEX IF NOT EXISTS HeldRequestByExpiry ON HeldRequest (Status, ExpiresAt)

CREATE INDEX IF NOT EXISTS HeldRequestByAgent ON HeldRequest (AgentId, Status, ExpiresAt)

-- The cascade once more, for hosts that leave foreign keys off.
CREATE TRIGGER IF NOT EXISTS AgentCascadeV1 AFTER DELETE ON Agent
BEGIN
  DELETE FROM AgentHistory WHERE AgentId = old.Id;
  DELETE FROM AgentActivity WHERE AgentId = old.Id;
END

CREATE TRIGGER IF NOT EXISTS AuditTrailUpdateV1 BEFORE UPDATE ON AuditTrail
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: AuditTrail');
END

CREATE TRIGGER IF NOT EXISTS AuditTrailDeleteV1 BEFORE DELETE ON AuditTrail
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: AuditTrail');
END

-- INSERT OR REPLACE deletes the old row without asking the trigger above, by the
-- key or by an explicit rowid.
CREATE TRIGGER IF NOT EXISTS AuditTrailReplaceV1 BEFORE INSERT ON AuditTrail
WHEN EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.Id)
  OR EXISTS (SELECT 1 FROM AuditTrail WHERE rowid = new.rowid)
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: AuditTrail.Id');
END

CREATE TRIGGER IF NOT EXISTS AuditExplanationUpdateV1 BEFORE UPDATE ON AuditExplanation
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: AuditExplanation');
END

CREATE TRIGGER IF NOT EXISTS AuditExplanationDeleteV1 BEFORE DELETE ON AuditExplanation
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: AuditExplanation');
END

CREATE TRIGGER IF NOT EXISTS AuditExplanationReplaceV1 BEFORE INSERT ON AuditExplanation
WHEN EXISTS (SELECT 1 FROM AuditExplanation WHERE AuditId = new.AuditId)
  OR EXISTS (SELECT 1 FROM AuditExplanation WHERE rowid = new.rowid)
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: AuditExplanation.AuditId');
END

-- `audit-trail.append`: a row in each of two tables.
CREATE VIEW IF NOT EXISTS AuditEntryV1 AS
SELECT NULL AS AuditId, NULL AS AgentId, NULL AS DecisionType, NULL AS Reason, NULL AS Method,
  NULL AS Path, NULL AS TargetUrl, NULL AS RiskScore, NULL AS Timestamp, NULL AS Explanation

CREATE TRIGGER IF NOT EXISTS AuditAppendV1 INSTEAD OF INSERT ON AuditEntryV1
BEGIN
  INSERT INTO AuditTrail
    (Id, AgentId, DecisionType, Reason, Method, Path, TargetUrl, RiskScore, Timestamp)
  VALUES (new.AuditId, new.AgentId, new.DecisionType, new.Reason, new.Method, new.Path,
    new.TargetUrl, new.RiskScore, new.Timestamp);
  INSERT INTO AuditExplanation (AuditId, Document) VALUES (new.AuditId, new.Explanation);
END

-- `policies.put`: a revision, unless the newest one says the same. `Newest` is the
-- newest revision before, so that the caller sees whether there is another now.
CREATE VIEW IF NOT EXISTS PolicyPutV1 AS
SELECT NULL AS Name, NULL AS Document, NULL AS Compiled, NULL AS Status, NULL AS Problem,
  NULL AS Source, NULL AS SourceName, NULL AS ContentHash, NULL AS CreatedAt, NULL AS Newest

CREATE TRIGGER IF NOT EXISTS PolicyPutRowV1 INSTEAD OF INSERT ON PolicyPutV1
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: Policy.Source') FROM Policy
    WHERE Name = new.Name AND Revision = new.Newest AND Source <> new.Source;
  INSERT INTO Policy (Name, Revision, Document, Compiled, Status, Problem, Source, SourceName,
    ContentHash, CreatedAt)
  SELECT new.Name, COALESCE(new.Newest, 0) + 1, new.Document, new.Compiled, new.Status,
    new.Problem, new.Source, new.SourceName, new.ContentHash, new.CreatedAt
  WHERE NOT EXISTS (SELECT 1 FROM Policy WHERE Name = new.Name AND Revision = new.Newest
    AND ContentHash = new.ContentHash AND Status = new.Status AND Source = new.Source);
END

-- `ledger.record`: a decision with all that goes with it.
CREATE VIEW IF NOT EXISTS LedgerEntryV1 AS
SELECT NULL AS AuditId, NULL AS AgentId, NULL AS DecisionType, NULL AS Reason, NULL AS Method,
  NULL AS Path, NULL AS TargetUrl, NULL AS RiskScore, NULL AS Timestamp, NULL AS HistoryId,
  NULL AS Explanation, NULL AS Minute, NULL AS Hour, NULL AS RateLimit, NULL AS TrustTarget,
  NULL AS TrustRate, NULL AS HeldPerAgent, NULL AS HeldInAll, NULL AS HeldId,
  NULL AS HeldReason, NULL AS HeldMethod, NULL AS HeldTargetUrl, NULL AS HeldDigest,
  NULL AS HeldKeyId, NULL AS HeldSealed, NULL AS HeldCreatedAt, NULL AS HeldExpiresAt

-- SQLite has one writer, and this statement is it from its first step on: so what
-- the second step reads still holds when the counter is raised. The audit row is
-- the witness: what follows happens if it is there. An id that was there before
-- must therefore fail at once.
CREATE TRIGGER IF NOT EXISTS LedgerRecordV1 INSTEAD OF INSERT ON LedgerEntryV1
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
END
