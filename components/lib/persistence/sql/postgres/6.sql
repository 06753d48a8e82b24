-- Version 6: held for a human. Rows of the first three tables are written once; they go with
-- the held request. `Needed` is how many approvals were needed when this one was given.
CREATE TABLE IF NOT EXISTS HeldApproval (
  HeldId uuid NOT NULL,
  OperatorId uuid NOT NULL,
  OperatorName text NOT NULL CHECK (char_length(OperatorName) BETWEEN 1 AND 128),
  Comment text,
  ApprovedAt timestamptz NOT NULL,
  Seal text NOT NULL,
  Needed integer NOT NULL CHECK (Needed BETWEEN 1 AND 16),
  PRIMARY KEY (HeldId, OperatorId)
);

CREATE TABLE IF NOT EXISTS HeldRelease (
  HeldId uuid NOT NULL PRIMARY KEY,
  AuditId uuid NOT NULL,
  StartedAt timestamptz NOT NULL,
  LeaseUntil timestamptz NOT NULL,
  CHECK (LeaseUntil > StartedAt)
);

CREATE TABLE IF NOT EXISTS HeldResponse (
  HeldId uuid NOT NULL PRIMARY KEY,
  FinishedAt timestamptz NOT NULL,
  Status integer CHECK (Status BETWEEN 100 AND 999),
  Failure text,
  KeyId text NOT NULL,
  Sealed bytea NOT NULL
);

-- What is to be told. `WasDueAt` is when it was due before it was claimed the last time.
CREATE TABLE IF NOT EXISTS HeldNotification (
  HeldId uuid NOT NULL,
  Status integer NOT NULL CHECK (Status IN (0, 1, 3, 4, 5, 6)),
  Attempts bigint NOT NULL CHECK (Attempts >= 0),
  DueAt timestamptz NOT NULL,
  WasDueAt timestamptz,
  PRIMARY KEY (HeldId, Status)
);

-- `HeaderNames` is a JSON array.
CREATE TABLE IF NOT EXISTS UpstreamCredential (
  Id uuid NOT NULL PRIMARY KEY,
  Origin text COLLATE "C" NOT NULL UNIQUE CHECK (char_length(Origin) BETWEEN 1 AND 269),
  HeaderNames text NOT NULL,
  KeyId text NOT NULL,
  Sealed bytea NOT NULL,
  CreatedAt timestamptz NOT NULL,
  UpdatedAt timestamptz NOT NULL
);

CREATE INDEX IF NOT EXISTS HeldNotificationByDue ON HeldNotification (DueAt, HeldId, Status);
-- What `held-requests.expire` and `prune` walk along.
CREATE INDEX IF NOT EXISTS HeldRequestWaiting ON HeldRequest (ExpiresAt, Id)
  WHERE Status IN (0, 1);
CREATE INDEX IF NOT EXISTS HeldRequestFinal ON HeldRequest (ExpiresAt, Id)
  WHERE Status IN (3, 4, 5);

-- All that may become of a held request, as pairs of digits: the state it is in and the next
-- one. It begins as pending. Approved takes as many approvals as were needed at most;
-- releasing takes the one release. What is final stays as it is, and only that may go; what has
-- expired need not keep what was sealed.
CREATE OR REPLACE FUNCTION VectraHeldRequestV6() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.Status <> 0 THEN
      PERFORM VectraRefuseV1('HeldRequest.Status');
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    -- Before its time is over nothing goes: inserted once more it would be held once more.
    IF OLD.Status NOT IN (3, 4, 5) OR OLD.ExpiresAt > clock_timestamp() THEN
      RAISE EXCEPTION 'vectra immutable: HeldRequest' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
  END IF;
  -- What is answered must be on the disk, whatever the server was told to do otherwise.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  IF (NEW.Id, NEW.AgentId, NEW.AuditId, NEW.Reason, NEW.Method, NEW.TargetUrl, NEW.Digest,
      NEW.KeyId, NEW.CreatedAt, NEW.ExpiresAt)
    IS DISTINCT FROM (OLD.Id, OLD.AgentId, OLD.AuditId, OLD.Reason, OLD.Method, OLD.TargetUrl,
      OLD.Digest, OLD.KeyId, OLD.CreatedAt, OLD.ExpiresAt)
    OR (NOT (NEW.Status = 5 AND NEW.Sealed = ''::bytea)
      AND NEW.Sealed IS DISTINCT FROM OLD.Sealed) THEN
    RAISE EXCEPTION 'vectra immutable: HeldRequest' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.Status IN (3, 4, 5) OR (NEW.Status <> OLD.Status
      AND OLD.Status * 10 + NEW.Status NOT IN (1, 4, 5, 12, 14, 15, 23, 26, 63, 64)) THEN
    PERFORM VectraRefuseV1('HeldRequest.Status');
  END IF;
  IF OLD.Status = 0 AND NEW.Status = 1 AND NOT (SELECT count(*) >= COALESCE(max(a.Needed), 1)
      FROM HeldApproval a WHERE a.HeldId = OLD.Id) THEN
    PERFORM VectraRefuseV1('HeldRequest.Status');
  END IF;
  IF OLD.Status = 1 AND NEW.Status = 2
      AND NOT EXISTS (SELECT 1 FROM HeldRelease r WHERE r.HeldId = OLD.Id) THEN
    PERFORM VectraRefuseV1('HeldRequest.Status');
  END IF;
  RETURN NEW;
END
$function$;

-- Others are told of every state but that of being sent. What belongs to a request goes with
-- it.
CREATE OR REPLACE FUNCTION VectraHeldChangedV6() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM HeldApproval WHERE HeldId = OLD.Id;
    DELETE FROM HeldRelease WHERE HeldId = OLD.Id;
    DELETE FROM HeldResponse WHERE HeldId = OLD.Id;
    DELETE FROM HeldNotification WHERE HeldId = OLD.Id;
  ELSIF NEW.Status <> 2 AND NEW.Status IS DISTINCT FROM OLD.Status THEN
    INSERT INTO HeldNotification (HeldId, Status, Attempts, DueAt)
      VALUES (NEW.Id, NEW.Status, 0, NEW.CreatedAt);
  END IF;
  RETURN NULL;
END
$function$;

-- Refuses to delete what belongs to a held request that is there.
CREATE OR REPLACE FUNCTION VectraHeldKeptV6() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  IF EXISTS (SELECT 1 FROM HeldRequest h WHERE h.Id = OLD.HeldId) THEN
    RAISE EXCEPTION 'vectra immutable: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END
$function$;

-- Before an approval, a release or a response: the held request's row is locked, so that they
-- follow each other and each sees what the one before wrote. An approval takes a request that
-- waits, a release one that is approved, an audit row and an active agent, neither after its
-- time; a response takes a release.
CREATE OR REPLACE FUNCTION VectraHeldWordV6() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
  held HeldRequest%ROWTYPE;
BEGIN
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  SELECT * INTO held FROM HeldRequest h WHERE h.Id = NEW.HeldId FOR NO KEY UPDATE;
  IF TG_TABLE_NAME = 'heldapproval' THEN
    IF held.Status = 0 AND held.ExpiresAt > NEW.ApprovedAt THEN
      RETURN NEW;
    END IF;
  ELSIF TG_TABLE_NAME = 'heldrelease' THEN
    IF held.Status = 1 AND held.ExpiresAt > NEW.StartedAt
      AND EXISTS (SELECT 1 FROM AuditTrail t JOIN AuditExplanation e ON e.AuditId = t.Id
        WHERE t.Id = NEW.AuditId) THEN
      -- Whoever takes the agent's leave away follows or comes first.
      PERFORM 1 FROM Agent a WHERE a.Id = held.AgentId AND a.Status = 0 FOR SHARE;
      IF NOT FOUND THEN
        PERFORM VectraRefuseV1('Agent.Status');
      END IF;
      RETURN NEW;
    END IF;
  ELSIF held.Status IN (2, 6)
    AND EXISTS (SELECT 1 FROM HeldRelease r WHERE r.HeldId = NEW.HeldId) THEN
    RETURN NEW;
  END IF;
  PERFORM VectraRefuseV1('HeldRequest.Status');
  RETURN NULL;
END
$function$;

-- `held-requests.approve`: a request becomes approved with the last approval that it needs.
CREATE OR REPLACE FUNCTION VectraHeldApprovedV6() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  IF (SELECT count(*) >= max(a.Needed) FROM HeldApproval a WHERE a.HeldId = NEW.HeldId) THEN
    UPDATE HeldRequest SET Status = 1, DecidedBy = NEW.OperatorName, DecidedAt = NEW.ApprovedAt,
      Comment = NEW.Comment WHERE Id = NEW.HeldId;
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE TRIGGER HeldRequestV6 BEFORE INSERT OR UPDATE OR DELETE ON HeldRequest
  FOR EACH ROW EXECUTE FUNCTION VectraHeldRequestV6();
ALTER TABLE HeldRequest ENABLE ALWAYS TRIGGER HeldRequestV6;
CREATE OR REPLACE TRIGGER HeldRequestTruncateV6 BEFORE TRUNCATE ON HeldRequest
  FOR EACH STATEMENT EXECUTE FUNCTION VectraImmutableV1();
ALTER TABLE HeldRequest ENABLE ALWAYS TRIGGER HeldRequestTruncateV6;
CREATE OR REPLACE TRIGGER HeldRequestChangedV6 AFTER INSERT OR UPDATE OF Status OR DELETE
  ON HeldRequest FOR EACH ROW EXECUTE FUNCTION VectraHeldChangedV6();
ALTER TABLE HeldRequest ENABLE ALWAYS TRIGGER HeldRequestChangedV6;

CREATE OR REPLACE TRIGGER HeldApprovalWordV6 BEFORE INSERT ON HeldApproval
  FOR EACH ROW EXECUTE FUNCTION VectraHeldWordV6();
ALTER TABLE HeldApproval ENABLE ALWAYS TRIGGER HeldApprovalWordV6;
CREATE OR REPLACE TRIGGER HeldApprovalMadeV6 AFTER INSERT ON HeldApproval
  FOR EACH ROW EXECUTE FUNCTION VectraHeldApprovedV6();
ALTER TABLE HeldApproval ENABLE ALWAYS TRIGGER HeldApprovalMadeV6;
CREATE OR REPLACE TRIGGER HeldApprovalImmutableV6 BEFORE UPDATE OR TRUNCATE ON HeldApproval
  FOR EACH STATEMENT EXECUTE FUNCTION VectraImmutableV1();
ALTER TABLE HeldApproval ENABLE ALWAYS TRIGGER HeldApprovalImmutableV6;
CREATE OR REPLACE TRIGGER HeldApprovalKeptV6 BEFORE DELETE ON HeldApproval
  FOR EACH ROW EXECUTE FUNCTION VectraHeldKeptV6();
ALTER TABLE HeldApproval ENABLE ALWAYS TRIGGER HeldApprovalKeptV6;

CREATE OR REPLACE TRIGGER HeldReleaseWordV6 BEFORE INSERT ON HeldRelease
  FOR EACH ROW EXECUTE FUNCTION VectraHeldWordV6();
ALTER TABLE HeldRelease ENABLE ALWAYS TRIGGER HeldReleaseWordV6;
CREATE OR REPLACE TRIGGER HeldReleaseImmutableV6 BEFORE UPDATE OR TRUNCATE ON HeldRelease
  FOR EACH STATEMENT EXECUTE FUNCTION VectraImmutableV1();
ALTER TABLE HeldRelease ENABLE ALWAYS TRIGGER HeldReleaseImmutableV6;
CREATE OR REPLACE TRIGGER HeldReleaseKeptV6 BEFORE DELETE ON HeldRelease
  FOR EACH ROW EXECUTE FUNCTION VectraHeldKeptV6();
ALTER TABLE HeldRelease ENABLE ALWAYS TRIGGER HeldReleaseKeptV6;

CREATE OR REPLACE TRIGGER HeldResponseWordV6 BEFORE INSERT ON HeldResponse
  FOR EACH ROW EXECUTE FUNCTION VectraHeldWordV6();
ALTER TABLE HeldResponse ENABLE ALWAYS TRIGGER HeldResponseWordV6;
CREATE OR REPLACE TRIGGER HeldResponseImmutableV6 BEFORE UPDATE OR TRUNCATE ON HeldResponse
  FOR EACH STATEMENT EXECUTE FUNCTION VectraImmutableV1();
ALTER TABLE HeldResponse ENABLE ALWAYS TRIGGER HeldResponseImmutableV6;
CREATE OR REPLACE TRIGGER HeldResponseKeptV6 BEFORE DELETE ON HeldResponse
  FOR EACH ROW EXECUTE FUNCTION VectraHeldKeptV6();
ALTER TABLE HeldResponse ENABLE ALWAYS TRIGGER HeldResponseKeptV6;

-- `held-requests.claim`: the release, its audit row, and the state; false if there is no such
-- request. The row is locked first, so of many that claim it one finds it approved.
CREATE OR REPLACE FUNCTION VectraHeldClaimV6(pAuditId uuid, pAgentId uuid, pDecisionType integer,
  pReason text, pMethod text, pPath text, pTargetUrl text, pRiskScore double precision,
  pTimestamp timestamptz, pExplanation text, pHeldId uuid, pNow timestamptz,
  pLeaseUntil timestamptz) RETURNS boolean LANGUAGE plpgsql AS $function$
BEGIN
  -- What is answered must be on the disk, whatever the server was told to do otherwise.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  PERFORM 1 FROM HeldRequest h WHERE h.Id = pHeldId FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO AuditTrail VALUES (pAuditId, pAgentId, pDecisionType, pReason, pMethod, pPath,
    pTargetUrl, pRiskScore, pTimestamp);
  INSERT INTO AuditExplanation VALUES (pAuditId, pExplanation);
  INSERT INTO HeldRelease VALUES (pHeldId, pAuditId, pNow, pLeaseUntil);
  UPDATE HeldRequest SET Status = 2 WHERE Id = pHeldId;
  RETURN true;
END
$function$;

-- `held-requests.finish`: what came of it, and the state, which it may have already; false if
-- there is no such request.
CREATE OR REPLACE FUNCTION VectraHeldFinishV6(pHeldId uuid, pNextStatus integer,
  pFinishedAt timestamptz, pStatus integer, pFailure text, pKeyId text, pSealed bytea)
RETURNS boolean LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM 1 FROM HeldRequest h WHERE h.Id = pHeldId FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO HeldResponse VALUES (pHeldId, pFinishedAt, pStatus, pFailure, pKeyId, pSealed);
  UPDATE HeldRequest SET Status = pNextStatus WHERE Id = pHeldId AND Status <> pNextStatus;
  RETURN true;
END
$function$;
