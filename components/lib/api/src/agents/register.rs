//! `POST /agents`, and the secrets that agents get.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use vectra_domain::{Agent, AgentId, AgentStatus, TrustScore};

use super::{MAX_NAME, show};
use crate::acts::{Done, Order};
use crate::fields::{Fields, check_text};
use crate::gateway::{Gateway, json as answer, unstored};
use crate::problem::{Kind, Refusal};
use crate::{RequestBody, secret};

/// A secret that an agent is to get.
pub(super) struct NewSecret {
    /// Its bcrypt hash.
    pub(super) hash: String,
    /// The secret, if it was made here: then the caller does not know it yet.
    pub(super) made: Option<String>,
}

impl<U> Gateway<'_, U> {
    /// `POST /agents`.
    pub(crate) fn register_agent<'s, B>(
        &'s self,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let mut fields = Fields::read(headers, body)?;
        let name = fields.required_name("name", MAX_NAME);
        let owner_id = fields.optional_name("ownerId", MAX_NAME).given();
        let given = given_secret(&mut fields, &[&name]);
        let detail = fields.finish()?;
        Ok(Order::new(None, detail, move || {
            let secret = self.new_secret(given)?;
            let agent = Agent {
                id: AgentId::new(self.ports.uuid()),
                name,
                owner_id,
                status: AgentStatus::Active,
                policy_name: None,
                client_secret_hash: secret.hash,
                trust_score: TrustScore::INITIAL,
                created_at: self.ports.clock.now(),
                updated_at: None,
            };
            self.with_schema(|| self.ports.agents.insert(&agent))
                .map_err(Refusal::not_saved)?;
            let mut shown = show(&agent);
            if let (Some(made), Some(shown)) = (secret.made, shown.as_object_mut()) {
                shown.insert("clientSecret".to_owned(), made.into());
            }
            let mut response = unstored(answer(StatusCode::CREATED, &shown));
            if let Ok(location) = HeaderValue::from_str(&format!("/agents/{}", agent.id)) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            Ok(Done {
                response,
                target: agent.id.to_string(),
            })
        }))
    }

    /// The secret that was given, or a new one.
    pub(super) fn new_secret(&self, given: Option<String>) -> Result<NewSecret, Refusal> {
        let (text, made) = match given {
            Some(text) => (text, None),
            None => {
                let text = secret::generate(self.ports.random);
                (text.clone(), Some(text))
            }
        };
        let cost = self.settings.tokens.bcrypt_cost;
        let hash = secret::hash(&text, cost, self.ports.random)
            .map_err(|why| Refusal::new(Kind::Misconfigured).internal(why))?;
        Ok(NewSecret { hash, made })
    }
}

/// The secret that a caller brings, if any; `known` are the agent's name and id.
pub(super) fn given_secret(fields: &mut Fields, known: &[&str]) -> Option<String> {
    let check = |text: &str| {
        check_text(text, secret::MIN_LENGTH..=secret::MAX_LENGTH)?;
        if text.len() > secret::MAX_LENGTH {
            return Err(format!("must be at most {} bytes", secret::MAX_LENGTH));
        }
        secret::weakness(text, known).map_or(Ok(()), Err)
    };
    fields.optional_secret("clientSecret", check).given()
}
