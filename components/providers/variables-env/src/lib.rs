//! Variables from the environment: `fermyon:spin/variables`, for hosts that have no
//! variables of their own.
//!
//! The variable `token_secret` is what `VECTRA_TOKEN_SECRET` holds, `vectra_config` what
//! `VECTRA_CONFIG` does. An empty variable is set: what it means is for its reader to say.

mod bindings;

use std::env;

use bindings::exports::fermyon::spin::variables::{Error, Guest};

/// What every name in the environment begins with.
const PREFIX: &str = "VECTRA_";

struct Component;

impl Guest for Component {
    fn get(name: String) -> Result<String, Error> {
        if !is_name(&name) {
            return Err(Error::InvalidName(format!(
                "`{name}` is not made of lower case letters, digits and single underscores"
            )));
        }
        let key = in_environment(&name);
        match env::var(&key) {
            Ok(value) => Ok(value),
            Err(env::VarError::NotPresent) => {
                Err(Error::Undefined(format!("`{name}`: {key} is not set")))
            }
            // Its value is not shown: it may be a secret.
            Err(env::VarError::NotUnicode(_)) => {
                Err(Error::Provider(format!("{key} is not UTF-8")))
            }
        }
    }
}

/// Spin's rule: lower case, digits, single underscores, a letter at first and no
/// underscore at the end.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn in_environment(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    match upper.starts_with(PREFIX) {
        true => upper,
        false => format!("{PREFIX}{upper}"),
    }
}

bindings::export!(Component with_types_in bindings);
