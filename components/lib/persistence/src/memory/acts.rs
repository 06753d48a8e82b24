//! `vectra:persistence/acts`.

use std::cmp::Reverse;

use vectra_domain::repository::{ActPage, ActRepository, Result};
use vectra_domain::{Act, ActId, ActOutcome, PersistenceError};

use super::{Memory, insert, take};
use crate::check;

impl ActRepository for Memory {
    fn append(&self, act: &Act) -> Result<()> {
        check::act(act)?;
        self.call(|state| {
            let row = (act.clone(), None);
            insert(&mut state.acts, act.id, "OperatorAct.Id", row)
        })
    }

    fn complete(&self, act: ActId, outcome: &ActOutcome) -> Result<()> {
        check::act_outcome(outcome)?;
        self.call(|state| {
            let (_, known) = state.acts.get_mut(&act).ok_or(PersistenceError::NotFound)?;
            if known.is_some() {
                let taken = "OperatorActOutcome.ActId".to_owned();
                return Err(PersistenceError::Conflict(taken));
            }
            *known = Some(outcome.clone());
            Ok(())
        })
    }

    fn list(&self, page: &ActPage) -> Result<Vec<(Act, Option<ActOutcome>)>> {
        let limit = check::limit(page.limit)?;
        check::optional_text("OperatorAct.OperatorName", page.operator_name.as_deref())?;
        self.call(|state| {
            let mut rows: Vec<_> = state
                .acts
                .values()
                .filter(|(row, _)| {
                    let name = page.operator_name.as_ref();
                    name.is_none_or(|name| row.operator_name == *name)
                })
                .filter(|(row, _)| {
                    page.after
                        .is_none_or(|after| (row.timestamp, row.id) < after)
                })
                .collect();
            rows.sort_by_key(|(row, _)| Reverse((row.timestamp, row.id)));
            Ok(take(limit, rows.into_iter().cloned()))
        })
    }
}
