//! `/policies`: what policies there are and what they say.

use http::StatusCode;
use serde_json::{Value, json};
use vectra_domain::{Policy, PolicyStatus};

use crate::gateway::{Answer, Gateway, json};
use crate::page::{PageQuery, page};
use crate::problem::{Kind, Refusal};

impl<U> Gateway<'_, U> {
    /// `GET /policies`.
    pub(crate) fn list_policies<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &[])?;
        let after = query.cursor(|parts| match parts {
            [name] => Some((*name).to_owned()),
            _ => None,
        })?;
        let policies =
            self.with_schema(|| self.ports.policies.list(after.as_deref(), query.limit + 1))?;
        let place = |policy: &Policy| vec![policy.name.clone()];
        Ok(json(
            StatusCode::OK,
            &page(policies, query.limit, place, summary),
        ))
    }

    /// `GET /policies/{name}`.
    pub(crate) fn show_policy<B>(&self, name: &str) -> Answer<B> {
        let name = percent_encoding::percent_decode_str(name)
            .decode_utf8()
            .map_err(|_| Refusal::field("name", "is not valid text"))?;
        let not_found =
            || Refusal::new(Kind::PolicyNotFound).detail(format!("Policy '{name}' was not found."));
        if name.contains('\0') {
            return Err(Refusal::field("name", "must not hold control characters"));
        }
        let policy = self
            .with_schema(|| self.ports.policies.find(&name, None))?
            .ok_or_else(not_found)?;
        let mut shown = document(&policy);
        if let (Value::Object(shown), Value::Object(state)) = (&mut shown, state(&policy)) {
            shown.extend(state);
            shown.insert("contentHash".to_owned(), policy.content_hash.clone().into());
        }
        Ok(json(StatusCode::OK, &shown))
    }
}

/// The policy's own text; of a broken one only the name is known.
fn document(policy: &Policy) -> Value {
    match serde_json::from_str(&policy.document) {
        Ok(document @ Value::Object(_)) => document,
        _ => json!({ "name": policy.name }),
    }
}

/// What the gateway knows of the policy.
fn state(policy: &Policy) -> Value {
    json!({
        "revision": policy.revision,
        "status": policy.status,
        "source": policy.source,
        "problem": policy.problem,
    })
}

fn summary(policy: &Policy) -> Value {
    let document = document(policy);
    let field = |name: &str| document.get(name).cloned().unwrap_or(Value::Null);
    let rules = document
        .get("rules")
        .and_then(Value::as_array)
        .map(Vec::len);
    let mut shown = json!({
        "name": policy.name,
        "description": field("description"),
        "owner": field("owner"),
        "default": if policy.status == PolicyStatus::Broken { Value::Null } else { field("default") },
        "ruleCount": rules,
    });
    if let (Value::Object(shown), Value::Object(state)) = (&mut shown, state(policy)) {
        shown.extend(state);
    }
    shown
}
