//! `POST /tokens`: an agent's secret for a token.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use vectra_domain::{AgentId, AgentStatus};

use crate::fields::Fields;
use crate::gateway::{Answer, Gateway, json};
use crate::problem::{Kind, Refusal};
use crate::{RequestBody, secret, token};

impl<U> Gateway<'_, U> {
    /// One answer for every failure, in about the same time: who asks does not learn
    /// which agents there are (OB §23.10).
    pub(crate) fn issue_token<B>(&self, headers: &HeaderMap, body: impl RequestBody) -> Answer<B> {
        let mut fields = Fields::read(headers, body)?;
        let id = fields.required("agentId", 1..=64);
        let given = fields.required("clientSecret", 1..=1024);
        let parsed = id.parse::<AgentId>();
        if let (false, Err(error)) = (id.is_empty(), &parsed) {
            fields.refuse("agentId", error.to_string());
        }
        fields.finish()?;
        let refuse = || Refusal::new(Kind::InvalidClient);
        let id = parsed.map_err(|_| refuse())?;

        let key = self.token_key()?;
        let agent = self.with_schema(|| self.ports.agents.find(id))?;
        let settings = &self.settings.tokens;
        let hash = match &agent {
            Some(agent) => agent.client_secret_hash.clone(),
            None => secret::nobody(settings.bcrypt_cost),
        };
        let right = secret::verify(&given, &hash);
        let agent = agent
            .filter(|agent| right && agent.status == AgentStatus::Active)
            .ok_or_else(refuse)?;

        let now = self.ports.clock.now();
        let (token, expires) =
            token::issue(&agent, self.ports.uuid(), now, settings, key.as_bytes())
                .map_err(|why| Refusal::new(Kind::Misconfigured).internal(why))?;
        let body = json!({
            "accessToken": token,
            "tokenType": "Bearer",
            "expiresAt": expires.to_string(),
        });
        let mut response = json(StatusCode::OK, &body);
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
        Ok(response)
    }
}
