//! `/policies`: what policies there are and what they say.

use http::StatusCode;
use serde_json::{Value, json};
use vectra_domain::{Policy, PolicyStatus};

use crate::gateway::{Answer, Gateway, json};
use crate::page::{LIST, PageQuery, page};
use crate::problem::{Kind, Refusal};

/// Policies read at once: each may be large, and hosts bound what a read returns.
pub(crate) const CHUNK: u32 = 4;

impl<U> Gateway<'_, U> {
    /// `GET /policies`.
    pub(crate) fn list_policies<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &[], LIST)?;
        let after = query.cursor(|parts| match parts {
            [name] => Some((*name).to_owned()),
            _ => None,
        })?;
        let mut items: Vec<(String, Value)> = Vec::new();
        let wanted = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let mut after = after;
        while items.len() <= wanted {
            let chunk = self.with_schema(|| self.ports.policies.list(after.as_deref(), CHUNK))?;
            let Some(last) = chunk.last() else { break };
            after = Some(last.name.clone());
            items.extend(
                chunk
                    .iter()
                    .map(|policy| (policy.name.clone(), summary(policy))),
            );
        }
        let place = |item: &(String, Value)| vec![item.0.clone()];
        let show = |item: &(String, Value)| item.1.clone();
        Ok(json(
            StatusCode::OK,
            &page(&items, query.limit, place, show),
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
