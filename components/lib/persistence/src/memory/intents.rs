//! `vectra:persistence/intent-cache`.

use vectra_domain::Timestamp;
use vectra_domain::repository::{IntentCache, Result};

use super::{Memory, remove, take};
use crate::check;
use crate::repository::intents::place;

impl IntentCache for Memory {
    fn find(&self, key: &str, now: Timestamp) -> Result<Option<String>> {
        let place = place(key)?;
        self.call(|state| {
            let kept = state.intents.get(&place);
            let fresh = kept.filter(|(known, _, until)| known == key && *until > now);
            Ok(fresh.map(|(_, document, _)| document.clone()))
        })
    }

    fn put(&self, key: &str, document: &str, expires_at: Timestamp) -> Result<()> {
        let place = place(key)?;
        check::intent(document)?;
        self.call(|state| {
            let kept = (key.to_owned(), document.to_owned(), expires_at);
            state.intents.insert(place, kept);
            Ok(())
        })
    }

    fn prune(&self, now: Timestamp, limit: u32) -> Result<u32> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let mut old: Vec<_> = state
                .intents
                .iter()
                .filter(|(_, (_, _, until))| *until <= now)
                .map(|(place, (_, _, until))| (*until, *place))
                .collect();
            old.sort_unstable();
            let places = take(limit, old.into_iter().map(|(_, place)| place));
            Ok(remove(&mut state.intents, &places))
        })
    }
}
