//! `vectra:persistence/acts`.

use vectra_domain::repository::{ActPage, ActRepository, Result};
use vectra_domain::{Act, ActId, ActOutcome, PersistenceError};

use super::Repositories;
use crate::bind::Bind;
use crate::filter::{Filter, Kind, Order};
use crate::row::Reader;
use crate::{Database, check, mapping};

/// An act and what came of it, if that is known.
fn completed(row: &mut Reader) -> Result<(Act, Option<ActOutcome>)> {
    let act = mapping::act(row)?;
    if row.is_null() {
        return Ok((act, None));
    }
    Ok((act, Some(mapping::act_outcome(row)?)))
}

impl<D: Database> ActRepository for Repositories<D> {
    fn append(&self, act: &Act) -> Result<()> {
        check::act(act)?;
        let bind = Bind::new()
            .id(act.id)
            .optional_id(act.operator_id)
            .text("OperatorAct.OperatorName", &act.operator_name)
            .integer(act.operator_role.code())
            .text("OperatorAct.Action", &act.action)
            .optional_text("OperatorAct.Target", act.target.as_deref())
            .text("OperatorAct.Detail", &act.detail)
            .optional_text("OperatorAct.ClientAddress", act.client_address.as_deref())
            .time(act.timestamp);
        self.rows(self.dialect.callers.act_append, bind.finish()?)
            .map(drop)
    }

    fn complete(&self, act: ActId, outcome: &ActOutcome) -> Result<()> {
        check::act_outcome(outcome)?;
        let bind = Bind::new()
            .id(act)
            .integer(i64::from(outcome.status))
            .optional_text("OperatorActOutcome.Target", outcome.target.as_deref())
            .time(outcome.timestamp);
        let row = self.first(self.dialect.callers.act_complete, bind.finish()?)?;
        row.map(drop).ok_or(PersistenceError::NotFound)
    }

    fn list(&self, page: &ActPage) -> Result<Vec<(Act, Option<ActOutcome>)>> {
        let limit = check::limit(page.limit)?;
        let mut filter = Filter::new(self.dialect, self.dialect.callers.act_list);
        if let Some(name) = &page.operator_name {
            filter = filter.equals("t.OperatorName", Kind::Text, |b| {
                b.text("OperatorAct.OperatorName", name)
            });
        }
        if let Some((timestamp, id)) = page.after {
            let columns = [("t.Timestamp", Kind::Time), ("t.Id", Kind::Id)];
            filter = filter.after(Order::Descending, columns, |b| b.time(timestamp).id(id));
        }
        let (statement, parameters) =
            filter.page(Order::Descending, ["t.Timestamp", "t.Id"], limit)?;
        self.all(&statement, parameters, completed)
    }
}
