//! `${name}` in the texts of a case.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::Value;

/// Names and values.
#[derive(Debug, Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

/// Matchers of [`super::expect`], which stay as they are.
const MATCHERS: [&str; 5] = ["any", "uuid", "time", "text:", "risk:"];

impl Variables {
    /// Sets one.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The value of one.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn get(&self, name: &str) -> Result<&str> {
        match self.0.get(name) {
            Some(value) => Ok(value),
            None => bail!("no variable `{name}`"),
        }
    }

    /// Replaces all of them in a text.
    ///
    /// # Errors
    /// If one is unknown or has no end.
    pub fn fill(&self, text: &str) -> Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else {
                bail!("a variable without an end in `{text}`");
            };
            filled.push_str(before);
            if MATCHERS.iter().any(|matcher| name.starts_with(matcher)) {
                filled.push_str(&format!("${{{name}}}"));
            } else {
                filled.push_str(self.get(name)?);
            }
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Replaces all of them in all texts of a document.
    ///
    /// # Errors
    /// If one is unknown or has no end.
    pub fn fill_json(&self, document: &Value) -> Result<Value> {
        Ok(match document {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.fill_json(item))
                    .collect::<Result<_>>()?,
            ),
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.fill_json(value)?)))
                    .collect::<Result<_>>()?,
            ),
            other => other.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_known_names_and_refuses_unknown_ones() {
        let mut variables = Variables::default();
        variables.set("agent", "7");
        assert_eq!(variables.fill("/a/${agent}/b${agent}").unwrap(), "/a/7/b7");
        assert_eq!(variables.fill("${uuid}").unwrap(), "${uuid}");
        assert!(variables.fill("${other}").is_err());
        assert!(variables.fill("${agent").is_err());
    }
}
