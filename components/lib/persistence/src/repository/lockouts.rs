//! `vectra:persistence/lockouts`.

use sha2::{Digest, Sha256};
use vectra_domain::repository::{LockoutRepository, Result};
use vectra_domain::{Failures, LockoutSubject, Timestamp};

use super::Repositories;
use crate::bind::Bind;
use crate::{Database, check, mapping};

/// How far clocks may differ, in microseconds. A time further ahead is of a clock that
/// was wrong, and as good as none.
pub(crate) const AHEAD: i64 = Timestamp::MINUTE;

/// Places for agents, and as many for addresses after them.
const HALF: u16 = 0x8000;

/// Where a subject's failures are counted, 0 to 65,535, and its text: the place is the
/// first 15 bits of the text's SHA-256, so nobody finds one of a subject without trying.
///
/// # Errors
/// [`PersistenceError::Invalid`](vectra_domain::PersistenceError::Invalid) if it is no
/// subject.
pub(crate) fn place(subject: &LockoutSubject) -> Result<(u16, String)> {
    let (half, text) = match subject {
        LockoutSubject::Agent { id, address: None } => (0, id.to_string()),
        LockoutSubject::Agent {
            id,
            address: Some(address),
        } => {
            check::lockout_subject(address)?;
            (0, format!("{id} {address}"))
        }
        LockoutSubject::Address(address) => (HALF, address.clone()),
    };
    check::lockout_subject(&text)?;
    let [first, second, ..] = <[u8; 32]>::from(Sha256::digest(text.as_bytes()));
    Ok((half | (u16::from_be_bytes([first, second]) >> 1), text))
}

/// The two parameters that name a row.
fn bind(subject: &LockoutSubject) -> Result<Bind> {
    let (place, text) = place(subject)?;
    let bind = Bind::new().integer(i64::from(place));
    Ok(bind.text("Lockout.Subject", &text))
}

impl<D: Database> LockoutRepository for Repositories<D> {
    fn find(&self, subject: &LockoutSubject) -> Result<Option<Failures>> {
        let row = self.first(self.dialect.callers.lockout_find, bind(subject)?.finish()?)?;
        row.map(|mut row| mapping::failures(&mut row)).transpose()
    }

    fn fail(
        &self,
        subject: &LockoutSubject,
        now: Timestamp,
        forget_before: Timestamp,
    ) -> Result<()> {
        let bind = bind(subject)?.time(now).time(forget_before);
        let bind = bind.time(now.plus(AHEAD));
        self.rows(self.dialect.callers.lockout_fail, bind.finish()?)
            .map(drop)
    }

    fn clear(&self, subject: &LockoutSubject) -> Result<()> {
        let statement = self.dialect.callers.lockout_clear;
        self.rows(statement, bind(subject)?.finish()?).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 192.0.2.1 | sha256sum` begins with 37fc, that of the id with ea16, that of
    /// both with a space between with f1a8; other versions of this program must find
    /// the same places.
    #[test]
    fn gives_agents_the_lower_and_addresses_the_upper_half() {
        let address = LockoutSubject::Address("192.0.2.1".to_owned());
        let agent: vectra_domain::AgentId = "018fabcd-7c1b-7a3d-9e5f-000100000001".parse().unwrap();
        let at = |subject| place(&subject).map(|(place, _)| place);
        assert_eq!(at(address), Ok(0x8000 | (0x37fc >> 1)));
        assert_eq!(at(LockoutSubject::agent(agent)), Ok(0xea16 >> 1));
        let pair = LockoutSubject::Agent {
            id: agent,
            address: Some("192.0.2.1".to_owned()),
        };
        assert_eq!(at(pair), Ok(0xf1a8 >> 1));
    }
}
