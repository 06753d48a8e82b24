INSERT INTO LedgerProbeV5 (AuditId, AgentId, DecisionType, Reason, Method, Path, TargetUrl,
  RiskScore, Timestamp, HistoryId, Explanation, Minute, Hour, RateLimit, TrustTarget, TrustRate,
  HeldPerAgent, HeldInAll, HeldId, HeldReason, HeldMethod, HeldTargetUrl, HeldDigest, HeldKeyId,
  HeldSealed, HeldCreatedAt, HeldExpiresAt, TrustFloor, Counter, ProbeOrigin, LeaseUntil, OwnUntil)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
  ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)
-- As `record.sql` says, and 4 for a circuit that is in the way.
RETURNING CASE
  WHEN EXISTS (SELECT 1 FROM AuditTrail WHERE Id = ?1) THEN 0
  WHEN NOT EXISTS (SELECT 1 FROM Agent WHERE Id = ?2 AND Status = 0) THEN 1
  WHEN COALESCE((SELECT Requests FROM AgentActivity
    WHERE AgentId = ?2 AND Span = 60 AND Start = ?12), 0) >= ?14 THEN 2
  WHEN EXISTS (SELECT 1 FROM UpstreamCircuit WHERE Origin = ?30
    AND AgentId IN (?2, '00000000-0000-0000-0000-000000000000') AND OpensAt > ?9) THEN 4
  ELSE 3
END,
(SELECT Requests FROM AgentActivity WHERE AgentId = ?2 AND Span = 60 AND Start = ?12),
(SELECT MAX(OpensAt) FROM UpstreamCircuit WHERE Origin = ?30
  AND AgentId IN (?2, '00000000-0000-0000-0000-000000000000'))
