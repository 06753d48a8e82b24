INSERT INTO LedgerEntryV5 (AuditId, AgentId, DecisionType, Reason, Method, Path, TargetUrl,
  RiskScore, Timestamp, HistoryId, Explanation, Minute, Hour, RateLimit, TrustTarget, TrustRate,
  HeldPerAgent, HeldInAll, HeldId, HeldReason, HeldMethod, HeldTargetUrl, HeldDigest, HeldKeyId,
  HeldSealed, HeldCreatedAt, HeldExpiresAt, TrustFloor, Counter)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
  ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)
-- A refusal changed nothing that is looked at here: 0 recorded, 1 agent gone, 2 over
-- the rate limit, 3 too many held. Then what is recorded in this minute.
RETURNING CASE
  WHEN EXISTS (SELECT 1 FROM AuditTrail WHERE Id = ?1) THEN 0
  WHEN NOT EXISTS (SELECT 1 FROM Agent WHERE Id = ?2 AND Status = 0) THEN 1
  WHEN (SELECT Requests FROM AgentActivity
    WHERE AgentId = ?2 AND Span = 60 AND Start = ?12) >= ?14 THEN 2
  ELSE 3
END,
(SELECT Requests FROM AgentActivity WHERE AgentId = ?2 AND Span = 60 AND Start = ?12)
