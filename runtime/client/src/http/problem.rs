//! What a refusal says.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A problem document (RFC 9457), as far as it is shown. Its texts are the gateway's:
/// escape them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Problem {
    /// What it is.
    pub title: Option<String>,
    /// What it is in this case.
    pub detail: Option<String>,
    /// Its number, `VEC…`.
    pub error_code: Option<String>,
    /// Fields and what is wrong with each.
    pub errors: BTreeMap<String, Vec<String>>,
}

impl Problem {
    /// Reads one; empty if the body is none.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}
