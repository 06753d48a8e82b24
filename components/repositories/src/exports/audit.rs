//! The interface of the audit.

use vectra_domain::repository::{AuditPage, AuditRange, AuditRepository};
use vectra_domain::{AuditId, PersistenceError, Timestamp};

use super::call;
use crate::bindings::exports::vectra::persistence::{audit_trail, types};
use crate::{Shell, Store, convert};

/// A place in a list, as the repository takes it.
fn place(
    cursor: Option<audit_trail::Cursor>,
) -> Result<Option<(Timestamp, AuditId)>, PersistenceError> {
    cursor
        .map(|cursor| Ok((convert::time(cursor.timestamp)?, convert::id(&cursor.id)?)))
        .transpose()
}

impl<S: Store> audit_trail::Guest for Shell<S> {
    fn append(entry: types::AuditEntry, explanation: String) -> Result<(), types::Error> {
        call(|| {
            let entry = convert::to_audit(entry)?;
            AuditRepository::append(&S::repositories(), &entry, &explanation)
        })
    }

    fn complete(id: String, outcome: types::AuditOutcome) -> Result<(), types::Error> {
        call(|| {
            let outcome = convert::to_audit_outcome(outcome)?;
            AuditRepository::complete(&S::repositories(), convert::id(&id)?, &outcome)
        })
    }

    fn find(id: String) -> Result<Option<types::AuditRecord>, types::Error> {
        call(|| {
            let found = AuditRepository::find(&S::repositories(), convert::id(&id)?)?;
            Ok(found.map(convert::from_audit_record))
        })
    }

    fn list(query: audit_trail::PageQuery) -> Result<Vec<types::AuditEntry>, types::Error> {
        call(|| {
            let page = AuditPage {
                agent_id: query.agent_id.map(|id| convert::id(&id)).transpose()?,
                after: place(query.after)?,
                limit: query.limit,
            };
            let entries = AuditRepository::list(&S::repositories(), &page)?;
            Ok(entries.into_iter().map(convert::from_audit).collect())
        })
    }

    fn range(
        query: audit_trail::RangeQuery,
    ) -> Result<Vec<(types::AuditEntry, String)>, types::Error> {
        call(|| {
            let range = AuditRange {
                agent_id: query.agent_id.map(|id| convert::id(&id)).transpose()?,
                since: convert::time(query.since)?,
                until: convert::time(query.until)?,
                after: place(query.after)?,
                limit: query.limit,
            };
            let rows = S::repositories().range(&range)?.into_iter();
            Ok(rows
                .map(|(entry, explanation)| (convert::from_audit(entry), explanation))
                .collect())
        })
    }
}
