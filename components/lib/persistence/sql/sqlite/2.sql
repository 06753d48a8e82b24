-- Version 2: what pruning by time needs.
CREATE INDEX IF NOT EXISTS AgentActivityByStart ON AgentActivity (Start)

CREATE INDEX IF NOT EXISTS AgentDeleted ON Agent (UpdatedAt) WHERE Status = 3
