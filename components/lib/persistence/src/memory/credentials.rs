//! `vectra:persistence/credentials`.

use vectra_domain::repository::{CredentialRepository, Result};
use vectra_domain::{Credential, CredentialId, Origin, PersistenceError, SealedCredential};

use super::{Memory, State, insert, take};
use crate::check;

impl State {
    /// What is added to requests to this origin.
    pub(super) fn credential_of(&self, origin: &Origin) -> Option<SealedCredential> {
        let origin = origin.to_string();
        let mut rows = self.credentials.values();
        let row = rows.find(|row| row.origin == origin)?;
        Some(SealedCredential {
            id: row.id,
            key_id: row.key_id.clone(),
            sealed: row.sealed.clone(),
        })
    }
}

fn unsealed(row: &Credential) -> Credential {
    Credential {
        sealed: Vec::new(),
        ..row.clone()
    }
}

impl CredentialRepository for Memory {
    fn insert(&self, credential: &Credential) -> Result<()> {
        check::credential(credential)?;
        self.call(|state| {
            let mut rows = state.credentials.values();
            if rows.any(|row| row.origin == credential.origin) {
                let taken = "UpstreamCredential.Origin".to_owned();
                return Err(PersistenceError::Conflict(taken));
            }
            insert(
                &mut state.credentials,
                credential.id,
                "UpstreamCredential.Id",
                credential.clone(),
            )
        })
    }

    fn find(&self, id: CredentialId) -> Result<Option<Credential>> {
        self.call(|state| Ok(state.credentials.get(&id).map(unsealed)))
    }

    fn replace(&self, credential: &Credential) -> Result<()> {
        check::credential(credential)?;
        self.call(|state| {
            let row = state.credentials.get_mut(&credential.id);
            let row = row.ok_or(PersistenceError::NotFound)?;
            row.header_names.clone_from(&credential.header_names);
            row.key_id.clone_from(&credential.key_id);
            row.sealed.clone_from(&credential.sealed);
            row.updated_at = credential.updated_at;
            Ok(())
        })
    }

    fn remove(&self, id: CredentialId) -> Result<()> {
        self.call(|state| {
            let removed = state.credentials.remove(&id);
            removed.map(drop).ok_or(PersistenceError::NotFound)
        })
    }

    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Credential>> {
        let limit = check::limit(limit)?;
        check::optional_text("UpstreamCredential.Origin", after)?;
        self.call(|state| {
            let rows = state.credentials.values();
            let rows = rows.filter(|row| after.is_none_or(|after| row.origin.as_str() > after));
            let mut rows: Vec<&Credential> = rows.collect();
            rows.sort_by_key(|row| &row.origin);
            Ok(take(limit, rows.into_iter().map(unsealed)))
        })
    }
}
