//! An agent and its operator, for the tests that are no data.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::client::{Request, Response};

/// A registered agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Its GUID.
    pub id: String,
    /// Its client secret.
    pub secret: String,
    /// Its token.
    pub token: String,
}

impl Agent {
    /// Registers one, assigns a policy if one is named, and gets a token.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn register(
        address: &str,
        admin_key: &str,
        name: &str,
        policy: Option<&str>,
    ) -> Result<Self> {
        let request = Request::new("POST", "/agents")
            .bearer(admin_key)
            .json(&json!({ "name": name }));
        let registered = must(request.send(address).await?, 201)?.json()?;
        let (id, secret) = (
            text(&registered, "agentId")?,
            text(&registered, "clientSecret")?,
        );
        if let Some(policy) = policy {
            let request = Request::new("PUT", &format!("/agents/{id}/policy"))
                .bearer(admin_key)
                .json(&json!({ "policyName": policy }));
            must(request.send(address).await?, 200)?;
        }
        let token = token(address, &id, &secret).await?;
        Ok(Self { id, secret, token })
    }

    /// A request through the gateway.
    #[must_use]
    pub fn proxied(&self, method: &str, url: &str) -> Request {
        Request::new(method, &format!("/proxy/{url}")).bearer(&self.token)
    }
}

/// Gets a token.
///
/// # Errors
/// If the gateway refuses.
pub async fn token(address: &str, id: &str, secret: &str) -> Result<String> {
    let request =
        Request::new("POST", "/tokens").json(&json!({ "agentId": id, "clientSecret": secret }));
    text(
        &must(request.send(address).await?, 200)?.json()?,
        "accessToken",
    )
}

/// The answer, if it has this status.
///
/// # Errors
/// If it has another one; with its body.
pub fn must(response: Response, status: u16) -> Result<Response> {
    let body = String::from_utf8_lossy(&response.body);
    ensure!(
        response.status == status,
        "{} instead of {status}: {body}",
        response.status
    );
    Ok(response)
}

fn text(document: &Value, name: &str) -> Result<String> {
    let text = document
        .get(name)
        .and_then(Value::as_str)
        .map(str::to_owned);
    text.with_context(|| format!("no `{name}` in {document}"))
}
