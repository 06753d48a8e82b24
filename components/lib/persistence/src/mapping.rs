//! Rows to entities. The order of columns is that of the dialect's statements.

mod held;

use vectra_domain::{
    Act, ActOutcome, Agent, AgentAccess, AgentHistory, AgentId, AgentStatus, AuditOutcome,
    AuditTrail, CircuitChange, CircuitState, Counter, DecisionType, Failures, IssuerKeys, Operator,
    OperatorRole, PersistenceError, Policy, PolicySource, PolicyStatus, Refusals, RiskScore,
    TrustScore, UpstreamCircuit,
};

use crate::row::{Reader, unexpected};

pub(crate) use held::{approval, credential, held, notification, release};

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

/// `CompletedAt, Status, ResponseBytes, Duration, Failure`; none if the first is NULL.
pub(crate) fn audit_outcome(row: &mut Reader) -> Result<Option<AuditOutcome>> {
    let Some(completed_at) = row.optional_time("AuditOutcome.CompletedAt")? else {
        return Ok(None);
    };
    let status = row.optional_integer("AuditOutcome.Status")?;
    let status = status.map(u16::try_from).transpose();
    Ok(Some(AuditOutcome {
        status: status.map_err(|_| unexpected("AuditOutcome.Status"))?,
        response_bytes: row.large_count("AuditOutcome.ResponseBytes")?,
        duration: row.large_count("AuditOutcome.Duration")?,
        failure: row.optional_text("AuditOutcome.Failure")?,
        completed_at,
    }))
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

/// `RequestsPerMinute, TokensNotBefore, FormerSecretHash, FormerSecretUntil`.
pub(crate) fn access(row: &mut Reader) -> Result<AgentAccess> {
    Ok(AgentAccess {
        requests_per_minute: row.optional_count("AgentAccess.RequestsPerMinute")?,
        tokens_not_before: row.optional_time("AgentAccess.TokensNotBefore")?,
        former_secret_hash: row.optional_text("AgentAccess.FormerSecretHash")?,
        former_secret_until: row.optional_time("AgentAccess.FormerSecretUntil")?,
    })
}

/// `Id, Name, Role, KeyHash, CreatedAt, ExpiresAt, LastUsedAt, RevokedAt`.
pub(crate) fn operator(row: &mut Reader) -> Result<Operator> {
    Ok(Operator {
        id: row.parsed("Operator.Id")?,
        name: row.text("Operator.Name")?,
        role: row.code("Operator.Role", OperatorRole::from_code)?,
        key_hash: row.text("Operator.KeyHash")?,
        created_at: row.time("Operator.CreatedAt")?,
        expires_at: row.optional_time("Operator.ExpiresAt")?,
        last_used_at: row.optional_time("Operator.LastUsedAt")?,
        revoked_at: row.optional_time("Operator.RevokedAt")?,
    })
}

/// `Id, OperatorId, OperatorName, OperatorRole, Action, Target, Detail, ClientAddress,
/// Timestamp`.
pub(crate) fn act(row: &mut Reader) -> Result<Act> {
    Ok(Act {
        id: row.parsed("OperatorAct.Id")?,
        operator_id: row.optional_parsed("OperatorAct.OperatorId")?,
        operator_name: row.text("OperatorAct.OperatorName")?,
        operator_role: row.code("OperatorAct.OperatorRole", OperatorRole::from_code)?,
        action: row.text("OperatorAct.Action")?,
        target: row.optional_text("OperatorAct.Target")?,
        detail: row.text("OperatorAct.Detail")?,
        client_address: row.optional_text("OperatorAct.ClientAddress")?,
        timestamp: row.time("OperatorAct.Timestamp")?,
    })
}

/// `Status, Target, Timestamp`.
pub(crate) fn act_outcome(row: &mut Reader) -> Result<ActOutcome> {
    let status = row.count("OperatorActOutcome.Status")?;
    Ok(ActOutcome {
        status: u16::try_from(status).map_err(|_| unexpected("OperatorActOutcome.Status"))?,
        target: row.optional_text("OperatorActOutcome.Target")?,
        timestamp: row.time("OperatorActOutcome.Timestamp")?,
    })
}

/// `Failures, LastAt`.
pub(crate) fn failures(row: &mut Reader) -> Result<Failures> {
    Ok(Failures {
        count: row.count("Lockout.Failures")?,
        last: row.time("Lockout.LastAt")?,
    })
}

/// `Jwks, FetchedAt`.
pub(crate) fn issuer_keys(row: &mut Reader) -> Result<IssuerKeys> {
    Ok(IssuerKeys {
        jwks: row.text("ExternalIssuer.Jwks")?,
        fetched_at: row.time("ExternalIssuer.FetchedAt")?,
    })
}

/// `Origin, AgentId, State, Failures, OpensAt, ChangedAt`; the nil agent is none.
pub(crate) fn circuit(row: &mut Reader) -> Result<UpstreamCircuit> {
    let origin = row.text("UpstreamCircuit.Origin")?;
    let agent: AgentId = row.parsed("UpstreamCircuit.AgentId")?;
    Ok(UpstreamCircuit {
        origin,
        agent_id: (!agent.uuid().is_nil()).then_some(agent),
        state: row.code("UpstreamCircuit.State", CircuitState::from_code)?,
        failures: row.count("UpstreamCircuit.Failures")?,
        opens_at: row.optional_time("UpstreamCircuit.OpensAt")?,
        changed_at: row.time("UpstreamCircuit.ChangedAt")?,
    })
}

/// `Number, Origin, AgentId, Before, After, Timestamp`.
pub(crate) fn circuit_change(row: &mut Reader) -> Result<CircuitChange> {
    Ok(CircuitChange {
        number: row.large_count("UpstreamCircuitChange.Number")?,
        origin: row.text("UpstreamCircuitChange.Origin")?,
        agent_id: row.optional_parsed("UpstreamCircuitChange.AgentId")?,
        before: row.code("UpstreamCircuitChange.Before", CircuitState::from_code)?,
        after: row.code("UpstreamCircuitChange.After", CircuitState::from_code)?,
        timestamp: row.time("UpstreamCircuitChange.Timestamp")?,
    })
}

/// `AgentId, Start, Requests, Refused`.
pub(crate) fn refusals(row: &mut Reader) -> Result<Refusals> {
    Ok(Refusals {
        agent_id: row.parsed("AgentActivity.AgentId")?,
        minute: row.time("AgentActivity.Start")?,
        requests: row.count("AgentActivity.Requests")?,
        refused: row.count("AgentActivity.Refused")?,
    })
}

/// `Name`, and the sum of `Count`.
pub(crate) fn counter(row: &mut Reader) -> Result<Counter> {
    Ok(Counter {
        name: row.text("DecisionCounter.Name")?,
        count: row.large_count("DecisionCounter.Count")?,
    })
}
