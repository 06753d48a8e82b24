//! `vectra:persistence/external-issuers`.

use vectra_domain::repository::{ExternalIssuerRepository, Result};
use vectra_domain::{IssuerKeys, Timestamp};

use super::Repositories;
use super::lockouts::AHEAD;
use crate::bind::Bind;
use crate::{Database, check, mapping};

/// The parameter that names a row.
fn bind(issuer: &str) -> Result<Bind> {
    check::issuer(issuer)?;
    Ok(Bind::new().text("ExternalIssuer.Issuer", issuer))
}

impl<D: Database> ExternalIssuerRepository for Repositories<D> {
    fn find(&self, issuer: &str) -> Result<Option<IssuerKeys>> {
        let row = self.first(self.dialect.callers.issuer_find, bind(issuer)?.finish()?)?;
        match row {
            Some(mut row) if !row.is_null() => mapping::issuer_keys(&mut row).map(Some),
            _ => Ok(None),
        }
    }

    fn claim(&self, issuer: &str, now: Timestamp, not_since: Timestamp) -> Result<bool> {
        let bind = bind(issuer)?.time(now).time(not_since);
        let bind = bind.time(now.plus(AHEAD));
        let row = self.first(self.dialect.callers.issuer_claim, bind.finish()?)?;
        Ok(row.is_some())
    }

    fn attempted(&self, issuer: &str) -> Result<Option<Timestamp>> {
        let statement = self.dialect.callers.issuer_attempted;
        let row = self.first(statement, bind(issuer)?.finish()?)?;
        row.map(|mut row| row.time("ExternalIssuer.AttemptedAt"))
            .transpose()
    }

    fn put(&self, issuer: &str, keys: &IssuerKeys) -> Result<()> {
        check::issuer_keys(keys)?;
        let bind = bind(issuer)?
            .text("ExternalIssuer.Jwks", &keys.jwks)
            .time(keys.fetched_at)
            .time(keys.fetched_at.plus(AHEAD));
        self.rows(self.dialect.callers.issuer_put, bind.finish()?)
            .map(drop)
    }
}
