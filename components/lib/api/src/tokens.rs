//! `POST /tokens`: an agent's secret for a token, as JSON or as OAuth 2.0 client
//! credentials (RFC 6749 §4.4).

mod attempt;
mod form;
mod lockout;

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::json;
use vectra_domain::{AgentId, Timestamp};

use crate::auth::agent::token_keys;
use crate::fields::Fields;
use crate::gateway::{Answer, Gateway, json};
use crate::ports::Secret;
use crate::problem::{Kind, Refusal};
use crate::settings::Provider;
use crate::{RequestBody, ResponseBody, secret, token};
use attempt::Attempt;
use form::OAuthError;

/// What the right secret gets.
struct Granted {
    token: String,
    expires: Timestamp,
}

impl<U> Gateway<'_, U> {
    /// One answer for every failure, in about the same time unless the address is locked:
    /// who asks does not learn which agents there are (OB §23.10). Whose operator's key or token comes along
    /// does not matter.
    pub(crate) fn issue_token<B>(&self, headers: &HeaderMap, body: impl RequestBody) -> Answer<B> {
        if let Provider::Jwt(issuer) = &self.settings.tokens.provider {
            let detail = format!("tokens come from the issuer {}", issuer.authority);
            return Err(Refusal::new(Kind::NoRoute).detail(detail));
        }
        let answer = if form::is_form(headers) {
            self.issue_by_form(headers, body)
        } else {
            self.issue_by_json(headers, body)
        };
        match answer {
            Ok(response) => Ok(not_kept(response)),
            Err(refusal) => Err(refusal
                .header(header::CACHE_CONTROL, NO_STORE)
                .header(header::PRAGMA, NO_CACHE)),
        }
    }

    fn issue_by_json<B>(&self, headers: &HeaderMap, body: impl RequestBody) -> Answer<B> {
        let mut fields = Fields::read(headers, body)?;
        // Any text, like a secret: what cannot be right fails like what is wrong.
        let id = fields.required_secret("agentId");
        let secret = fields.required_secret("clientSecret");
        fields.finish()?;
        let granted = self
            .grant(headers, &id, &secret)?
            .ok_or_else(|| Refusal::new(Kind::InvalidClient))?;
        let body = json!({
            "accessToken": granted.token,
            "tokenType": "Bearer",
            "expiresAt": granted.expires.to_string(),
        });
        Ok(json(StatusCode::OK, &body))
    }

    fn issue_by_form<B>(&self, headers: &HeaderMap, body: impl RequestBody) -> Answer<B> {
        let body = Fields::read_body(body)?;
        let client = match form::read(headers, &body) {
            Ok(client) => client,
            Err(error) => return Ok(error.into_response()),
        };
        let Some(granted) = self.grant(headers, &client.id, &client.secret)? else {
            return Ok(OAuthError::InvalidClient.into_response());
        };
        // From now, not from when it was issued (RFC 6749 §5.1); rounded down.
        let left = granted.expires.micros() - self.ports.clock.now().micros();
        let body = json!({
            "access_token": granted.token,
            "token_type": "Bearer",
            "expires_in": left.div_euclid(Timestamp::SECOND).max(0),
        });
        Ok(json(StatusCode::OK, &body))
    }

    /// A token for the right secret of an active agent that is not locked out.
    fn grant(
        &self,
        headers: &HeaderMap,
        id: &str,
        given: &str,
    ) -> Result<Option<Granted>, Refusal> {
        let misconfigured = |why: String| Refusal::new(Kind::Misconfigured).internal(why);
        let text = self.secret(Secret::Token)?;
        let keys = token_keys(&text)?;
        keys.check()
            .map_err(|error| misconfigured(error.to_string()))?;

        // Before anything is read: a token is never younger than what it was given for,
        // so one for a secret that is being replaced does not outlive it.
        let now = self.ports.clock.now();
        // What is no id is nobody's; looking for it takes as long as for any other.
        let asked = id.parse::<AgentId>().ok();
        let looked_for = asked.unwrap_or(AgentId::new(uuid::Uuid::nil()));
        let attempt = Attempt {
            schema: self.ports.schema,
            access: self.ports.access,
            lockouts: self.ports.lockouts,
            settings: &self.settings.tokens,
            verify: &secret::verify,
            address: self.client_address(headers),
            now,
        };
        let Some(origin) = attempt.origin()? else {
            return Ok(None);
        };
        let agent = self.with_schema(|| self.ports.agents.find(looked_for))?;
        let agent = agent.filter(|_| asked.is_some());
        let Some(agent) = attempt.judge(origin, looked_for, agent, given)? else {
            return Ok(None);
        };
        let settings = &self.settings.tokens;
        let (token, expires) =
            token::issue(&agent, self.ports.uuid(), now, settings, &keys).map_err(misconfigured)?;
        Ok(Some(Granted { token, expires }))
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// RFC 6749 §5.1.
fn not_kept<B>(mut response: Response<ResponseBody<B>>) -> Response<ResponseBody<B>> {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(header::PRAGMA, NO_CACHE);
    response
}
