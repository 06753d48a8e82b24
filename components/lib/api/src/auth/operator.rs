//! Operators, by key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use vectra_domain::{Operator, OperatorId, OperatorRole, Timestamp};

use super::{OPERATOR_PREFIX, bearer};
use crate::gateway::Gateway;
use crate::ports::{Random, Secret};
use crate::problem::{Kind, Refusal};
use crate::secret;
use crate::token::MIN_KEY;

/// The name of the operator that holds the first key (the secret `admin_key`). Nobody
/// else may have it.
pub(crate) const FIRST: &str = "admin_key";

/// Who decides where no operator does. Nobody may have the name.
pub(crate) const GATEWAY: &str = "gateway";

/// A use of a key is noted at most so often, in microseconds.
const NOTED_EVERY: i64 = Timestamp::MINUTE;

/// The operator whose key the caller holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// None for the first key, which is configuration.
    pub(crate) id: Option<OperatorId>,
    /// As it is in the record of what they do.
    pub(crate) name: String,
    /// What they may do.
    pub(crate) role: OperatorRole,
}

impl Identity {
    /// Refuses unless the operator has one of these roles.
    pub(crate) fn must_be(&self, roles: &[OperatorRole]) -> Result<(), Refusal> {
        if roles.contains(&self.role) {
            return Ok(());
        }
        let names: Vec<String> = roles.iter().map(|role| format!("{role:?}")).collect();
        Err(Refusal::new(Kind::Denied).detail(format!("only for the role {}", names.join(" or "))))
    }
}

impl<U> Gateway<'_, U> {
    /// The operator whose key the caller holds. Whatever is wrong with a key, the answer
    /// is the same; a database that does not answer lets nobody in.
    pub(crate) fn operator(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let refuse = || Refusal::new(Kind::MissingCredentials);
        let key = bearer(headers, &header::AUTHORIZATION)
            .filter(|key| key.starts_with(OPERATOR_PREFIX))
            .ok_or_else(refuse)?;
        if self.is_first_key(key)? {
            return Ok(Identity {
                id: None,
                name: FIRST.to_owned(),
                role: OperatorRole::Admin,
            });
        }
        if !is_well_formed(key) {
            return Err(refuse());
        }
        let hash = hash(key);
        let operator = self
            .with_schema(|| self.ports.operators.find_by_key(&hash))?
            .ok_or_else(refuse)?;
        let now = self.ports.clock.now();
        if !holds(&operator, now) {
            return Err(refuse());
        }
        self.note_use(&operator, now);
        Ok(Identity {
            id: Some(operator.id),
            name: operator.name,
            role: operator.role,
        })
    }

    fn is_first_key(&self, key: &str) -> Result<bool, Refusal> {
        let first = self.secret(Secret::AdminKey)?;
        if !first.starts_with(OPERATOR_PREFIX) || first.len() < MIN_KEY {
            let message = "`admin_key` must begin with vop_ and be at least 32 characters long";
            return Err(Refusal::new(Kind::Misconfigured).internal(message));
        }
        Ok(secret::same(key.as_bytes(), first.as_bytes()))
    }

    /// Notes when the key was used last; that it cannot be noted keeps nobody out.
    fn note_use(&self, operator: &Operator, now: Timestamp) {
        let due = operator
            .last_used_at
            .is_none_or(|last| last.plus(NOTED_EVERY) < now);
        if !due {
            return;
        }
        if let Err(error) = self.ports.operators.touch(operator.id, now) {
            self.log(&format!(
                "the use of operator {}'s key was not noted: {error}",
                operator.id
            ));
        }
    }
}

/// Whether an operator's key was neither taken back nor has it ended.
pub(crate) fn holds(operator: &Operator, now: Timestamp) -> bool {
    operator.revoked_at.is_none() && operator.expires_at.is_none_or(|end| end > now)
}

/// A new key: the prefix and 32 random bytes as base64url.
pub(crate) fn new_key(random: &dyn Random) -> String {
    format!("{OPERATOR_PREFIX}{}", secret::generate(random))
}

/// What is kept of a key.
pub(crate) fn hash(key: &str) -> String {
    secret::sha256_hex(key.as_bytes())
}

/// Whether it could be a key that [`new_key`] made; if not, no database is asked.
fn is_well_formed(key: &str) -> bool {
    key.strip_prefix(OPERATOR_PREFIX)
        .and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok())
        .is_some_and(|bytes| bytes.len() == secret::BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn only_what_was_made_here_is_well_formed() {
        let key = new_key(&Sevens);
        assert_eq!(key.len(), 47);
        assert!(is_well_formed(&key));
        let short = key.get(..46).unwrap();
        let cases = [
            "",
            "vop_",
            "vop_wrong",
            key.trim_start_matches('v'),
            short,
            &format!("{key}A"),
            &format!("{short}="),
            &format!("{short}+"),
            &format!("{short}ä"),
            &key.replace("vop_", "VOP_"),
        ];
        for case in cases {
            assert!(!is_well_formed(case), "{case}");
        }
    }
}
