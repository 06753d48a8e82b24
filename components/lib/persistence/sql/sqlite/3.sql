-- Version 3: who calls. What governs an agent's access beside the seed's columns.
CREATE TABLE IF NOT EXISTS AgentAccess (
  AgentId TEXT NOT NULL PRIMARY KEY REFERENCES Agent (Id) ON DELETE CASCADE
    CHECK (AgentId GLOB '????????-????-????-????-????????????' AND AgentId NOT GLOB '*[^-0-9a-f]*'),
  RequestsPerMinute INTEGER CHECK (RequestsPerMinute BETWEEN 0 AND 4294967295),
  TokensNotBefore TEXT CHECK (TokensNotBefore GLOB '????-??-??T??:??:??.??????Z'),
  FormerSecretHash TEXT,
  FormerSecretUntil TEXT CHECK (FormerSecretUntil GLOB '????-??-??T??:??:??.??????Z'),
  ChangedAt TEXT NOT NULL CHECK (ChangedAt GLOB '????-??-??T??:??:??.??????Z'),
  CHECK ((FormerSecretHash IS NULL) = (FormerSecretUntil IS NULL))
)

CREATE TABLE IF NOT EXISTS Operator (
  Id TEXT NOT NULL PRIMARY KEY
    CHECK (Id GLOB '????????-????-????-????-????????????' AND Id NOT GLOB '*[^-0-9a-f]*'),
  Name TEXT NOT NULL CHECK (length(Name) BETWEEN 1 AND 128),
  Role INTEGER NOT NULL CHECK (Role IN (0, 1, 2)),
  KeyHash TEXT NOT NULL UNIQUE CHECK (length(KeyHash) = 64 AND KeyHash NOT GLOB '*[^0-9a-f]*'),
  CreatedAt TEXT NOT NULL CHECK (CreatedAt GLOB '????-??-??T??:??:??.??????Z'),
  ExpiresAt TEXT CHECK (ExpiresAt GLOB '????-??-??T??:??:??.??????Z'),
  LastUsedAt TEXT CHECK (LastUsedAt GLOB '????-??-??T??:??:??.??????Z'),
  RevokedAt TEXT CHECK (RevokedAt GLOB '????-??-??T??:??:??.??????Z')
)

-- `rowid` is held positive for the replace trigger, as that of `AuditTrail`.
CREATE TABLE IF NOT EXISTS OperatorAct (
  Id TEXT NOT NULL PRIMARY KEY
    CHECK (Id GLOB '????????-????-????-????-????????????' AND Id NOT GLOB '*[^-0-9a-f]*'),
  OperatorId TEXT
    CHECK (OperatorId GLOB '????????-????-????-????-????????????'
      AND OperatorId NOT GLOB '*[^-0-9a-f]*'),
  OperatorName TEXT NOT NULL CHECK (length(OperatorName) BETWEEN 1 AND 128),
  OperatorRole INTEGER NOT NULL CHECK (OperatorRole IN (0, 1, 2)),
  Action TEXT NOT NULL,
  Target TEXT,
  Detail TEXT NOT NULL,
  ClientAddress TEXT,
  Timestamp TEXT NOT NULL CHECK (Timestamp GLOB '????-??-??T??:??:??.??????Z'),
  CHECK (rowid > 0)
)

CREATE TABLE IF NOT EXISTS OperatorActOutcome (
  ActId TEXT NOT NULL PRIMARY KEY
    CHECK (ActId GLOB '????????-????-????-????-????????????' AND ActId NOT GLOB '*[^-0-9a-f]*'),
  Status INTEGER NOT NULL CHECK (Status BETWEEN 100 AND 999),
  Target TEXT,
  Timestamp TEXT NOT NULL CHECK (Timestamp GLOB '????-??-??T??:??:??.??????Z'),
  CHECK (rowid > 0)
)

-- As many rows as there are places: agents have the lower half, addresses the upper.
CREATE TABLE IF NOT EXISTS Lockout (
  Place INTEGER NOT NULL PRIMARY KEY CHECK (Place BETWEEN 0 AND 65535),
  Subject TEXT NOT NULL CHECK (length(Subject) BETWEEN 1 AND 64),
  Failures INTEGER NOT NULL CHECK (Failures BETWEEN 1 AND 4294967295),
  LastAt TEXT NOT NULL CHECK (LastAt GLOB '????-??-??T??:??:??.??????Z')
)

CREATE TABLE IF NOT EXISTS ExternalIssuer (
  Issuer TEXT NOT NULL PRIMARY KEY CHECK (length(Issuer) BETWEEN 1 AND 512),
  Jwks TEXT,
  FetchedAt TEXT CHECK (FetchedAt GLOB '????-??-??T??:??:??.??????Z'),
  AttemptedAt TEXT NOT NULL CHECK (AttemptedAt GLOB '????-??-??T??:??:??.??????Z'),
  CHECK ((Jwks IS NULL) = (FetchedAt IS NULL))
)

CREATE UNIQUE INDEX IF NOT EXISTS OperatorName ON Operator (Name) WHERE RevokedAt IS NULL

CREATE INDEX IF NOT EXISTS OperatorByName ON Operator (Name, Id)

CREATE INDEX IF NOT EXISTS OperatorActByTime ON OperatorAct (Timestamp, Id)

CREATE INDEX IF NOT EXISTS OperatorActByName ON OperatorAct (OperatorName, Timestamp, Id)

-- The cascade once more, for hosts that leave foreign keys off.
CREATE TRIGGER IF NOT EXISTS AgentCascadeV3 AFTER DELETE ON Agent
BEGIN
  DELETE FROM AgentAccess WHERE AgentId = old.Id;
END

-- A change of its access is a change of the agent.
CREATE TRIGGER IF NOT EXISTS AgentAccessInsertV3 AFTER INSERT ON AgentAccess
BEGIN
  UPDATE Agent SET UpdatedAt = new.ChangedAt WHERE Id = new.AgentId;
END

CREATE TRIGGER IF NOT EXISTS AgentAccessUpdateV3 AFTER UPDATE ON AgentAccess
BEGIN
  UPDATE Agent SET UpdatedAt = new.ChangedAt WHERE Id = new.AgentId;
END

-- `agent-access.rotate`: a change in each of two tables. Without an overlap the tokens
-- that are out end too; what ended once stays so, whichever clock is ahead.
CREATE VIEW IF NOT EXISTS AgentRotationV3 AS
SELECT NULL AS AgentId, NULL AS ClientSecretHash, NULL AS FormerUntil, NULL AS ChangedAt

CREATE TRIGGER IF NOT EXISTS AgentRotateV3 INSTEAD OF INSERT ON AgentRotationV3
BEGIN
  INSERT INTO AgentAccess
    (AgentId, TokensNotBefore, FormerSecretHash, FormerSecretUntil, ChangedAt)
  SELECT Id, CASE WHEN new.FormerUntil IS NULL THEN new.ChangedAt END,
    CASE WHEN new.FormerUntil IS NOT NULL THEN ClientSecretHash END, new.FormerUntil, new.ChangedAt
  FROM Agent WHERE Id = new.AgentId
  ON CONFLICT (AgentId) DO UPDATE
    SET TokensNotBefore = CASE WHEN excluded.TokensNotBefore IS NULL THEN TokensNotBefore
      ELSE MAX(COALESCE(TokensNotBefore, ''), excluded.TokensNotBefore) END,
    FormerSecretHash = excluded.FormerSecretHash, FormerSecretUntil = excluded.FormerSecretUntil,
    ChangedAt = excluded.ChangedAt;
  UPDATE Agent SET ClientSecretHash = new.ClientSecretHash WHERE Id = new.AgentId;
END

CREATE TRIGGER IF NOT EXISTS OperatorActUpdateV3 BEFORE UPDATE ON OperatorAct
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: OperatorAct');
END

CREATE TRIGGER IF NOT EXISTS OperatorActDeleteV3 BEFORE DELETE ON OperatorAct
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: OperatorAct');
END

CREATE TRIGGER IF NOT EXISTS OperatorActReplaceV3 BEFORE INSERT ON OperatorAct
WHEN EXISTS (SELECT 1 FROM OperatorAct WHERE Id = new.Id)
  OR EXISTS (SELECT 1 FROM OperatorAct WHERE rowid = new.rowid)
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: OperatorAct.Id');
END

CREATE TRIGGER IF NOT EXISTS OperatorActOutcomeUpdateV3 BEFORE UPDATE ON OperatorActOutcome
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: OperatorActOutcome');
END

CREATE TRIGGER IF NOT EXISTS OperatorActOutcomeDeleteV3 BEFORE DELETE ON OperatorActOutcome
BEGIN
  SELECT RAISE(ABORT, 'vectra immutable: OperatorActOutcome');
END

CREATE TRIGGER IF NOT EXISTS OperatorActOutcomeReplaceV3 BEFORE INSERT ON OperatorActOutcome
WHEN EXISTS (SELECT 1 FROM OperatorActOutcome WHERE ActId = new.ActId)
  OR EXISTS (SELECT 1 FROM OperatorActOutcome WHERE rowid = new.rowid)
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: OperatorActOutcome.ActId');
END
