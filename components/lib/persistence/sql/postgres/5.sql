-- Version 5: how it was decided. What became of a request that was let out. `Duration` is in
-- microseconds.
CREATE TABLE IF NOT EXISTS AuditOutcome (
  AuditId uuid NOT NULL PRIMARY KEY,
  Status integer CHECK (Status BETWEEN 100 AND 999),
  ResponseBytes bigint NOT NULL CHECK (ResponseBytes >= 0),
  Duration bigint NOT NULL CHECK (Duration >= 0),
  Failure text,
  CompletedAt timestamptz NOT NULL
);

-- How often what was decided: the sum of the shards. Every decision makes a new version of one
-- row, so most of a page is left for them.
CREATE TABLE IF NOT EXISTS DecisionCounter (
  Name text COLLATE "C" NOT NULL CHECK (Name ~ '^[-a-z0-9/]{1,64}$'),
  Shard integer NOT NULL CHECK (Shard BETWEEN 0 AND 63),
  Count bigint NOT NULL CHECK (Count >= 1),
  PRIMARY KEY (Name, Shard)
) WITH (fillfactor = 10);

-- As many rows as there are places: a key that falls on another's takes it over.
CREATE TABLE IF NOT EXISTS IntentCache (
  Place integer NOT NULL PRIMARY KEY CHECK (Place BETWEEN 0 AND 16383),
  Key text COLLATE "C" NOT NULL CHECK (octet_length(Key) BETWEEN 1 AND 128),
  Document text NOT NULL CHECK (octet_length(Document) <= 16384),
  ExpiresAt timestamptz NOT NULL
);

CREATE INDEX IF NOT EXISTS IntentCacheByExpiry ON IntentCache (ExpiresAt);

-- `policies.put`: a revision, unless the newest one says the same and was compiled to
-- the same, which another version of the program may do otherwise. A name whose newest
-- revision is retired is anybody's again. Gives the newest revision now and before.
CREATE OR REPLACE FUNCTION VectraPolicyPutV5(pName text, pDocument text, pCompiled bytea,
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
    IF newest_row.Source <> pSource AND newest_row.Status <> 2 THEN
      PERFORM VectraRefuseV1('Policy.Source');
    END IF;
    IF newest_row.ContentHash = pContentHash AND newest_row.Status = pStatus
        AND newest_row.Source = pSource AND newest_row.Compiled = pCompiled THEN
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

CREATE OR REPLACE TRIGGER AuditOutcomeImmutableV5
  BEFORE UPDATE OR DELETE OR TRUNCATE ON AuditOutcome
  FOR EACH STATEMENT EXECUTE FUNCTION VectraImmutableV1();
ALTER TABLE AuditOutcome ENABLE ALWAYS TRIGGER AuditOutcomeImmutableV5;

-- `ledger.record`: a decision with all that goes with it, or a refusal that changed
-- nothing but its counter: 0 recorded, 1 agent gone, 2 over the rate limit, 3 too many
-- held, 4 circuit open until `Until`; and how many requests the minute has recorded. The
-- agent's row is locked first, so one agent's decisions follow each other and each sees
-- what the one before wrote; agents do not wait for each other, except to hold a request
-- where all held requests are bounded, and to be the probe of one origin. Who becomes the
-- probe for all takes that of its own circuit with it, until `pOwnUntil`. An agent whose trust
-- has fallen below `pTrustFloor` is quarantined. The counter is raised last, so that its row
-- is locked for as short as can be, and sessions next to each other raise different shards, so
-- that what commits at the same time seldom waits.
CREATE OR REPLACE FUNCTION VectraLedgerRecordV5(pAuditId uuid, pAgentId uuid,
  pDecisionType integer, pReason text, pMethod text, pPath text, pTargetUrl text,
  pRiskScore double precision, pTimestamp timestamptz, pHistoryId uuid, pExplanation text,
  pMinute timestamptz, pHour timestamptz, pRateLimit bigint, pTrustTarget double precision,
  pTrustRate double precision, pHeldPerAgent bigint, pHeldInAll bigint, pHeldId uuid,
  pHeldReason text, pHeldMethod text, pHeldTargetUrl text, pHeldDigest text, pHeldKeyId text,
  pHeldSealed bytea, pHeldCreatedAt timestamptz, pHeldExpiresAt timestamptz,
  pTrustFloor double precision, pCounter text, pProbeOrigin text, pLeaseUntil timestamptz,
  pOwnUntil timestamptz,
  OUT Outcome bigint, OUT Recorded bigint, OUT Until text)
LANGUAGE plpgsql AS $function$
DECLARE
  nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  opens timestamptz;
  trust double precision;
  moved double precision;
  violation bigint := CASE pDecisionType WHEN 0 THEN 0 ELSE 1 END;
BEGIN
  Outcome := 0;
  -- What is answered must be on the disk, whatever the server was told to do otherwise.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  SELECT a.TrustScore INTO trust FROM Agent a WHERE a.Id = pAgentId AND a.Status = 0
    FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    Outcome := 1;
  ELSE
    Recorded := COALESCE((SELECT a.Requests FROM AgentActivity a
      WHERE a.AgentId = pAgentId AND a.Span = 60 AND a.Start = pMinute), 0);
    IF pRateLimit <= Recorded THEN
      Outcome := 2;
    END IF;
  END IF;
  IF Outcome = 0 AND pProbeOrigin IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(7162436, hashtext(pProbeOrigin));
    opens := (SELECT max(c.OpensAt) FROM UpstreamCircuit c
      WHERE c.Origin = pProbeOrigin AND c.AgentId IN (pAgentId, nobody));
    IF opens > pTimestamp THEN
      Outcome := 4;
      Until := VectraTimeV1(opens);
    END IF;
  END IF;
  IF Outcome = 0 AND pHeldId IS NOT NULL THEN
    IF pHeldInAll > 0 THEN
      PERFORM pg_advisory_xact_lock(7162435, 0);
    END IF;
    IF (pHeldPerAgent > 0 AND pHeldPerAgent <= (SELECT count(*) FROM HeldRequest h
        WHERE h.AgentId = pAgentId AND h.Status = 0 AND h.ExpiresAt > pTimestamp))
      OR (pHeldInAll > 0 AND pHeldInAll <= (SELECT count(*) FROM HeldRequest h
        WHERE h.Status = 0 AND h.ExpiresAt > pTimestamp)) THEN
      Outcome := 3;
    END IF;
  END IF;

  IF Outcome > 0 THEN
    IF EXISTS (SELECT 1 FROM AuditTrail t WHERE t.Id = pAuditId) THEN
      PERFORM VectraRefuseV1('AuditTrail.Id');
    END IF;
    IF Outcome IN (2, 3) THEN
      INSERT INTO AgentActivity AS a VALUES (pAgentId, 60, pMinute, 0, 0, 1)
        ON CONFLICT (AgentId, Span, Start) DO UPDATE SET Refused = a.Refused + 1;
    END IF;
    IF Outcome = 2 THEN
      INSERT INTO DecisionCounter AS c VALUES ('limited', pg_backend_pid() & 63, 1)
        ON CONFLICT (Name, Shard) DO UPDATE SET Count = c.Count + 1;
    END IF;
    RETURN;
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
  moved := trust;
  IF pTrustRate > 0.0 AND abs(pTrustTarget - trust) > 1e-300 / pTrustRate THEN
    moved := LEAST(1.0, GREATEST(0.0, trust + pTrustRate * (pTrustTarget - trust)));
  END IF;
  IF moved <> trust OR moved < pTrustFloor THEN
    UPDATE Agent SET TrustScore = moved, Status = CASE WHEN moved < pTrustFloor THEN 2 ELSE 0 END
      WHERE Id = pAgentId;
  END IF;
  IF pHeldId IS NOT NULL THEN
    INSERT INTO HeldRequest VALUES (pHeldId, pAgentId, pAuditId, 0, pHeldReason, pHeldMethod,
      pHeldTargetUrl, pHeldDigest, pHeldKeyId, pHeldSealed, pHeldCreatedAt, pHeldExpiresAt);
  END IF;
  IF pProbeOrigin IS NOT NULL AND EXISTS (SELECT 1 FROM UpstreamCircuit
      WHERE Origin = pProbeOrigin AND AgentId = nobody AND State <> 0) THEN
    INSERT INTO UpstreamCircuit
      VALUES (pProbeOrigin, pAgentId, 2, 0, pTimestamp, pOwnUntil, pTimestamp)
      ON CONFLICT (Origin, AgentId) DO UPDATE
        SET State = 2, OpensAt = EXCLUDED.OpensAt, ChangedAt = EXCLUDED.ChangedAt;
    UPDATE UpstreamCircuit SET State = 2, ClaimedBy = pAgentId, OpensAt = pLeaseUntil,
      ChangedAt = pTimestamp
      WHERE Origin = pProbeOrigin AND AgentId = nobody AND State <> 0;
  ELSIF pProbeOrigin IS NOT NULL THEN
    UPDATE UpstreamCircuit SET State = 2, OpensAt = pLeaseUntil, ChangedAt = pTimestamp
      WHERE Origin = pProbeOrigin AND AgentId = pAgentId AND State <> 0;
  END IF;
  INSERT INTO DecisionCounter AS c VALUES (pCounter, pg_backend_pid() & 63, 1)
    ON CONFLICT (Name, Shard) DO UPDATE SET Count = c.Count + 1;
  Recorded := Recorded + 1;
END
$function$;
