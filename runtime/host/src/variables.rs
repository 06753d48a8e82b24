//! `fermyon:spin/variables@2.0.0` over a fixed map.

use std::collections::HashMap;
use std::sync::Arc;

use thiserror::Error as ThisError;
use wasmtime::component::HasData;

use crate::bindings::variables::fermyon::spin::variables::{Error, Host};

/// The variables every request sees. Cheap to clone.
#[derive(Clone, Default)]
pub struct Variables(Arc<HashMap<String, String>>);

/// A name that no variable may have.
#[derive(Debug, ThisError, PartialEq, Eq)]
#[error(
    "`{0}` is not a variable name: lower case letters, digits and single underscores, beginning with a letter"
)]
pub struct VariablesError(String);

impl Variables {
    /// Takes names and values.
    ///
    /// # Errors
    /// [`VariablesError`] for the first name that is none.
    pub fn new<I>(entries: I) -> Result<Self, VariablesError>
    where
        I: IntoIterator<Item = (String, String)>,
    {
        let mut map = HashMap::new();
        for (name, value) in entries {
            if !is_name(&name) {
                return Err(VariablesError(name));
            }
            map.insert(name, value);
        }
        Ok(Self(Arc::new(map)))
    }

    fn get(&self, name: &str) -> Result<String, Error> {
        if !is_name(name) {
            return Err(Error::InvalidName(name.to_owned()));
        }
        self.0
            .get(name)
            .cloned()
            .ok_or_else(|| Error::Undefined(name.to_owned()))
    }
}

/// Shows names only: values may be secret.
impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Spin's rule: lower case, digits, single underscores between them.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

impl Host for Variables {
    fn get(&mut self, name: String) -> Result<String, Error> {
        Variables::get(self, &name)
    }
}

pub(crate) struct HasVariables;

impl HasData for HasVariables {
    type Data<'a> = &'a mut Variables;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_spins_rule() {
        for (name, valid) in [
            ("a", true),
            ("token_secret", true),
            ("a1", true),
            ("", false),
            ("1a", false),
            ("_a", false),
            ("a_", false),
            ("a__b", false),
            ("A", false),
            ("a-b", false),
            ("ä", false),
        ] {
            assert_eq!(is_name(name), valid, "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_undefined_and_a_bad_one_invalid() {
        let variables = Variables::new([("a".to_owned(), "1".to_owned())]).unwrap();
        assert_eq!(variables.get("a").unwrap(), "1");
        assert!(matches!(variables.get("b"), Err(Error::Undefined(name)) if name == "b"));
        assert!(matches!(variables.get("B"), Err(Error::InvalidName(name)) if name == "B"));
    }

    #[test]
    fn debug_output_shows_no_value() {
        let variables = Variables::new([("key".to_owned(), "hush".to_owned())]).unwrap();
        assert_eq!(format!("{variables:?}"), r#"{"key"}"#);
    }
}
