-- Version 3: who calls. What governs an agent's access beside the seed's columns.
CREATE TABLE IF NOT EXISTS AgentAccess (
  AgentId uuid NOT NULL PRIMARY KEY REFERENCES Agent (Id) ON DELETE CASCADE,
  RequestsPerMinute bigint CHECK (RequestsPerMinute BETWEEN 0 AND 4294967295),
  TokensNotBefore timestamptz,
  FormerSecretHash text,
  FormerSecretUntil timestamptz,
  ChangedAt timestamptz NOT NULL,
  CHECK ((FormerSecretHash IS NULL) = (FormerSecretUntil IS NULL))
);

CREATE TABLE IF NOT EXISTS Operator (
  Id uuid NOT NULL PRIMARY KEY,
  Name text COLLATE "C" NOT NULL CHECK (char_length(Name) BETWEEN 1 AND 128),
  Role integer NOT NULL CHECK (Role IN (0, 1, 2)),
  KeyHash text COLLATE "C" NOT NULL UNIQUE CHECK (KeyHash ~ '^[0-9a-f]{64}$'),
  CreatedAt timestamptz NOT NULL,
  ExpiresAt timestamptz,
  LastUsedAt timestamptz,
  RevokedAt timestamptz
);

CREATE TABLE IF NOT EXISTS OperatorAct (
  Id uuid NOT NULL PRIMARY KEY,
  OperatorId uuid,
  OperatorName text COLLATE "C" NOT NULL CHECK (char_length(OperatorName) BETWEEN 1 AND 128),
  OperatorRole integer NOT NULL CHECK (OperatorRole IN (0, 1, 2)),
  Action text NOT NULL,
  Target text,
  Detail text NOT NULL,
  ClientAddress text,
  Timestamp timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS OperatorActOutcome (
  ActId uuid NOT NULL PRIMARY KEY,
  Status integer NOT NULL CHECK (Status BETWEEN 100 AND 999),
  Target text,
  Timestamp timestamptz NOT NULL
);

-- As many rows as there are places: agents have the lower half, addresses the upper.
CREATE TABLE IF NOT EXISTS Lockout (
  Place integer NOT NULL PRIMARY KEY CHECK (Place BETWEEN 0 AND 65535),
  Subject text NOT NULL CHECK (char_length(Subject) BETWEEN 1 AND 64),
  Failures bigint NOT NULL CHECK (Failures BETWEEN 1 AND 4294967295),
  LastAt timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE IF NOT EXISTS ExternalIssuer (
  Issuer text COLLATE "C" NOT NULL PRIMARY KEY CHECK (char_length(Issuer) BETWEEN 1 AND 512),
  Jwks text,
  FetchedAt timestamptz,
  AttemptedAt timestamptz NOT NULL,
  CHECK ((Jwks IS NULL) = (FetchedAt IS NULL))
);

CREATE UNIQUE INDEX IF NOT EXISTS OperatorName ON Operator (Name) WHERE RevokedAt IS NULL;
CREATE INDEX IF NOT EXISTS OperatorByName ON Operator (Name, Id);
CREATE INDEX IF NOT EXISTS OperatorActByTime ON OperatorAct (Timestamp, Id);
CREATE INDEX IF NOT EXISTS OperatorActByName ON OperatorAct (OperatorName, Timestamp, Id);

-- A change of its access is a change of the agent.
CREATE OR REPLACE FUNCTION VectraAgentAccessV3() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  UPDATE Agent SET UpdatedAt = NEW.ChangedAt WHERE Id = NEW.AgentId;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE TRIGGER AgentAccessChangeV3 AFTER INSERT OR UPDATE ON AgentAccess
  FOR EACH ROW EXECUTE FUNCTION VectraAgentAccessV3();

-- `agent-access.rotate`: a change in each of two tables; false if there is no such agent.
-- The agent's row is locked first, as by every change of its access. Without an overlap
-- the tokens that are out end too; what ended once stays so, whichever clock is ahead.
CREATE OR REPLACE FUNCTION VectraAgentRotateV3(pAgentId uuid, pClientSecretHash text,
  pFormerUntil timestamptz, pNow timestamptz) RETURNS boolean LANGUAGE plpgsql AS $function$
DECLARE
  former text;
BEGIN
  SELECT a.ClientSecretHash INTO former FROM Agent a WHERE a.Id = pAgentId AND a.Status <> 3
    FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE Agent SET ClientSecretHash = pClientSecretHash WHERE Id = pAgentId;
  INSERT INTO AgentAccess AS a
      (AgentId, TokensNotBefore, FormerSecretHash, FormerSecretUntil, ChangedAt)
    VALUES (pAgentId, CASE WHEN pFormerUntil IS NULL THEN pNow END,
      CASE WHEN pFormerUntil IS NOT NULL THEN former END, pFormerUntil, pNow)
    ON CONFLICT (AgentId) DO UPDATE
      SET TokensNotBefore = GREATEST(a.TokensNotBefore, excluded.TokensNotBefore),
      FormerSecretHash = excluded.FormerSecretHash,
      FormerSecretUntil = excluded.FormerSecretUntil, ChangedAt = excluded.ChangedAt;
  RETURN true;
END
$function$;

CREATE OR REPLACE TRIGGER OperatorActImmutableV3 BEFORE UPDATE OR DELETE OR TRUNCATE ON OperatorAct
  FOR EACH STATEMENT EXECUTE FUNCTION VectraImmutableV1();
ALTER TABLE OperatorAct ENABLE ALWAYS TRIGGER OperatorActImmutableV3;

CREATE OR REPLACE TRIGGER OperatorActOutcomeImmutableV3
  BEFORE UPDATE OR DELETE OR TRUNCATE ON OperatorActOutcome
  FOR EACH STATEMENT EXECUTE FUNCTION VectraImmutableV1();
ALTER TABLE OperatorActOutcome ENABLE ALWAYS TRIGGER OperatorActOutcomeImmutableV3;
