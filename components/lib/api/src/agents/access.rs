//! What governs an agent's access: its limit, its secret, its tokens.

use http::{HeaderMap, StatusCode};
use serde_json::{Map, json};
use vectra_domain::{AgentAccess, Rotation, Timestamp};

use super::register::given_secret;
use super::{agent_id, missing_or, show_all};
use crate::acts::{Done, Order};
use crate::fields::{Field, Fields};
use crate::gateway::{Gateway, json as answer, no_content, unstored};
use crate::problem::Refusal;
use crate::{RequestBody, secret};

/// Most requests a minute that a limit allows; 0 allows none.
const MAX_REQUESTS: u32 = 1_000_000;
/// Longest time that an old secret and its successor both work, in seconds: a week.
const MAX_OVERLAP: u32 = 7 * 24 * 60 * 60;

impl<U> Gateway<'_, U> {
    /// `PUT /agents/{agentId}/limit`; null means the configured default.
    pub(crate) fn limit_agent<'s, B>(
        &'s self,
        id: &str,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let id = agent_id(id)?;
        let mut fields = Fields::read(headers, body)?;
        let requests = fields.optional_number("requestsPerMinute", 0..=MAX_REQUESTS);
        if requests == Field::Missing {
            fields.refuse("requestsPerMinute", "is required; null means the default");
        }
        let detail = fields.finish()?;
        let requests_per_minute = requests.given();
        Ok(Order::new(Some(id.to_string()), detail, move || {
            // Read before, so that no failure after the change hides that it was made.
            let mut agent = self.living_agent(id)?;
            let access = self.with_schema(|| self.ports.access.find(id))?;
            let now = self.ports.clock.now();
            self.with_schema(|| self.ports.access.limit(id, requests_per_minute, now))
                .map_err(|error| missing_or(error, id))?;
            agent.updated_at = Some(now);
            let access = AgentAccess {
                requests_per_minute,
                ..access
            };
            Ok(Done {
                response: answer(StatusCode::OK, &show_all(&agent, &access)),
                target: id.to_string(),
            })
        }))
    }

    /// `POST /agents/{agentId}/secret`: a new secret. The old one works for
    /// `overlapSeconds` more; with 0 it ends at once, and every token that is out.
    pub(crate) fn replace_secret<'s, B>(
        &'s self,
        id: &str,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let id = agent_id(id)?;
        let mut fields = Fields::read(headers, body)?;
        let given = given_secret(&mut fields, &[&id.to_string()]);
        let overlap = fields.optional_number("overlapSeconds", 0..=MAX_OVERLAP);
        let detail = fields.finish()?;
        let overlap = overlap.given().unwrap_or(0);
        Ok(Order::new(Some(id.to_string()), detail, move || {
            let agent = self.living_agent(id)?;
            if let Some(text) = &given
                && let Some(why) = secret::weakness(text, &[&agent.name])
            {
                return Err(Refusal::field("clientSecret", why));
            }
            let secret = self.new_secret(given)?;
            let now = self.ports.clock.now();
            let micros = i64::from(overlap).saturating_mul(Timestamp::SECOND);
            let rotation = Rotation {
                agent_id: id,
                client_secret_hash: secret.hash,
                former_until: (overlap > 0).then(|| now.plus(micros)),
                now,
            };
            self.with_schema(|| self.ports.access.rotate(&rotation))
                .map_err(|error| missing_or(error, id))?;
            let mut shown = json!({
                "agentId": id,
                "formerSecretUntil": rotation.former_until.map(|time| time.to_string()),
            });
            if let (Some(made), Some(shown)) = (secret.made, shown.as_object_mut()) {
                shown.insert("clientSecret".to_owned(), made.into());
            }
            Ok(Done {
                response: unstored(answer(StatusCode::OK, &shown)),
                target: id.to_string(),
            })
        }))
    }

    /// `DELETE /agents/{agentId}/tokens`: ends every token that is out.
    pub(crate) fn end_tokens<'s, B>(&'s self, id: &str) -> Result<Order<'s, B>, Refusal> {
        let id = agent_id(id)?;
        Ok(Order::new(Some(id.to_string()), Map::new(), move || {
            let now = self.ports.clock.now();
            self.with_schema(|| self.ports.access.revoke_tokens(id, now))
                .map_err(|error| missing_or(error, id))?;
            Ok(Done {
                response: no_content(),
                target: id.to_string(),
            })
        }))
    }
}
