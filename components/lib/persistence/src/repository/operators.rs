//! `vectra:persistence/operators`.

use vectra_domain::repository::{OperatorRepository, Result};
use vectra_domain::{Operator, OperatorId, PersistenceError, Timestamp};

use super::Repositories;
use crate::bind::Bind;
use crate::filter::{Filter, Kind, Order};
use crate::{Database, check, mapping};

/// The use of a key as it is noted: to the minute, so that most uses write nothing.
pub(crate) fn noted(now: Timestamp) -> Timestamp {
    now.floor(Timestamp::MINUTE)
}

impl<D: Database> OperatorRepository for Repositories<D> {
    fn insert(&self, operator: &Operator) -> Result<()> {
        check::operator(operator)?;
        let bind = Bind::new()
            .id(operator.id)
            .text("Operator.Name", &operator.name)
            .integer(operator.role.code())
            .text("Operator.KeyHash", &operator.key_hash)
            .time(operator.created_at)
            .optional_time(operator.expires_at)
            .optional_time(operator.last_used_at)
            .optional_time(operator.revoked_at);
        let statement = self.dialect.callers.operator_insert;
        self.rows(statement, bind.finish()?).map(drop)
    }

    fn find_by_key(&self, key_hash: &str) -> Result<Option<Operator>> {
        let bind = Bind::new().text("Operator.KeyHash", key_hash);
        let row = self.first(self.dialect.callers.operator_find, bind.finish()?)?;
        row.map(|mut row| mapping::operator(&mut row)).transpose()
    }

    fn touch(&self, id: OperatorId, now: Timestamp) -> Result<()> {
        let bind = Bind::new().id(id).time(noted(now));
        self.rows(self.dialect.callers.operator_touch, bind.finish()?)
            .map(drop)
    }

    fn revoke(&self, id: OperatorId, now: Timestamp) -> Result<Operator> {
        let bind = Bind::new().id(id).time(now);
        let row = self.first(self.dialect.callers.operator_revoke, bind.finish()?)?;
        mapping::operator(&mut row.ok_or(PersistenceError::NotFound)?)
    }

    fn list(&self, after: Option<&(String, OperatorId)>, limit: u32) -> Result<Vec<Operator>> {
        let limit = check::limit(limit)?;
        let mut filter = Filter::new(self.dialect, self.dialect.callers.operator_list);
        if let Some((name, id)) = after {
            let columns = [("Name", Kind::Text), ("Id", Kind::Id)];
            filter = filter.after(Order::Ascending, columns, |b| {
                b.text("Operator.Name", name).id(id)
            });
        }
        let (statement, parameters) = filter.page(Order::Ascending, ["Name", "Id"], limit)?;
        self.all(&statement, parameters, mapping::operator)
    }
}
