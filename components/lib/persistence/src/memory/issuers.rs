//! `vectra:persistence/external-issuers`.

use vectra_domain::repository::{ExternalIssuerRepository, Result};
use vectra_domain::{IssuerKeys, Timestamp};

use super::Memory;
use crate::check;
use crate::repository::lockouts::AHEAD;

/// A row.
pub(super) struct Issuer {
    keys: Option<IssuerKeys>,
    attempted_at: Timestamp,
}

impl ExternalIssuerRepository for Memory {
    fn find(&self, issuer: &str) -> Result<Option<IssuerKeys>> {
        check::issuer(issuer)?;
        self.call(|state| {
            let row = state.issuers.get(issuer);
            Ok(row.and_then(|row| row.keys.clone()))
        })
    }

    fn claim(&self, issuer: &str, now: Timestamp, not_since: Timestamp) -> Result<bool> {
        check::issuer(issuer)?;
        self.call(|state| {
            let attempted =
                |row: &Issuer| (not_since..=now.plus(AHEAD)).contains(&row.attempted_at);
            if state.issuers.get(issuer).is_some_and(attempted) {
                return Ok(false);
            }
            let row = state.issuers.entry(issuer.to_owned()).or_insert(Issuer {
                keys: None,
                attempted_at: now,
            });
            row.attempted_at = now;
            Ok(true)
        })
    }

    fn attempted(&self, issuer: &str) -> Result<Option<Timestamp>> {
        check::issuer(issuer)?;
        self.call(|state| Ok(state.issuers.get(issuer).map(|row| row.attempted_at)))
    }

    fn put(&self, issuer: &str, keys: &IssuerKeys) -> Result<()> {
        check::issuer(issuer)?;
        check::issuer_keys(keys)?;
        self.call(|state| {
            let row = state.issuers.entry(issuer.to_owned()).or_insert(Issuer {
                keys: None,
                attempted_at: keys.fetched_at,
            });
            let newer = |there: &IssuerKeys| {
                let fetched = keys.fetched_at;
                there.fetched_at > fetched && there.fetched_at <= fetched.plus(AHEAD)
            };
            if !row.keys.as_ref().is_some_and(newer) {
                row.keys = Some(keys.clone());
            }
            Ok(())
        })
    }
}
