SELECT v.Version::bigint,
  -- One row always; its cost is bounded by the 5 minutes and 168 hours it sums up.
  m.Current::bigint, m.Requests::bigint, m.Violations::bigint, h.Requests::bigint, VectraTimeV1(h.Since),
  a.Id::text, a.Name, a.OwnerId, a.Status::bigint, a.PolicyName, a.ClientSecretHash,
  a.TrustScore, VectraTimeV1(a.CreatedAt), VectraTimeV1(a.UpdatedAt),
  x.RequestsPerMinute::bigint, VectraTimeV1(x.TokensNotBefore),
  CASE WHEN o.State = 1 OR e.State = 1 THEN 1 ELSE GREATEST(o.State, e.State) END::bigint,
  VectraTimeV1(GREATEST(o.OpensAt, e.OpensAt)),
  k.Id::text, k.KeyId, k.Sealed,
  -- A policy's document is for people and stays where it is.
  p.Name, p.Revision, ''::text, p.Compiled, p.Status::bigint, p.Problem, p.Source::bigint,
  p.SourceName, p.ContentHash, VectraTimeV1(p.CreatedAt)
FROM (SELECT max(Version) AS Version FROM SchemaVersion) v
LEFT JOIN (SELECT COALESCE(sum(Requests), 0) AS Requests, COALESCE(sum(Violations), 0) AS Violations,
    COALESCE(sum(Requests) FILTER (WHERE Start = $3::text::timestamptz), 0) AS Current
  FROM AgentActivity WHERE AgentId = $1::text::uuid AND Span = 60
    AND Start BETWEEN $2::text::timestamptz AND $3::text::timestamptz) m ON true
LEFT JOIN (SELECT COALESCE(sum(Requests), 0) AS Requests, min(Start) AS Since
  FROM AgentActivity WHERE AgentId = $1::text::uuid AND Span = 3600
    AND Start BETWEEN $4::text::timestamptz AND $5::text::timestamptz) h ON true
LEFT JOIN Agent a ON a.Id = $1::text::uuid
LEFT JOIN AgentAccess x ON x.AgentId = $1::text::uuid
LEFT JOIN UpstreamCircuit o ON o.Origin = $6::text AND o.AgentId = $1::text::uuid
LEFT JOIN UpstreamCircuit e ON e.Origin = $6::text
  AND e.AgentId = '00000000-0000-0000-0000-000000000000'
LEFT JOIN UpstreamCredential k ON k.Origin = $6::text
LEFT JOIN Policy p ON p.Name = a.PolicyName
  AND p.Revision = (SELECT max(Revision) FROM Policy WHERE Name = a.PolicyName)
