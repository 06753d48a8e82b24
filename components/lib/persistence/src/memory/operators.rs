//! `vectra:persistence/operators`.

use vectra_domain::repository::{OperatorRepository, Result};
use vectra_domain::{Operator, OperatorId, PersistenceError, Timestamp};

use super::{Memory, insert, take};
use crate::check;
use crate::repository::operators::noted;

impl OperatorRepository for Memory {
    fn insert(&self, operator: &Operator) -> Result<()> {
        check::operator(operator)?;
        self.call(|state| {
            let works = |other: &Operator| other.revoked_at.is_none();
            for other in state.operators.values() {
                let taken = if other.key_hash == operator.key_hash {
                    "Operator.KeyHash"
                } else if other.name == operator.name && works(other) && works(operator) {
                    "Operator.Name"
                } else {
                    continue;
                };
                return Err(PersistenceError::Conflict(taken.to_owned()));
            }
            insert(
                &mut state.operators,
                operator.id,
                "Operator.Id",
                operator.clone(),
            )
        })
    }

    fn find_by_key(&self, key_hash: &str) -> Result<Option<Operator>> {
        check::text("Operator.KeyHash", key_hash)?;
        self.call(|state| {
            let mut operators = state.operators.values();
            Ok(operators.find(|row| row.key_hash == key_hash).cloned())
        })
    }

    fn touch(&self, id: OperatorId, now: Timestamp) -> Result<()> {
        self.call(|state| {
            if let Some(operator) = state.operators.get_mut(&id) {
                operator.last_used_at = operator.last_used_at.max(Some(noted(now)));
            }
            Ok(())
        })
    }

    fn revoke(&self, id: OperatorId, now: Timestamp) -> Result<Operator> {
        self.call(|state| {
            let operator = state
                .operators
                .get_mut(&id)
                .filter(|operator| operator.revoked_at.is_none())
                .ok_or(PersistenceError::NotFound)?;
            operator.revoked_at = Some(now);
            Ok(operator.clone())
        })
    }

    fn list(&self, after: Option<&(String, OperatorId)>, limit: u32) -> Result<Vec<Operator>> {
        let limit = check::limit(limit)?;
        check::optional_text("Operator.Name", after.map(|(name, _)| name.as_str()))?;
        self.call(|state| {
            let mut operators: Vec<&Operator> = state
                .operators
                .values()
                .filter(|row| after.is_none_or(|(name, id)| (&row.name, row.id) > (name, *id)))
                .collect();
            operators.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
            Ok(take(limit, operators.into_iter().cloned()))
        })
    }
}
