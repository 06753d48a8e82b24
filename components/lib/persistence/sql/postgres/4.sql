-- Version 4: circuits.
-- `AgentId` is the nil UUID for the circuit for all, which has no failures of its own: it
-- adds up the agents'. What is closed without failures has no row. `ClaimedBy` is the agent
-- that holds the probe for all.
CREATE TABLE IF NOT EXISTS UpstreamCircuit (
  Origin text COLLATE "C" NOT NULL CHECK (Origin <> ''),
  AgentId uuid NOT NULL,
  State integer NOT NULL CHECK (State IN (0, 1, 2)),
  Failures bigint NOT NULL CHECK (Failures >= 0),
  WindowStart timestamptz NOT NULL,
  OpensAt timestamptz,
  ChangedAt timestamptz NOT NULL,
  ClaimedBy uuid,
  PRIMARY KEY (Origin, AgentId),
  CHECK ((State = 0) = (OpensAt IS NULL)),
  CHECK ((ClaimedBy IS NOT NULL)
    = (State = 2 AND AgentId = '00000000-0000-0000-0000-000000000000'))
) WITH (fillfactor = 70);

CREATE TABLE IF NOT EXISTS UpstreamCircuitChange (
  Number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  Origin text NOT NULL,
  AgentId uuid,
  Before integer NOT NULL CHECK (Before IN (0, 1, 2)),
  After integer NOT NULL CHECK (After IN (0, 1, 2)),
  Timestamp timestamptz NOT NULL
);

-- How old a circuit is that nobody needs any more.
CREATE INDEX IF NOT EXISTS UpstreamCircuitByAge
  ON UpstreamCircuit (COALESCE(OpensAt, WindowStart));
CREATE INDEX IF NOT EXISTS UpstreamCircuitChangeByTime ON UpstreamCircuitChange (Timestamp);
-- What `ledger.list-refusals` walks along.
CREATE INDEX IF NOT EXISTS AgentActivityRefused ON AgentActivity (Start, AgentId)
  WHERE Refused > 0;

-- Every change of a state is kept, whoever makes it.
CREATE OR REPLACE FUNCTION VectraCircuitChangedV4() RETURNS trigger LANGUAGE plpgsql
AS $function$
BEGIN
  IF NEW.State <> COALESCE(OLD.State, 0) THEN
    INSERT INTO UpstreamCircuitChange (Origin, AgentId, Before, After, Timestamp)
      VALUES (NEW.Origin, NULLIF(NEW.AgentId, '00000000-0000-0000-0000-000000000000'),
        COALESCE(OLD.State, 0), NEW.State, NEW.ChangedAt);
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE TRIGGER UpstreamCircuitChangedV4 AFTER INSERT OR UPDATE OF State
  ON UpstreamCircuit FOR EACH ROW EXECUTE FUNCTION VectraCircuitChangedV4();

-- `circuits.report`. `pSince` is where the window begins, `pOpensAt` when a circuit that
-- opens now may be probed, `pOwnOpensAt` when by the agent that failed with the probe for
-- all. Reports and claims of an origin follow each other, and each sees what the one before
-- wrote.
CREATE OR REPLACE FUNCTION VectraCircuitReportV4(pOrigin text, pAgentId uuid, pFailed bigint,
  pProbe bigint, pNow timestamptz, pSince timestamptz, pOpensAt timestamptz,
  pOwnOpensAt timestamptz, pThreshold bigint, pShare bigint)
RETURNS bigint LANGUAGE plpgsql AS $function$
DECLARE
  nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  probed_for_all boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(7162436, hashtext(pOrigin));
  probed_for_all := pProbe = 1 AND EXISTS (SELECT 1 FROM UpstreamCircuit
    WHERE Origin = pOrigin AND AgentId = nobody AND ClaimedBy = pAgentId);
  IF pFailed = 1 AND pProbe = 1 THEN
    UPDATE UpstreamCircuit SET State = 1, ChangedAt = pNow,
      OpensAt = CASE WHEN probed_for_all THEN pOwnOpensAt ELSE pOpensAt END
      WHERE Origin = pOrigin AND AgentId = pAgentId AND State = 2;
    UPDATE UpstreamCircuit SET State = 1, ClaimedBy = NULL, OpensAt = pOpensAt, ChangedAt = pNow
      WHERE Origin = pOrigin AND AgentId = nobody AND ClaimedBy = pAgentId;
    RETURN 0;
  END IF;

  IF pFailed = 0 THEN
    -- Failures from before the circuit for all closed do not open it again.
    IF probed_for_all THEN
      DELETE FROM UpstreamCircuit WHERE Origin = pOrigin AND AgentId > nobody AND State = 0;
      UPDATE UpstreamCircuit SET Failures = 0
        WHERE Origin = pOrigin AND AgentId > nobody AND State <> 0;
    END IF;
    IF pProbe = 1 THEN
      UPDATE UpstreamCircuit SET State = 0, Failures = 0, ClaimedBy = NULL, OpensAt = NULL,
        ChangedAt = pNow
        WHERE Origin = pOrigin AND AgentId IN (pAgentId, nobody) AND State = 2
          AND (ClaimedBy IS NULL OR ClaimedBy = pAgentId);
    END IF;
    DELETE FROM UpstreamCircuit
      WHERE Origin = pOrigin AND AgentId IN (pAgentId, nobody) AND State = 0;
    RETURN 0;
  END IF;

  INSERT INTO UpstreamCircuit AS c VALUES (pOrigin, pAgentId, 0, 1, pNow, NULL, pNow)
    ON CONFLICT (Origin, AgentId) DO UPDATE SET
      Failures = CASE WHEN c.WindowStart < pSince THEN 1 ELSE c.Failures + 1 END,
      WindowStart = CASE WHEN c.WindowStart < pSince THEN pNow ELSE c.WindowStart END
    WHERE c.State = 0;
  UPDATE UpstreamCircuit SET State = 1, OpensAt = pOpensAt, ChangedAt = pNow
    WHERE Origin = pOrigin AND AgentId = pAgentId AND State = 0 AND Failures >= pThreshold;
  IF NOT EXISTS (SELECT 1 FROM UpstreamCircuit
      WHERE Origin = pOrigin AND AgentId = nobody AND State <> 0)
    AND (SELECT count(*) >= 2 AND sum(LEAST(Failures, pShare)) >= pThreshold FROM UpstreamCircuit
      WHERE Origin = pOrigin AND AgentId > nobody AND Failures > 0 AND WindowStart >= pSince) THEN
    INSERT INTO UpstreamCircuit AS c VALUES (pOrigin, nobody, 1, 0, pNow, pOpensAt, pNow)
      ON CONFLICT (Origin, AgentId) DO UPDATE SET State = 1, WindowStart = EXCLUDED.WindowStart,
        OpensAt = EXCLUDED.OpensAt, ChangedAt = EXCLUDED.ChangedAt
      WHERE c.State = 0;
  END IF;
  RETURN 0;
END
$function$;

-- `ledger.record`: a decision with all that goes with it, or a refusal that changed
-- nothing but its counter: 0 recorded, 1 agent gone, 2 over the rate limit, 3 too many
-- held, 4 circuit open until `Until`; and how many requests the minute has recorded. The
-- agent's row is locked first, so one agent's decisions follow each other and each sees
-- what the one before wrote; agents do not wait for each other, except to hold a request
-- where all held requests are bounded, and to be the probe of one origin. Who becomes the
-- probe for all takes that of its own circuit with it, until `pOwnUntil`.
CREATE OR REPLACE FUNCTION VectraLedgerRecordV4(pAuditId uuid, pAgentId uuid,
  pDecisionType integer, pReason text, pMethod text, pPath text, pTargetUrl text,
  pRiskScore double precision, pTimestamp timestamptz, pHistoryId uuid, pExplanation text,
  pMinute timestamptz, pHour timestamptz, pRateLimit bigint, pTrustTarget double precision,
  pTrustRate double precision, pHeldPerAgent bigint, pHeldInAll bigint, pHeldId uuid,
  pHeldReason text, pHeldMethod text, pHeldTargetUrl text, pHeldDigest text, pHeldKeyId text,
  pHeldSealed bytea, pHeldCreatedAt timestamptz, pHeldExpiresAt timestamptz,
  pProbeOrigin text, pLeaseUntil timestamptz, pOwnUntil timestamptz,
  OUT Outcome bigint, OUT Recorded bigint, OUT Until text)
LANGUAGE plpgsql AS $function$
DECLARE
  nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  opens timestamptz;
  trust double precision;
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
  IF pTrustRate > 0.0 AND abs(pTrustTarget - trust) > 1e-300 / pTrustRate THEN
    UPDATE Agent SET TrustScore =
      LEAST(1.0, GREATEST(0.0, trust + pTrustRate * (pTrustTarget - trust)))
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
  Recorded := Recorded + 1;
END
$function$;
