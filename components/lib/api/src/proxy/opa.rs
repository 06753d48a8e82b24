//! Asks a policy server with the interface of the Open Policy Agent (OB §9.6, mended).
//!
//! Whatever goes wrong is a denial with its reason: the original answered 500, and
//! asked for `allow` before `hitl`; here the strictest of what is said counts.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use vectra_decision::{Agent, Body, DecisionType, PolicyAnswer, Risk, Verdict, rules};

use super::Proxied;
use super::mask::mask;
use crate::gateway::Gateway;
use crate::log::on_one_line;
use crate::ports::{OutgoingBody, Upstream};
use crate::settings::Opa;

/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Longest reason and longest name of a rule that is taken over, in characters.
const MAX_TEXT: usize = 1_024;

/// What the server is told of a request.
#[derive(Serialize)]
struct Input<'a> {
    method: &'a str,
    path: String,
    #[serde(rename = "normalisedPath")]
    normalised_path: String,
    #[serde(rename = "targetUrl")]
    target_url: String,
    headers: Map<String, Value>,
    body: Option<&'a str>,
    agent: Value,
    #[serde(rename = "policyName")]
    policy_name: Option<&'a str>,
    risk: Value,
}

impl<U> Gateway<'_, U> {
    /// What the policy server says.
    pub(super) fn ask_policy_server<B>(
        &self,
        opa: &Opa,
        proxied: &Proxied,
        agent: &Agent,
        risk: &Risk,
    ) -> PolicyAnswer
    where
        U: Upstream<B>,
    {
        match self.policy_server_says::<B>(opa, proxied, agent, risk) {
            Ok(verdict) => PolicyAnswer::Answered(verdict),
            Err(why) => PolicyAnswer::Unusable(why),
        }
    }

    fn policy_server_says<B>(
        &self,
        opa: &Opa,
        proxied: &Proxied,
        agent: &Agent,
        risk: &Risk,
    ) -> Result<Verdict, String>
    where
        U: Upstream<B>,
    {
        let question = json!({ "input": self.input_of(proxied, agent, risk) }).to_string();
        let mut request = Request::new(OutgoingBody::<B>::Bytes(question.into_bytes()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = opa.url.clone();
        let kind = HeaderValue::from_static("application/json");
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, kind.clone());
        headers.insert(header::CONTENT_TYPE, kind);
        let patience = Duration::from_secs(u64::from(opa.timeout));
        request.extensions_mut().insert(patience);
        let unreachable = |error| {
            self.log(&format!("the policy server: {error}"));
            "OPA cannot be reached".to_owned()
        };
        let answer = self.ports.upstream.send(request).map_err(unreachable)?;
        let (head, body) = answer.into_parts();
        if !head.status.is_success() {
            let status = head.status.as_u16();
            return Err(format!("OPA request failed with status code {status}"));
        }
        let bytes = self.ports.upstream.read(body, MAX_ANSWER, patience);
        read(&bytes.map_err(unreachable)?)
    }
}

impl<U> Gateway<'_, U> {
    /// A policy server may keep what it is told: secrets in URLs are masked.
    fn input_of<'a>(&self, proxied: &'a Proxied, agent: &'a Agent, risk: &Risk) -> Input<'a> {
        let masked = |url: &str| mask(url, &self.settings.proxy.masked_parameters);
        input(proxied, agent, risk, masked)
    }
}

fn input<'a>(
    proxied: &'a Proxied,
    agent: &'a Agent,
    risk: &Risk,
    masked: impl Fn(&str) -> String,
) -> Input<'a> {
    let inspected = matches!(proxied.inspection, Body::Inspected(_));
    Input {
        method: proxied.method.as_str(),
        path: masked(&proxied.target.path),
        normalised_path: masked(&proxied.target.normalised),
        target_url: masked(&proxied.target.canonical_url()),
        headers: headers(&proxied.headers),
        body: std::str::from_utf8(&proxied.body)
            .ok()
            .filter(|_| inspected),
        agent: json!({ "id": agent.id, "trust_score": agent.trust_score }),
        policy_name: agent.policy_name.as_deref(),
        risk: json!({ "score": risk.score, "factors": risk.factors }),
    }
}

/// Names in lower case; a field that is repeated is a list.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let text = |name: &str, value: &HeaderValue| -> Value {
        // The policy server learns that it is there.
        if rules::is_secret_header(name) {
            "[masked]".into()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into()
        }
    };
    headers
        .keys()
        .map(|name| {
            let name = name.as_str();
            let mut values: Vec<Value> = headers
                .get_all(name)
                .iter()
                .map(|value| text(name, value))
                .collect();
            let value = match values.pop() {
                Some(only) if values.is_empty() => only,
                Some(last) => {
                    values.push(last);
                    Value::Array(values)
                }
                None => Value::Null,
            };
            (name.to_owned(), value)
        })
        .collect()
}

/// Reads the server's answer.
fn read(answer: &[u8]) -> Result<Verdict, String> {
    let answer: Value =
        serde_json::from_slice(answer).map_err(|_| "OPA response is not JSON".to_owned())?;
    let verdict = |effect, rule, reason| Verdict {
        effect,
        rule,
        reason,
        looked_at: Vec::new(),
        shadow: false,
    };
    match answer.get("result") {
        None => Err("OPA response does not contain 'result'".to_owned()),
        Some(Value::Bool(true)) => Ok(verdict(DecisionType::Allow, None, None)),
        Some(Value::Bool(false)) => {
            let reason = Some("OPA deny".to_owned());
            Ok(verdict(DecisionType::Deny, None, reason))
        }
        Some(Value::Object(result)) => Ok(verdict(
            effect(result),
            text(result, "rule"),
            text(result, "reason"),
        )),
        Some(_) => Err("Unsupported OPA result format".to_owned()),
    }
}

/// The strictest of what is said; nothing that is understood is a Deny.
fn effect(result: &Map<String, Value>) -> DecisionType {
    let says = |name: &str| result.get(name) == Some(&Value::Bool(true));
    let named = result.get("effect").map(|effect| {
        let effect = effect.as_str().unwrap_or_default().to_ascii_lowercase();
        match effect.as_str() {
            "allow" => DecisionType::Allow,
            "hitl" => DecisionType::Hitl,
            _ => DecisionType::Deny,
        }
    });
    let refused = result.get("allow") == Some(&Value::Bool(false));
    if says("deny") || named == Some(DecisionType::Deny) {
        DecisionType::Deny
    } else if says("hitl") || named == Some(DecisionType::Hitl) {
        DecisionType::Hitl
    } else if !refused && (says("allow") || named == Some(DecisionType::Allow)) {
        DecisionType::Allow
    } else {
        DecisionType::Deny
    }
}

fn text(result: &Map<String, Value>, name: &str) -> Option<String> {
    let text = result.get(name)?.as_str()?;
    let text: String = text.chars().take(MAX_TEXT).collect();
    let text = on_one_line(&text);
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
