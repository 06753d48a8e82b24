//! `vectra:persistence/schema`.

use vectra_domain::PersistenceError;
use vectra_domain::repository::{Result, Schema};

use super::Repositories;
use crate::{Database, SCHEMA_VERSION, Value};

/// Refuses the version of a newer program.
pub(super) fn known(version: u32) -> Result<u32> {
    if version > SCHEMA_VERSION {
        Err(PersistenceError::SchemaTooNew(version))
    } else {
        Ok(version)
    }
}

impl<D: Database> Schema for Repositories<D> {
    /// Statement by statement, since hosts execute one at a time; each may be repeated
    /// and the version is written last, so an interrupted run is finished by the next.
    fn ensure(&self) -> Result<u32> {
        match self.version() {
            Ok(_) | Err(PersistenceError::SchemaMissing) => {}
            Err(error) => return Err(error),
        }
        for statement in (self.dialect.schema)() {
            self.rows(&statement, Vec::new())?;
        }
        let version = Value::Integer(i64::from(SCHEMA_VERSION));
        self.rows(self.dialect.set_version, vec![version])?;
        self.version()
    }

    fn version(&self) -> Result<u32> {
        let row = self.first(self.dialect.version, Vec::new())?;
        match row {
            Some(mut row) if !row.is_null() => known(row.count("SchemaVersion.Version")?),
            _ => Err(PersistenceError::SchemaMissing),
        }
    }
}
