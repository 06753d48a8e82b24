//! What cannot hold on a host, as written in `tests/conformance/hosts.json`.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::dist::repository;

/// One thing that cannot hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// `group::case`.
    pub case: String,
    /// The hosts.
    pub hosts: Vec<String>,
    /// Why.
    pub why: String,
    /// What happens there instead: a text that the case's failure holds.
    pub instead: String,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct Exceptions(Vec<Exception>);

impl Exceptions {
    /// Reads them.
    ///
    /// # Errors
    /// If they are not well formed.
    pub fn read() -> Result<Self> {
        let path = repository("tests/conformance").join("hosts.json");
        let text = std::fs::read_to_string(&path).context("tests/conformance/hosts.json")?;
        Ok(Self(serde_json::from_str(&text)?))
    }

    /// The cases that are named, each of which must be one.
    pub fn cases(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|exception| exception.case.as_str())
    }

    /// Turns what came of a case into what had to come of it.
    ///
    /// # Errors
    /// If it failed in a way that is not written down, or passed although it is written
    /// that it cannot.
    pub fn judge(&self, host: &str, case: &str, came: Result<()>) -> Result<()> {
        let named = |exception: &&Exception| {
            exception.case == case && exception.hosts.iter().any(|named| named == host)
        };
        let Some(exception) = self.0.iter().find(named) else {
            return came;
        };
        match came {
            Ok(()) => bail!(
                "it passes, though hosts.json says that it cannot ({}): remove the entry",
                exception.why
            ),
            Err(error) => {
                let text = format!("{error:#}");
                ensure!(
                    text.contains(&exception.instead),
                    "not `{}`, as hosts.json says, but: {text}",
                    exception.instead
                );
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_must_fail_and_as_it_is_written() {
        let exceptions = Exceptions(vec![Exception {
            case: "a::b".to_owned(),
            hosts: vec!["here".to_owned()],
            why: "of old".to_owned(),
            instead: "header x".to_owned(),
        }]);
        let fails = |text: &str| Err(anyhow::anyhow!("{text}"));
        assert!(
            exceptions
                .judge("here", "a::b", fails("header x came"))
                .is_ok()
        );
        assert!(
            exceptions
                .judge("here", "a::b", fails("no answer"))
                .is_err()
        );
        assert!(exceptions.judge("here", "a::b", Ok(())).is_err());
        assert!(exceptions.judge("there", "a::b", Ok(())).is_ok());
        assert!(
            exceptions
                .judge("there", "a::b", fails("header x came"))
                .is_err()
        );
        assert!(exceptions.judge("here", "a::c", Ok(())).is_ok());
    }
}
