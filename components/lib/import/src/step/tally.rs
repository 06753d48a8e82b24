//! How many rows went which way.

use vectra_domain::PersistenceError;
use vectra_domain::repository::Result as Written;

use super::ImportError;
use crate::note::{Count, Notes};

/// What writing came to, by how many.
#[derive(Default)]
pub(super) struct Tally {
    brought: u64,
    there: u64,
    /// Rows left out.
    pub left: u64,
}

impl Tally {
    /// Counts a write. A value that the database refuses concerns its row only;
    /// anything else ends the step.
    pub(super) fn count(
        &mut self,
        written: Written<()>,
        notes: &mut Notes<'_>,
    ) -> Result<(), ImportError> {
        match written {
            Ok(()) => self.brought += 1,
            Err(PersistenceError::Conflict(_)) => self.there += 1,
            Err(PersistenceError::Invalid(why)) => {
                self.left += 1;
                notes.show("the database refuses it: left out", &why);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Them under these names: brought over, there already, left out.
    pub(super) fn counts(&self, [brought, there, left]: [&'static str; 3]) -> Vec<Count> {
        [
            (brought, self.brought),
            (there, self.there),
            (left, self.left),
        ]
        .into_iter()
        .map(|(what, number)| Count { what, number })
        .collect()
    }
}
