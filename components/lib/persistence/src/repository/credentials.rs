//! `vectra:persistence/credentials`.

use vectra_domain::repository::{CredentialRepository, Result};
use vectra_domain::{Credential, CredentialId, PersistenceError};

use super::Repositories;
use crate::bind::Bind;
use crate::{Database, check, mapping};

/// `Id, HeaderNames, KeyId, Sealed, UpdatedAt`: the key and what may change.
fn bind(credential: &Credential) -> Result<Bind> {
    check::credential(credential)?;
    let names = serde_json::to_string(&credential.header_names)
        .map_err(|error| PersistenceError::Other(error.to_string()))?;
    Ok(Bind::new()
        .id(credential.id)
        .text("UpstreamCredential.HeaderNames", &names)
        .text("UpstreamCredential.KeyId", &credential.key_id)
        .blob(&credential.sealed)
        .time(credential.updated_at))
}

impl<D: Database> CredentialRepository for Repositories<D> {
    fn insert(&self, credential: &Credential) -> Result<()> {
        let bind = bind(credential)?
            .text("UpstreamCredential.Origin", &credential.origin)
            .time(credential.created_at);
        let statement = self.dialect.credentials.insert;
        self.rows(statement, bind.finish()?).map(drop)
    }

    fn find(&self, id: CredentialId) -> Result<Option<Credential>> {
        let statement = self.dialect.credentials.find;
        let row = self.first(statement, Bind::new().id(id).finish()?)?;
        row.map(|mut row| mapping::credential(&mut row)).transpose()
    }

    fn replace(&self, credential: &Credential) -> Result<()> {
        self.change(self.dialect.credentials.replace, bind(credential)?)
    }

    fn remove(&self, id: CredentialId) -> Result<()> {
        self.change(self.dialect.credentials.remove, Bind::new().id(id))
    }

    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Credential>> {
        let bind = Bind::new()
            .text("UpstreamCredential.Origin", after.unwrap_or_default())
            .integer(check::limit(limit)?);
        let statement = self.dialect.credentials.list;
        self.all(statement, bind.finish()?, mapping::credential)
    }
}
