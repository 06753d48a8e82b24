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

/// Refuses any other version than this program's.
pub(super) fn current(version: u32) -> Result<u32> {
    if version < SCHEMA_VERSION {
        return Err(PersistenceError::SchemaMissing);
    }
    known(version)
}

impl<D: Database> Repositories<D> {
    /// Makes the tables of an earlier version, to test upgrades with; at
    /// [`SCHEMA_VERSION`] it is [`Schema::ensure`].
    ///
    /// # Errors
    /// As [`Schema::ensure`].
    pub fn ensure_up_to(&self, wanted: u32) -> Result<u32> {
        let there = match self.version_there() {
            Ok(version) => version,
            Err(PersistenceError::SchemaMissing) => 0,
            Err(error) => return Err(error),
        };
        for (version, text) in (1..=wanted).zip(self.dialect.versions) {
            if version > there {
                self.upgrade_to(version, text)?;
            }
        }
        self.version_there()
    }

    /// The version that is there, if this program knows it.
    fn version_there(&self) -> Result<u32> {
        let row = self.first(self.dialect.version, Vec::new())?;
        match row {
            Some(mut row) if !row.is_null() => known(row.count("SchemaVersion.Version")?),
            _ => Err(PersistenceError::SchemaMissing),
        }
    }

    /// Makes a version of the one before it. Several may do it at once: every
    /// statement may be repeated, and the version is written last.
    fn upgrade_to(&self, version: u32, text: &str) -> Result<()> {
        for statement in (self.dialect.step)(version, text) {
            self.rows(&statement, Vec::new())?;
        }
        let version = Value::Integer(i64::from(version));
        self.rows(self.dialect.set_version, vec![version]).map(drop)
    }
}

impl<D: Database> Schema for Repositories<D> {
    /// Statement by statement, since hosts execute one at a time.
    fn ensure(&self) -> Result<u32> {
        self.ensure_up_to(SCHEMA_VERSION)
    }

    fn version(&self) -> Result<u32> {
        self.version_there().and_then(current)
    }
}
