SELECT v.Version,
  -- A policy's document is for people and stays where it is.
-- One row always; its cost is bounded by the 5 minutes and 168 hours it sums up.
  m.Requests, m.Violations, h.Requests, h.Since,
  a.Id, a.Name, a.OwnerId, a.Status, a.PolicyName, a.ClientSecretHash, a.TrustScore, a.CreatedAt,
  a.UpdatedAt,
  p.Name, p.Revision, '', p.Compiled, p.Status, p.Problem, p.Source, p.SourceName,
  p.ContentHash, p.CreatedAt
FROM (SELECT MAX(Version) AS Version FROM SchemaVersion) v
LEFT JOIN (SELECT COALESCE(SUM(Requests), 0) AS Requests, COALESCE(SUM(Violations), 0) AS Violations
  FROM AgentActivity WHERE AgentId = ?1 AND Span = 60 AND Start BETWEEN ?2 AND ?3) m
LEFT JOIN (SELECT COALESCE(SUM(Requests), 0) AS Requests, MIN(Start) AS Since
  FROM AgentActivity WHERE AgentId = ?1 AND Span = 3600 AND Start BETWEEN ?4 AND ?5) h
LEFT JOIN Agent a ON a.Id = ?1
LEFT JOIN Policy p ON p.Name = a.PolicyName
  AND p.Revision = (SELECT MAX(Revision) FROM Policy WHERE Name = a.PolicyName)
