//! What a classifier said before.

use vectra_domain::Timestamp;
use vectra_domain::repository::{IntentCache, Result};

use super::Database;

impl IntentCache for Database {
    fn find(&self, key: &str, now: Timestamp) -> Result<Option<String>> {
        self.call("intents.find", |memory| IntentCache::find(memory, key, now))
    }

    fn put(&self, key: &str, document: &str, expires_at: Timestamp) -> Result<()> {
        self.call("intents.put", |memory| {
            IntentCache::put(memory, key, document, expires_at)
        })
    }

    fn prune(&self, now: Timestamp, limit: u32) -> Result<u32> {
        self.call("intents.prune", |memory| {
            IntentCache::prune(memory, now, limit)
        })
    }
}
