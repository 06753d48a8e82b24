//! The audit as a port.

use vectra_domain::repository::{AuditPage, AuditRange, AuditRepository, Result};
use vectra_domain::{AgentId, AuditId, AuditOutcome, AuditRecord, AuditTrail, Timestamp};

use super::Repositories;
use super::records::{audit_from, audit_to, error, time_in};
use crate::bindings::vectra::persistence::audit_trail as wit;
use crate::bindings::vectra::persistence::types;

fn cursor(after: Option<(Timestamp, AuditId)>) -> Option<wit::Cursor> {
    after.map(|(time, id)| wit::Cursor {
        timestamp: time.micros(),
        id: id.to_string(),
    })
}

fn agent(id: Option<AgentId>) -> Option<String> {
    id.map(|id| id.to_string())
}

fn outcome_from(outcome: types::AuditOutcome) -> Result<AuditOutcome> {
    Ok(AuditOutcome {
        status: outcome.status,
        response_bytes: outcome.response_bytes,
        duration: outcome.duration,
        failure: outcome.failure,
        completed_at: time_in("AuditOutcome.CompletedAt", outcome.completed_at)?,
    })
}

impl AuditRepository for Repositories {
    fn append(&self, entry: &AuditTrail, explanation: &str) -> Result<()> {
        wit::append(&audit_to(entry), explanation).map_err(error)
    }

    fn complete(&self, id: AuditId, outcome: &AuditOutcome) -> Result<()> {
        let outcome = types::AuditOutcome {
            status: outcome.status,
            response_bytes: outcome.response_bytes,
            duration: outcome.duration,
            failure: outcome.failure.clone(),
            completed_at: outcome.completed_at.micros(),
        };
        wit::complete(&id.to_string(), &outcome).map_err(error)
    }

    fn find(&self, id: AuditId) -> Result<Option<AuditRecord>> {
        let Some(found) = wit::find(&id.to_string()).map_err(error)? else {
            return Ok(None);
        };
        Ok(Some(AuditRecord {
            entry: audit_from(found.entry)?,
            explanation: found.explanation,
            outcome: found.outcome.map(outcome_from).transpose()?,
        }))
    }

    fn list(&self, page: &AuditPage) -> Result<Vec<AuditTrail>> {
        let query = wit::PageQuery {
            agent_id: agent(page.agent_id),
            after: cursor(page.after),
            limit: page.limit,
        };
        let rows = wit::list(&query).map_err(error)?;
        rows.into_iter().map(audit_from).collect()
    }

    fn range(&self, range: &AuditRange) -> Result<Vec<(AuditTrail, String)>> {
        let query = wit::RangeQuery {
            agent_id: agent(range.agent_id),
            since: range.since.micros(),
            until: range.until.micros(),
            after: cursor(range.after),
            limit: range.limit,
        };
        wit::range(&query)
            .map_err(error)?
            .into_iter()
            .map(|(row, explanation)| Ok((audit_from(row)?, explanation)))
            .collect()
    }
}
