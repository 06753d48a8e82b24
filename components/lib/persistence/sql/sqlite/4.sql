-- Version 4: circuits.
-- `AgentId` is the nil UUID for the circuit for all, which has no failures of its own: it
-- adds up the agents'. What is closed without failures has no row. `ClaimedBy` is the agent
-- that holds the probe for all.
CREATE TABLE IF NOT EXISTS UpstreamCircuit (
  Origin TEXT NOT NULL CHECK (Origin <> ''),
  AgentId TEXT NOT NULL
    CHECK (AgentId GLOB '????????-????-????-????-????????????' AND AgentId NOT GLOB '*[^-0-9a-f]*'),
  State INTEGER NOT NULL CHECK (State IN (0, 1, 2)),
  Failures INTEGER NOT NULL CHECK (Failures >= 0),
  WindowStart TEXT NOT NULL CHECK (WindowStart GLOB '????-??-??T??:??:??.??????Z'),
  OpensAt TEXT CHECK (OpensAt GLOB '????-??-??T??:??:??.??????Z'),
  ChangedAt TEXT NOT NULL CHECK (ChangedAt GLOB '????-??-??T??:??:??.??????Z'),
  ClaimedBy TEXT
    CHECK (ClaimedBy GLOB '????????-????-????-????-????????????'
      AND ClaimedBy NOT GLOB '*[^-0-9a-f]*'),
  PRIMARY KEY (Origin, AgentId),
  CHECK ((State = 0) = (OpensAt IS NULL)),
  CHECK ((ClaimedBy IS NOT NULL)
    = (State = 2 AND AgentId = '00000000-0000-0000-0000-000000000000'))
) WITHOUT ROWID

CREATE TABLE IF NOT EXISTS UpstreamCircuitChange (
  Number INTEGER PRIMARY KEY AUTOINCREMENT,
  Origin TEXT NOT NULL,
  AgentId TEXT,
  Before INTEGER NOT NULL CHECK (Before IN (0, 1, 2)),
  After INTEGER NOT NULL CHECK (After IN (0, 1, 2)),
  Timestamp TEXT NOT NULL CHECK (Timestamp GLOB '????-??-??T??:??:??.??????Z')
)

-- How old a circuit is that nobody needs any more.
CREATE INDEX IF NOT EXISTS UpstreamCircuitByAge
  ON UpstreamCircuit (COALESCE(OpensAt, WindowStart))

CREATE INDEX IF NOT EXISTS UpstreamCircuitChangeByTime ON UpstreamCircuitChange (Timestamp)

-- What `ledger.list-refusals` walks along.
CREATE INDEX IF NOT EXISTS AgentActivityRefused ON AgentActivity (Start, AgentId)
  WHERE Refused > 0

-- Every change of a state is kept, whoever makes it.
CREATE TRIGGER IF NOT EXISTS UpstreamCircuitMadeV4 AFTER INSERT ON UpstreamCircuit
WHEN new.State <> 0
BEGIN
  INSERT INTO UpstreamCircuitChange (Origin, AgentId, Before, After, Timestamp)
  VALUES (new.Origin, NULLIF(new.AgentId, '00000000-0000-0000-0000-000000000000'), 0, new.State,
    new.ChangedAt);
END

CREATE TRIGGER IF NOT EXISTS UpstreamCircuitChangedV4 AFTER UPDATE OF State ON UpstreamCircuit
WHEN old.State <> new.State
BEGIN
  INSERT INTO UpstreamCircuitChange (Origin, AgentId, Before, After, Timestamp)
  VALUES (new.Origin, NULLIF(new.AgentId, '00000000-0000-0000-0000-000000000000'), old.State,
    new.State, new.ChangedAt);
END

-- `circuits.report`. `Since` is where the window begins, `OpensAt` when a circuit that
-- opens now may be probed, `OwnOpensAt` when by the agent that failed with the probe for all.
CREATE VIEW IF NOT EXISTS CircuitReportV4 AS
SELECT NULL AS Origin, NULL AS AgentId, NULL AS Failed, NULL AS Probe, NULL AS Now, NULL AS Since,
  NULL AS OpensAt, NULL AS OwnOpensAt, NULL AS Threshold, NULL AS Share

CREATE TRIGGER IF NOT EXISTS CircuitFailedV4 INSTEAD OF INSERT ON CircuitReportV4
WHEN new.Failed = 1 AND new.Probe = 0
BEGIN
  INSERT INTO UpstreamCircuit (Origin, AgentId, State, Failures, WindowStart, OpensAt, ChangedAt)
  SELECT new.Origin, new.AgentId, 0, 1, new.Now, NULL, new.Now WHERE true
  ON CONFLICT (Origin, AgentId) DO UPDATE SET
    Failures = CASE WHEN WindowStart < new.Since THEN 1 ELSE Failures + 1 END,
    WindowStart = CASE WHEN WindowStart < new.Since THEN new.Now ELSE WindowStart END
  WHERE State = 0;
  UPDATE UpstreamCircuit SET State = 1, OpensAt = new.OpensAt, ChangedAt = new.Now
  WHERE Origin = new.Origin AND AgentId = new.AgentId AND State = 0
    AND Failures >= new.Threshold;
  INSERT INTO UpstreamCircuit (Origin, AgentId, State, Failures, WindowStart, OpensAt, ChangedAt)
  SELECT new.Origin, '00000000-0000-0000-0000-000000000000', 1, 0, new.Now, new.OpensAt, new.Now
  WHERE NOT EXISTS (SELECT 1 FROM UpstreamCircuit WHERE Origin = new.Origin
      AND AgentId = '00000000-0000-0000-0000-000000000000' AND State <> 0)
    AND (SELECT COUNT(*) >= 2 AND SUM(MIN(Failures, new.Share)) >= new.Threshold
      FROM UpstreamCircuit WHERE Origin = new.Origin
        AND AgentId > '00000000-0000-0000-0000-000000000000'
        AND Failures > 0 AND WindowStart >= new.Since)
  ON CONFLICT (Origin, AgentId) DO UPDATE SET State = 1, WindowStart = excluded.WindowStart,
    OpensAt = excluded.OpensAt, ChangedAt = excluded.ChangedAt
  WHERE State = 0;
END

CREATE TRIGGER IF NOT EXISTS CircuitProbeFailedV4 INSTEAD OF INSERT ON CircuitReportV4
WHEN new.Failed = 1 AND new.Probe = 1
BEGIN
  UPDATE UpstreamCircuit SET State = 1, ChangedAt = new.Now,
    OpensAt = CASE WHEN EXISTS (SELECT 1 FROM UpstreamCircuit WHERE Origin = new.Origin
      AND AgentId = '00000000-0000-0000-0000-000000000000' AND ClaimedBy = new.AgentId)
      THEN new.OwnOpensAt ELSE new.OpensAt END
  WHERE Origin = new.Origin AND AgentId = new.AgentId AND State = 2;
  UPDATE UpstreamCircuit SET State = 1, ClaimedBy = NULL, OpensAt = new.OpensAt,
    ChangedAt = new.Now
  WHERE Origin = new.Origin AND AgentId = '00000000-0000-0000-0000-000000000000'
    AND ClaimedBy = new.AgentId;
END

-- The first two: failures from before the circuit for all closed do not open it again.
CREATE TRIGGER IF NOT EXISTS CircuitAnsweredV4 INSTEAD OF INSERT ON CircuitReportV4
WHEN new.Failed = 0
BEGIN
  DELETE FROM UpstreamCircuit
  WHERE new.Probe = 1 AND Origin = new.Origin
    AND AgentId > '00000000-0000-0000-0000-000000000000' AND State = 0
    AND EXISTS (SELECT 1 FROM UpstreamCircuit WHERE Origin = new.Origin
      AND AgentId = '00000000-0000-0000-0000-000000000000' AND ClaimedBy = new.AgentId);
  UPDATE UpstreamCircuit SET Failures = 0
  WHERE new.Probe = 1 AND Origin = new.Origin
    AND AgentId > '00000000-0000-0000-0000-000000000000' AND State <> 0
    AND EXISTS (SELECT 1 FROM UpstreamCircuit WHERE Origin = new.Origin
      AND AgentId = '00000000-0000-0000-0000-000000000000' AND ClaimedBy = new.AgentId);
  UPDATE UpstreamCircuit SET State = 0, Failures = 0, ClaimedBy = NULL, OpensAt = NULL,
    ChangedAt = new.Now
  WHERE new.Probe = 1 AND Origin = new.Origin
    AND AgentId IN (new.AgentId, '00000000-0000-0000-0000-000000000000') AND State = 2
    AND (ClaimedBy IS NULL OR ClaimedBy = new.AgentId);
  DELETE FROM UpstreamCircuit
  WHERE Origin = new.Origin
    AND AgentId IN (new.AgentId, '00000000-0000-0000-0000-000000000000') AND State = 0;
END

-- `circuits.prune`: rows of two tables.
CREATE VIEW IF NOT EXISTS CircuitPruneV4 AS
SELECT NULL AS Before, NULL AS AtMost, NULL AS Removed

CREATE TRIGGER IF NOT EXISTS CircuitPruneRowsV4 INSTEAD OF INSERT ON CircuitPruneV4
BEGIN
  DELETE FROM UpstreamCircuitChange WHERE Number IN (SELECT Number FROM UpstreamCircuitChange
    WHERE Timestamp < new.Before ORDER BY Timestamp LIMIT new.AtMost);
  DELETE FROM UpstreamCircuit WHERE (Origin, AgentId) IN (SELECT Origin, AgentId
    FROM UpstreamCircuit WHERE COALESCE(OpensAt, WindowStart) < new.Before
    ORDER BY COALESCE(OpensAt, WindowStart) LIMIT new.AtMost);
END

-- `ledger.record` of a request that wants to be a probe: the entry, unless a circuit is in
-- its way, and with the entry the claim: of the circuit for all and of the agent's own with
-- it, or of its own alone. One that is over the rate limit goes on to the entry whatever the
-- circuits, which refuses and counts it as any other.
CREATE VIEW IF NOT EXISTS LedgerProbeV4 AS
SELECT NULL AS AuditId, NULL AS AgentId, NULL AS DecisionType, NULL AS Reason, NULL AS Method,
  NULL AS Path, NULL AS TargetUrl, NULL AS RiskScore, NULL AS Timestamp, NULL AS HistoryId,
  NULL AS Explanation, NULL AS Minute, NULL AS Hour, NULL AS RateLimit, NULL AS TrustTarget,
  NULL AS TrustRate, NULL AS HeldPerAgent, NULL AS HeldInAll, NULL AS HeldId,
  NULL AS HeldReason, NULL AS HeldMethod, NULL AS HeldTargetUrl, NULL AS HeldDigest,
  NULL AS HeldKeyId, NULL AS HeldSealed, NULL AS HeldCreatedAt, NULL AS HeldExpiresAt,
  NULL AS ProbeOrigin, NULL AS LeaseUntil, NULL AS OwnUntil

CREATE TRIGGER IF NOT EXISTS LedgerProbeRecordV4 INSTEAD OF INSERT ON LedgerProbeV4
BEGIN
  SELECT RAISE(ABORT, 'vectra conflict: AuditTrail.Id')
    WHERE EXISTS (SELECT 1 FROM AuditTrail WHERE Id = new.AuditId);
  INSERT INTO LedgerEntryV1 (AuditId, AgentId, DecisionType, Reason, Method, Path, TargetUrl,
    RiskScore, Timestamp, HistoryId, Explanation, Minute, Hour, RateLimit, TrustTarget,
    TrustRate, HeldPerAgent, HeldInAll, HeldId, HeldReason, HeldMethod, HeldTargetUrl,
    HeldDigest, HeldKeyId, HeldSealed, HeldCreatedAt, HeldExpiresAt)
  SELECT new.AuditId, new.AgentId, new.DecisionType, new.Reason, new.Method, new.Path,
    new.TargetUrl, new.RiskScore, new.Timestamp, new.HistoryId, new.Explanation, new.Minute,
    new.Hour, new.RateLimit, new.TrustTarget, new.TrustRate, new.HeldPerAgent, new.HeldInAll,
    new.HeldId, new.HeldReason, new.HeldMethod, new.HeldTargetUrl, new.HeldDigest,
    new.HeldKeyId, new.HeldSealed, new.HeldCreatedAt, new.HeldExpiresAt
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
