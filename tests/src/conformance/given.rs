//! A gateway that somebody else has started.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::case::{Case, Group, Step};
use super::host::{Addresses, Deployment, Host, policy_texts};
use super::records::Records;
use super::stock::push_policies;

/// Where it is and what is known of it.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// `host:port`.
    pub address: String,
    /// Its admin key.
    pub admin_key: String,
    /// What it signs agents' tokens with.
    pub token_secret: Option<String>,
    /// Addresses that it may call.
    pub addresses: Addresses,
    /// Its SQLite file, if it is at hand.
    pub file: Option<PathBuf>,
    /// Nothing but loopback can be reached from it.
    pub isolated: bool,
}

/// It, while a group runs.
pub struct Given(Deployment);

impl Gateway {
    /// `host:port` of a URL.
    ///
    /// # Errors
    /// If it is no plain `http://host:port`.
    pub fn address_of(url: &str) -> Result<String> {
        let rest = url
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'));
        match rest {
            Some(address) if address.contains(':') && !address.contains('/') => {
                Ok(address.to_owned())
            }
            _ => bail!("`{url}` is not of the form http://host:port"),
        }
    }

    /// What a case needs and this gateway does not give, if there is such a thing.
    #[must_use]
    pub fn lacks(&self, group: &Group, case: &Case) -> Option<String> {
        let written = format!("{case:?}");
        let steps = || case.steps.iter();
        let lacks = if !group.settings.is_null() {
            "it needs settings of its own"
        } else if steps().any(|step| matches!(step, Step::Restart)) {
            "it needs a restart"
        } else if case.tries_forbidden_targets && !self.isolated {
            "it tries forbidden targets (--isolated)"
        } else if self.token_secret.is_none() && steps().any(|step| matches!(step, Step::Mint(_))) {
            "it makes tokens (--token-secret)"
        } else if self.addresses.upstream.is_none() && written.contains("${upstream") {
            "it needs an upstream (--upstream)"
        } else if self.addresses.closed.is_none() && written.contains("${closed}") {
            "it needs an address that nobody listens on (--closed)"
        } else {
            return None;
        };
        Some(lacks.to_owned())
    }
}

impl Host for Given {
    type Place = Gateway;

    fn addresses(gateway: &Gateway) -> Addresses {
        gateway.addresses.clone()
    }

    fn lacks(gateway: &Gateway, group: &Group, case: &Case) -> Option<String> {
        gateway.lacks(group, case)
    }

    async fn start(group: &Group, _: &[String], gateway: &Gateway) -> Result<Self> {
        let file = gateway.file.clone();
        let deployment = Deployment {
            address: gateway.address.clone(),
            admin_key: gateway.admin_key.clone(),
            token_secret: gateway.token_secret.clone(),
            // Whoever keeps it may lock it in a way of its own.
            records: file.map_or(Records::Interface, Records::Unlocked),
        };
        push_policies(&deployment, &policy_texts(group))
            .await
            .with_context(|| format!("at {}", gateway.address))?;
        Ok(Self(deployment))
    }

    fn deployment(&self) -> Result<Deployment> {
        Ok(self.0.clone())
    }

    fn set_policy(&mut self, _: &str, _: Option<&str>) -> Result<()> {
        bail!("it is not ours to restart")
    }

    async fn restart(&mut self) -> Result<()> {
        bail!("it is not ours to restart")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_plain_address_and_nothing_else() {
        assert_eq!(
            Gateway::address_of("http://127.0.0.1:3000/").unwrap(),
            "127.0.0.1:3000"
        );
        for bad in ["https://h:1", "http://h", "h:1", "http://h:1/path", ""] {
            assert!(Gateway::address_of(bad).is_err(), "{bad}");
        }
    }
}
