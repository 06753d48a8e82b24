-- Version 1 of the tables for PostgreSQL. The program puts it into one DO block under an
-- advisory lock, with the row of `SchemaVersion` at its end.
CREATE TABLE IF NOT EXISTS SchemaVersion (
  Version integer NOT NULL PRIMARY KEY CHECK (Version >= 1)
);

-- Room is left in the pages of rows that every request changes, so that the new
-- version of a row finds its place beside the old one.
CREATE TABLE IF NOT EXISTS Agent (
  Id uuid NOT NULL PRIMARY KEY,
  Name text COLLATE "C" NOT NULL CHECK (char_length(Name) BETWEEN 1 AND 128),
  OwnerId text,
  Status integer NOT NULL CHECK (Status IN (0, 1, 2, 3)),
  PolicyName text COLLATE "C",
  ClientSecretHash text NOT NULL,
  TrustScore double precision NOT NULL CHECK (TrustScore BETWEEN 0.0 AND 1.0),
  CreatedAt timestamptz NOT NULL,
  UpdatedAt timestamptz
) WITH (fillfactor = 70);

CREATE TABLE IF NOT EXISTS AgentHistory (
  Id uuid NOT NULL PRIMARY KEY,
  AgentId uuid NOT NULL REFERENCES Agent (Id) ON DELETE CASCADE,
  Method text NOT NULL,
  Path text NOT NULL,
  Timestamp timestamptz NOT NULL,
  DecisionType integer NOT NULL CHECK (DecisionType IN (0, 1, 2))
);

CREATE TABLE IF NOT EXISTS AuditTrail (
  Id uuid NOT NULL PRIMARY KEY,
  AgentId uuid NOT NULL,
  DecisionType integer NOT NULL CHECK (DecisionType IN (0, 1, 2)),
  Reason text,
  Method text NOT NULL,
  Path text NOT NULL,
  TargetUrl text NOT NULL,
  RiskScore double precision NOT NULL CHECK (RiskScore BETWEEN 0.0 AND 1.0),
  Timestamp timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS AuditExplanation (
  AuditId uuid NOT NULL PRIMARY KEY,
  Document text NOT NULL
);

-- Counters of an agent. `Span` is 60 for a minute, 3600 for an hour, `Start` its
-- aligned beginning. `Refused` counts what a limit refused in that minute; such
-- requests are in neither of the other two.
CREATE TABLE IF NOT EXISTS AgentActivity (
  AgentId uuid NOT NULL REFERENCES Agent (Id) ON DELETE CASCADE,
  Span integer NOT NULL CHECK (Span IN (60, 3600)),
  Start timestamptz NOT NULL,
  Requests bigint NOT NULL CHECK (Requests >= 0),
  Violations bigint NOT NULL CHECK (Violations >= 0),
  Refused bigint NOT NULL CHECK (Refused >= 0),
  PRIMARY KEY (AgentId, Span, Start)
) WITH (fillfactor = 70);

CREATE TABLE IF NOT EXISTS Policy (
  Name text COLLATE "C" NOT NULL CHECK (Name <> ''),
  Revision bigint NOT NULL CHECK (Revision >= 1),
  Document text NOT NULL,
  Compiled bytea NOT NULL,
  Status integer NOT NULL CHECK (Status IN (0, 1, 2)),
  Problem text,
  Source integer NOT NULL CHECK (Source IN (0, 1)),
  SourceName text,
  ContentHash text NOT NULL,
  CreatedAt timestamptz NOT NULL,
  PRIMARY KEY (Name, Revision)
);

CREATE TABLE IF NOT EXISTS HeldRequest (
  Id uuid NOT NULL PRIMARY KEY,
  AgentId uuid NOT NULL,
  AuditId uuid NOT NULL,
  Status integer NOT NULL CHECK (Status IN (0, 1, 2, 3, 4, 5, 6)),
  Reason text,
  Method text NOT NULL,
  TargetUrl text NOT NULL,
  Digest text NOT NULL,
  KeyId text NOT NULL,
  Sealed bytea NOT NULL,
  CreatedAt timestamptz NOT NULL,
  ExpiresAt timestamptz NOT NULL,
  DecidedBy text,
  DecidedAt timestamptz,
  Comment text
);

CREATE INDEX IF NOT EXISTS AgentByName ON Agent (Name, Id);
CREATE INDEX IF NOT EXISTS AgentHistoryByAgent ON AgentHistory (AgentId, Timestamp);
CREATE INDEX IF NOT EXISTS AuditTrailByAgent ON AuditTrail (AgentId, Timestamp);
CREATE INDEX IF NOT EXISTS AuditTrailByTime ON AuditTrail (Timestamp);
CREATE INDEX IF NOT EXISTS HeldRequestByTime ON HeldRequest (CreatedAt);
CREATE INDEX IF NOT EXISTS HeldRequestByStatus ON HeldRequest (Status, CreatedAt);
CREATE INDEX IF NOT EXISTS HeldRequestByExpiry ON HeldRequest (Status, ExpiresAt);
CREATE INDEX IF NOT EXISTS HeldRequestByAgent ON HeldRequest (AgentId, Status, ExpiresAt);

-- A time as text of fixed width, whatever the session's zone.
CREATE OR REPLACE FUNCTION VectraTimeV1(pTime timestamptz) RETURNS text LANGUAGE sql STABLE
AS $function$
  SELECT to_char(pTime AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$function$;

-- Refuses from within an expression, in words of ours: those of the server follow its
-- language.
CREATE OR REPLACE FUNCTION VectraRefuseV1(pWhat text) RETURNS integer LANGUAGE plpgsql AS $function$
BEGIN
  RAISE EXCEPTION 'vectra conflict: %', pWhat USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION VectraImmutableV1() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  RAISE EXCEPTION 'vectra immutable: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$function$;

-- For each statement: so also one that would find no row, and ON CONFLICT DO UPDATE.
-- ALWAYS: a session cannot switch it off by calling itself a replica.
CREATE OR REPLACE TRIGGER AuditTrailImmutableV1 BEFORE UPDATE OR DELETE OR TRUNCATE ON AuditTrail
  FOR EACH STATEMENT EXECUTE FUNCTION VectraImmutableV1();
ALTER TABLE AuditTrail ENABLE ALWAYS TRIGGER AuditTrailImmutableV1;

CREATE OR REPLACE TRIGGER AuditExplanationImmutableV1
  BEFORE UPDATE OR DELETE OR TRUNCATE ON AuditExplanation
  FOR EACH STATEMENT EXECUTE FUNCTION VectraImmutableV1();
ALTER TABLE AuditExplanation ENABLE ALWAYS TRIGGER AuditExplanationImmutableV1;

-- `policies.put`: a revision, unless the newest one says the same. Gives the newest
-- revision now and before.
CREATE OR REPLACE FUNCTION VectraPolicyPutV1(pName text, pDocument text, pCompiled bytea,
  pStatus integer, pProblem text, pSource integer, pSourceName text, pContentHash text,
  pCreatedAt timestamptz, OUT Revision bigint, OUT Newest bigint) LANGUAGE plpgsql AS $function$
DECLARE
  newest_row Policy%ROWTYPE;
BEGIN
  -- One writer at a time for a name; what follows sees what the one before wrote.
  PERFORM pg_advisory_xact_lock(7162435, hashtext(pName));
  LOOP
    SELECT * INTO newest_row FROM Policy p WHERE p.Name = pName ORDER BY p.Revision DESC LIMIT 1;
    Newest := newest_row.Revision;
    IF newest_row.Source <> pSource THEN
      PERFORM VectraRefuseV1('Policy.Source');
    END IF;
    IF newest_row.ContentHash = pContentHash AND newest_row.Status = pStatus THEN
      Revision := Newest;
      RETURN;
    END IF;
    Revision := COALESCE(Newest, 0) + 1;
    INSERT INTO Policy VALUES (pName, Revision, pDocument, pCompiled, pStatus, pProblem, pSource,
      pSourceName, pContentHash, pCreatedAt) ON CONFLICT DO NOTHING;
    IF FOUND THEN
      RETURN;
    END IF;
    -- It was retired meanwhile, which takes no lock: that is the newest now.
  END LOOP;
END
$function$;

-- `ledger.record`: a decision with all that goes with it, or a refusal that changed
-- nothing but its counter: 0 recorded, 1 agent gone, 2 over the rate limit, 3 too many
-- held. The agent's row is locked first, so one agent's decisions follow each other
-- and each sees what the one before wrote; agents do not wait for each other, except
-- to hold a request where all held requests are bounded.
CREATE OR REPLACE FUNCTION VectraLedgerRecordV1(pAuditId uuid, pAgentId uuid,
  pDecisionType integer, pReason text, pMethod text, pPath text, pTargetUrl text,
  pRiskScore double precision, pTimestamp timestamptz, pHistoryId uuid, pExplanation text,
  pMinute timestamptz, pHour timestamptz, pRateLimit bigint, pTrustTarget double precision,
  pTrustRate double precision, pHeldPerAgent bigint, pHeldInAll bigint, pHeldId uuid,
  pHeldReason text, pHeldMethod text, pHeldTargetUrl text, pHeldDigest text, pHeldKeyId text,
  pHeldSealed bytea, pHeldCreatedAt timestamptz, pHeldExpiresAt timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $function$
DECLARE
  refusal bigint := 0;
  trust double precision;
  violation bigint := CASE pDecisionType WHEN 0 THEN 0 ELSE 1 END;
BEGIN
  -- What is answered must be on the disk, whatever the server was told to do otherwise.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  SELECT a.TrustScore INTO trust FROM Agent a WHERE a.Id = pAgentId AND a.Status = 0
    FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    refusal := 1;
  ELSIF pRateLimit <= COALESCE((SELECT a.Requests FROM AgentActivity a
      WHERE a.AgentId = pAgentId AND a.Span = 60 AND a.Start = pMinute), 0) THEN
    refusal := 2;
  ELSIF pHeldId IS NOT NULL THEN
    IF pHeldInAll > 0 THEN
      PERFORM pg_advisory_xact_lock(7162435, 0);
    END IF;
    IF (pHeldPerAgent > 0 AND pHeldPerAgent <= (SELECT count(*) FROM HeldRequest h
        WHERE h.AgentId = pAgentId AND h.Status = 0 AND h.ExpiresAt > pTimestamp))
      OR (pHeldInAll > 0 AND pHeldInAll <= (SELECT count(*) FROM HeldRequest h
        WHERE h.Status = 0 AND h.ExpiresAt > pTimestamp)) THEN
      refusal := 3;
    END IF;
  END IF;

  IF refusal > 0 THEN
    IF EXISTS (SELECT 1 FROM AuditTrail t WHERE t.Id = pAuditId) THEN
      PERFORM VectraRefuseV1('AuditTrail.Id');
    END IF;
    IF refusal > 1 THEN
      INSERT INTO AgentActivity AS a VALUES (pAgentId, 60, pMinute, 0, 0, 1)
        ON CONFLICT (AgentId, Span, Start) DO UPDATE SET Refused = a.Refused + 1;
    END IF;
    RETURN refusal;
  END IF;

  INSERT INTO AuditTrail VALUES (pAuditId, pAgentId, pDecisionType, pReason, pMethod, pPath,
    pTargetUrl, pRiskScore, pTimestamp);
  INSERT INTO AuditExplanation VALUES (pAuditId, pExplanation);
  INSERT INTO AgentHistory VALUES (pHistoryId, pAgentId, pMethod, pPath, pTimestamp,
    pDecisionType);
  INSERT INTO AgentActivity AS a
    VALUES (pAgentId, 60, pMinute, 1, violation, 0), (pAgentId, 3600, pHour, 1, violation, 0)
    ON CONFLICT (AgentId, Span, Start) DO UPDATE
      SET Requests = a.Requests + 1, Violations = a.Violations + violation;
  -- PostgreSQL refuses a product that is too small for a double instead of rounding it
  -- to zero, so a step below 1e-300 is none.
  IF pTrustRate > 0.0 AND abs(pTrustTarget - trust) > 1e-300 / pTrustRate THEN
    UPDATE Agent SET TrustScore =
      LEAST(1.0, GREATEST(0.0, trust + pTrustRate * (pTrustTarget - trust)))
      WHERE Id = pAgentId;
  END IF;
  IF pHeldId IS NOT NULL THEN
    INSERT INTO HeldRequest VALUES (pHeldId, pAgentId, pAuditId, 0, pHeldReason, pHeldMethod,
      pHeldTargetUrl, pHeldDigest, pHeldKeyId, pHeldSealed, pHeldCreatedAt, pHeldExpiresAt);
  END IF;
  RETURN 0;
END
$function$;
