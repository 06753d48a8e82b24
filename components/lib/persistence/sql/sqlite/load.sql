SELECT v.Version,
-- One row always; its cost is bounded by the 5 minutes and 168 hours it sums up. A
-- policy's document is for people and stays where it is.
  m.Current, m.Requests, m.Violations, h.Requests, h.Since,
  a.Id, a.Name, a.OwnerId, a.Status, a.PolicyName, a.ClientSecretHash, a.TrustScore, a.CreatedAt,
  a.UpdatedAt,
  x.RequestsPerMinute, x.TokensNotBefore,
  CASE WHEN o.State = 1 OR e.State = 1 THEN 1
    ELSE COALESCE(MAX(o.State, e.State), o.State, e.State) END,
  COALESCE(MAX(o.OpensAt, e.OpensAt), o.OpensAt, e.OpensAt),
  k.Id, k.KeyId, k.Sealed,
  p.Name, p.Revision, '', p.Compiled, p.Status, p.Problem, p.Source, p.SourceName,
  p.ContentHash, p.CreatedAt
FROM (SELECT MAX(Version) AS Version FROM SchemaVersion) v
LEFT JOIN (SELECT COALESCE(SUM(Requests), 0) AS Requests, COALESCE(SUM(Violations), 0) AS Violations,
    COALESCE(SUM(CASE WHEN Start = ?3 THEN Requests END), 0) AS Current
  FROM AgentActivity WHERE AgentId = ?1 AND Span = 60 AND Start BETWEEN ?2 AND ?3) m
LEFT JOIN (SELECT COALESCE(SUM(Requests), 0) AS Requests, MIN(Start) AS Since
  FROM AgentActivity WHERE AgentId = ?1 AND Span = 3600 AND Start BETWEEN ?4 AND ?5) h
LEFT JOIN Agent a ON a.Id = ?1
LEFT JOIN AgentAccess x ON x.AgentId = ?1
LEFT JOIN UpstreamCircuit o ON o.Origin = ?6 AND o.AgentId = ?1
LEFT JOIN UpstreamCircuit e ON e.Origin = ?6
  AND e.AgentId = '00000000-0000-0000-0000-000000000000'
LEFT JOIN UpstreamCredential k ON k.Origin = ?6
LEFT JOIN Policy p ON p.Name = a.PolicyName
  AND p.Revision = (SELECT MAX(Revision) FROM Policy WHERE Name = a.PolicyName)
