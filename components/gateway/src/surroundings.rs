//! Clock, random bytes, variables.

use std::time::Duration;

use spin_sdk::variables;
use vectra_api::{ClientAddresses, Clock, Random, Secret, Secrets};
use vectra_domain::Timestamp;

use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::random::random;

/// What the host lends the component.
pub struct Surroundings;

impl Clock for Surroundings {
    fn now(&self) -> Timestamp {
        let now = wall_clock::now();
        let micros = i64::try_from(now.seconds)
            .unwrap_or(i64::MAX)
            .saturating_mul(Timestamp::SECOND)
            .saturating_add(i64::from(now.nanoseconds / 1_000));
        Timestamp::EPOCH.plus(micros)
    }

    fn sleep(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        monotonic_clock::subscribe_duration(nanos).block();
    }
}

impl Random for Surroundings {
    fn fill(&self, bytes: &mut [u8]) {
        let random = random::get_random_bytes(bytes.len() as u64);
        for (to, from) in bytes.iter_mut().zip(random) {
            *to = from;
        }
    }
}

impl Secrets for Surroundings {
    fn get(&self, secret: Secret) -> Result<String, String> {
        let name = match secret {
            Secret::Token => "token_secret",
            Secret::AdminKey => "admin_key",
            Secret::DataKey => "data_key",
            Secret::WebhookSecret => "webhook_secret",
        };
        match variables::get(name) {
            Ok(value) if value.is_empty() => Err(format!("the variable `{name}` is empty")),
            Ok(value) => Ok(value),
            Err(error) => Err(format!("the variable `{name}` cannot be read: {error}")),
        }
    }
}

/// The configuration; `{}` where there is none.
pub fn config() -> String {
    variables::get("vectra_config")
        .ok()
        .filter(|text| !text.trim().is_empty())
        .unwrap_or_else(|| "{}".to_owned())
}

/// The digest of the bundle, where the host supplies it.
pub fn bundle_digest() -> Option<String> {
    variables::get("bundle_digest")
        .ok()
        .filter(|digest| !digest.is_empty())
}

/// Whether the host says truly where requests come from; only if it says that it does.
pub fn client_addresses() -> ClientAddresses {
    match variables::get("trust_client_addr").as_deref() {
        Ok("true") => ClientAddresses::Trusted,
        _ => ClientAddresses::Ignored,
    }
}
