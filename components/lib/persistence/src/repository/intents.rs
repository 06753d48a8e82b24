//! `vectra:persistence/intent-cache`.

use sha2::{Digest, Sha256};
use vectra_domain::Timestamp;
use vectra_domain::repository::{IntentCache, Result};

use super::Repositories;
use crate::bind::Bind;
use crate::{Database, check};

/// Where an answer is kept, 0 to 16,383: the first 14 bits of its key's SHA-256. So many
/// are kept at most, whoever asks how much.
///
/// # Errors
/// [`PersistenceError::Invalid`](vectra_domain::PersistenceError::Invalid) if it is no key.
pub(crate) fn place(key: &str) -> Result<u16> {
    check::intent_key(key)?;
    let [first, second, ..] = <[u8; 32]>::from(Sha256::digest(key.as_bytes()));
    Ok(u16::from_be_bytes([first, second]) >> 2)
}

fn bind(key: &str) -> Result<Bind> {
    let bind = Bind::new().integer(i64::from(place(key)?));
    Ok(bind.text("IntentCache.Key", key))
}

impl<D: Database> IntentCache for Repositories<D> {
    fn find(&self, key: &str, now: Timestamp) -> Result<Option<String>> {
        let bind = bind(key)?.time(now);
        let row = self.first(self.dialect.intents.find, bind.finish()?)?;
        row.map(|mut row| row.text("IntentCache.Document"))
            .transpose()
    }

    fn put(&self, key: &str, document: &str, expires_at: Timestamp) -> Result<()> {
        check::intent(document)?;
        let bind = bind(key)?
            .text("IntentCache.Document", document)
            .time(expires_at);
        self.rows(self.dialect.intents.put, bind.finish()?)
            .map(drop)
    }

    fn prune(&self, now: Timestamp, limit: u32) -> Result<u32> {
        self.prune(self.dialect.intents.prune, Bind::new().time(now), limit)
    }
}
