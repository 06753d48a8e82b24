//! Rows to entities. The order of columns is that of the dialect's statements.

use vectra_domain::{
    Agent, AgentHistory, AgentStatus, AuditTrail, DecisionType, HeldRequest, HeldStatus,
    PersistenceError, Policy, PolicySource, PolicyStatus, RiskScore, TrustScore,
};

use crate::row::{Reader, unexpected};

type Result<T> = std::result::Result<T, PersistenceError>;

/// `Id, Name, OwnerId, Status, PolicyName, ClientSecretHash, TrustScore, CreatedAt,
/// UpdatedAt`.
pub(crate) fn agent(row: &mut Reader) -> Result<Agent> {
    Ok(Agent {
        id: row.parsed("Agent.Id")?,
        name: row.text("Agent.Name")?,
        owner_id: row.optional_text("Agent.OwnerId")?,
        status: row.code("Agent.Status", AgentStatus::from_code)?,
        policy_name: row.optional_text("Agent.PolicyName")?,
        client_secret_hash: row.text("Agent.ClientSecretHash")?,
        trust_score: TrustScore::new(row.real("Agent.TrustScore")?)
            .map_err(|_| unexpected("Agent.TrustScore"))?,
        created_at: row.time("Agent.CreatedAt")?,
        updated_at: row.optional_time("Agent.UpdatedAt")?,
    })
}

/// How many columns [`agent`] takes.
pub(crate) const AGENT_COLUMNS: usize = 9;

/// `Id, AgentId, Method, Path, Timestamp, DecisionType`.
pub(crate) fn history(row: &mut Reader) -> Result<AgentHistory> {
    Ok(AgentHistory {
        id: row.parsed("AgentHistory.Id")?,
        agent_id: row.parsed("AgentHistory.AgentId")?,
        method: row.text("AgentHistory.Method")?,
        path: row.text("AgentHistory.Path")?,
        timestamp: row.time("AgentHistory.Timestamp")?,
        decision_type: row.code("AgentHistory.DecisionType", DecisionType::from_code)?,
    })
}

/// `Id, AgentId, DecisionType, Reason, Method, Path, TargetUrl, RiskScore, Timestamp`.
pub(crate) fn audit(row: &mut Reader) -> Result<AuditTrail> {
    Ok(AuditTrail {
        id: row.parsed("AuditTrail.Id")?,
        agent_id: row.parsed("AuditTrail.AgentId")?,
        decision_type: row.code("AuditTrail.DecisionType", DecisionType::from_code)?,
        reason: row.optional_text("AuditTrail.Reason")?,
        method: row.text("AuditTrail.Method")?,
        path: row.text("AuditTrail.Path")?,
        target_url: row.text("AuditTrail.TargetUrl")?,
        risk_score: RiskScore::new(row.real("AuditTrail.RiskScore")?)
            .map_err(|_| unexpected("AuditTrail.RiskScore"))?,
        timestamp: row.time("AuditTrail.Timestamp")?,
    })
}

/// `Name, Revision, Document, Compiled, Status, Problem, Source, SourceName,
/// ContentHash, CreatedAt`.
pub(crate) fn policy(row: &mut Reader) -> Result<Policy> {
    Ok(Policy {
        name: row.text("Policy.Name")?,
        revision: row.count("Policy.Revision")?,
        document: row.text("Policy.Document")?,
        compiled: row.blob("Policy.Compiled")?,
        status: row.code("Policy.Status", PolicyStatus::from_code)?,
        problem: row.optional_text("Policy.Problem")?,
        source: row.code("Policy.Source", PolicySource::from_code)?,
        source_name: row.optional_text("Policy.SourceName")?,
        content_hash: row.text("Policy.ContentHash")?,
        created_at: row.time("Policy.CreatedAt")?,
    })
}

/// `Id, AgentId, AuditId, Status, Reason, Method, TargetUrl, Digest, KeyId, Sealed,
/// CreatedAt, ExpiresAt, DecidedBy, DecidedAt, Comment`.
pub(crate) fn held(row: &mut Reader) -> Result<HeldRequest> {
    Ok(HeldRequest {
        id: row.parsed("HeldRequest.Id")?,
        agent_id: row.parsed("HeldRequest.AgentId")?,
        audit_id: row.parsed("HeldRequest.AuditId")?,
        status: row.code("HeldRequest.Status", HeldStatus::from_code)?,
        reason: row.optional_text("HeldRequest.Reason")?,
        method: row.text("HeldRequest.Method")?,
        target_url: row.text("HeldRequest.TargetUrl")?,
        digest: row.text("HeldRequest.Digest")?,
        key_id: row.text("HeldRequest.KeyId")?,
        sealed: row.blob("HeldRequest.Sealed")?,
        created_at: row.time("HeldRequest.CreatedAt")?,
        expires_at: row.time("HeldRequest.ExpiresAt")?,
        decided_by: row.optional_text("HeldRequest.DecidedBy")?,
        decided_at: row.optional_time("HeldRequest.DecidedAt")?,
        comment: row.optional_text("HeldRequest.Comment")?,
    })
}
