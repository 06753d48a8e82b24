//! `/policies`: what policies there are and what they say.

mod case;
mod change;
mod evaluate;
mod verdict;

use http::StatusCode;
use serde_json::{Value, json};
use vectra_domain::{Policy, PolicyStatus};

use crate::gateway::{Answer, Gateway, json};
use crate::page::{LIST, PageQuery, page, parameter};
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

    /// `GET /policies/{name}/revisions`.
    pub(crate) fn list_policy_revisions<B>(&self, name: &str, query: Option<&str>) -> Answer<B> {
        let name = policy_name(name)?;
        let query = PageQuery::read(query, &[], LIST)?;
        let before: Option<u32> = query.cursor(|parts| match parts {
            [revision] => revision.parse().ok(),
            _ => None,
        })?;
        let more = query.limit + 1;
        let rows = self.with_schema(|| self.ports.policies.revisions(&name, before, more))?;
        if rows.is_empty() && before.is_none() {
            return Err(no_such_policy(&name));
        }
        let place = |policy: &Policy| vec![policy.revision.to_string()];
        Ok(json(
            StatusCode::OK,
            &page(&rows, query.limit, place, revision),
        ))
    }

    /// `GET /policies/{name}`: the newest revision, or the one that is named.
    pub(crate) fn show_policy<B>(&self, name: &str, query: Option<&str>) -> Answer<B> {
        let name = policy_name(name)?;
        let wanted = match parameter(query, "revision")? {
            None => None,
            Some(text) => Some(
                text.parse()
                    .map_err(|_| Refusal::field("revision", "must be the number of a revision"))?,
            ),
        };
        let policy = self.existing_policy(&name, wanted)?;
        let mut shown = document(&policy);
        if let (Value::Object(shown), Value::Object(state)) = (&mut shown, state(&policy)) {
            shown.extend(state);
            shown.insert("contentHash".to_owned(), policy.content_hash.clone().into());
        }
        Ok(json(StatusCode::OK, &shown))
    }

    /// The newest revision, or the one that is named.
    fn existing_policy(&self, name: &str, revision: Option<u32>) -> Result<Policy, Refusal> {
        self.with_schema(|| self.ports.policies.find(name, revision))?
            .ok_or_else(|| match revision {
                None => no_such_policy(name),
                Some(revision) => Refusal::new(Kind::PolicyNotFound)
                    .detail(format!("Policy '{name}' has no revision {revision}.")),
            })
    }
}

/// The name in a path. It goes to the database as it is: no name that cannot be is there.
fn policy_name(segment: &str) -> Result<String, Refusal> {
    let name = percent_encoding::percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| Refusal::field("name", "is not valid text"))?;
    if name.contains('\0') {
        return Err(Refusal::field("name", "must not hold control characters"));
    }
    Ok(name.into_owned())
}

fn no_such_policy(name: &str) -> Refusal {
    Refusal::new(Kind::PolicyNotFound).detail(format!("Policy '{name}' was not found."))
}

/// The policy's own text; of a broken one only the name is known.
fn document(policy: &Policy) -> Value {
    match serde_json::from_str(&policy.document) {
        Ok(document @ Value::Object(_)) => document,
        _ => json!({ "name": policy.name }),
    }
}

/// A revision among others, without its document.
fn revision(policy: &Policy) -> Value {
    let mut shown = json!({
        "contentHash": policy.content_hash,
        "createdAt": policy.created_at.to_string(),
    });
    if let (Value::Object(shown), Value::Object(state)) = (&mut shown, state(policy)) {
        shown.extend(state);
    }
    shown
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
