//! `PUT` and `DELETE /policies/{name}`.
//!
//! A policy is one document that is put as a whole; each put that changes it is a
//! revision, and the newest one decides from the next request on, on every node. Two
//! operators who put at the same time make two revisions, one after the other: neither
//! is lost, the later one holds. A condition (`If-Match`) is refused rather than looked
//! at, since between looking and putting another revision may come.

use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, json};
use vectra_decision::{Compiled, Problem};
use vectra_domain::repository::AgentPage;
use vectra_domain::{PersistenceError, Policy, PolicySource, PolicyStatus};

use super::{no_such_policy, policy_name};
use crate::RequestBody;
use crate::acts::{Done, Order};
use crate::fields::{Fields, is_json};
use crate::gateway::{Gateway, json as answer, no_content};
use crate::page::parameter;
use crate::problem::{Kind, Refusal};
use crate::secret::sha256_hex;

/// Longest document, in bytes; the engine has the same limit.
const MAX_DOCUMENT: usize = 1024 * 1024;

impl<U> Gateway<'_, U> {
    /// `PUT /policies/{name}`: the document as its author wrote it, comments and all.
    pub(crate) fn put_policy<'s, B>(
        &'s self,
        name: &str,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let name = policy_name(name)?;
        if headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_NONE_MATCH) {
            let message = "no condition can be kept here: compare the revision in the answer";
            return Err(Refusal::field("If-Match", message));
        }
        if !is_json(headers) {
            return Err(Refusal::new(Kind::UnsupportedMediaType));
        }
        let source = String::from_utf8(Fields::read_at_most(body, MAX_DOCUMENT)?)
            .map_err(|_| Refusal::new(Kind::MalformedJson).detail("the document is not UTF-8"))?;
        let compiled = self.compiled(&source)?;
        if compiled.name != name {
            let message = format!("is `{}`, but the path says `{name}`", compiled.name);
            return Err(Refusal::field("name", message));
        }
        let content_hash = sha256_hex(source.as_bytes());
        let detail = Map::from_iter([("contentHash".to_owned(), content_hash.clone().into())]);
        Ok(Order::new(Some(name), detail, move || {
            self.put_revision(compiled, content_hash)
        }))
    }

    /// Compiles a document; what is wrong with it is told by its places.
    pub(crate) fn compiled(&self, source: &str) -> Result<Compiled, Refusal> {
        let compiled = self.ports.policy_engine.compile(source);
        compiled.map_err(|problems| Refusal::fields(&by_place(problems)))
    }

    /// A revision that is not put yet.
    pub(super) fn revision(&self, compiled: Compiled, content_hash: String) -> Policy {
        Policy {
            name: compiled.name,
            revision: 0,
            document: compiled.document,
            compiled: compiled.code,
            status: PolicyStatus::Active,
            problem: None,
            source: PolicySource::Api,
            source_name: None,
            content_hash,
            created_at: self.ports.clock.now(),
        }
    }

    fn put_revision<B>(
        &self,
        compiled: Compiled,
        content_hash: String,
    ) -> Result<Done<B>, Refusal> {
        let warnings = warnings(&compiled);
        let shadow = compiled.shadow;
        let policy = self.revision(compiled, content_hash);
        let put = self
            .with_schema(|| self.ports.policies.put(&policy))
            .map_err(|error| of_a_file_or(error, &policy.name))?;
        let status = match (put.changed, put.revision) {
            (true, 1) => StatusCode::CREATED,
            _ => StatusCode::OK,
        };
        let shown = json!({
            "name": policy.name,
            "revision": put.revision,
            "changed": put.changed,
            "shadow": shadow,
            "warnings": warnings,
        });
        Ok(Done {
            response: answer(status, &shown),
            target: policy.name,
        })
    }

    /// `DELETE /policies/{name}`: agents that stay bound to it are denied, so there must
    /// be none unless `force=true` is said.
    pub(crate) fn retire_policy<'s, B>(
        &'s self,
        name: &str,
        query: Option<&str>,
    ) -> Result<Order<'s, B>, Refusal> {
        let name = policy_name(name)?;
        let force = match parameter(query, "force")?.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Refusal::field("force", "must be true or false")),
        };
        let detail = Map::from_iter([("force".to_owned(), force.into())]);
        Ok(Order::new(Some(name.clone()), detail, move || {
            let newest = self
                .with_schema(|| self.ports.policies.find(&name, None))?
                .ok_or_else(|| no_such_policy(&name))?;
            if newest.source == PolicySource::File && newest.status != PolicyStatus::Retired {
                return Err(of_a_file(&name));
            }
            if !force && newest.status != PolicyStatus::Retired {
                self.nobody_bound(&name)?;
            }
            let policy = Policy {
                status: PolicyStatus::Retired,
                problem: None,
                created_at: self.ports.clock.now(),
                ..newest
            };
            self.with_schema(|| self.ports.policies.put(&policy))
                .map_err(|error| of_a_file_or(error, &name))?;
            Ok(Done {
                response: no_content(),
                target: name,
            })
        }))
    }

    fn nobody_bound(&self, name: &str) -> Result<(), Refusal> {
        let bound = AgentPage {
            after: None,
            limit: 1,
            status: None,
            owner_id: None,
            policy_name: Some(name.to_owned()),
            name: None,
        };
        match self
            .with_schema(|| self.ports.agents.list(&bound))?
            .is_empty()
        {
            true => Ok(()),
            false => Err(Refusal::new(Kind::PolicyInUse).detail(format!(
                "agents are bound to `{name}` and would be denied; `force=true` does it all the same"
            ))),
        }
    }
}

/// The engine's warnings as they are shown.
pub(super) fn warnings(compiled: &Compiled) -> Vec<serde_json::Value> {
    let show = |warning: &Problem| json!({ "place": warning.place, "message": warning.message });
    compiled.warnings.iter().map(show).collect()
}

/// Problems by their places; one that has none is the whole document's.
fn by_place(problems: Vec<Problem>) -> std::collections::BTreeMap<String, Vec<String>> {
    let mut errors = std::collections::BTreeMap::new();
    for Problem { place, message } in problems {
        let place = if place.is_empty() {
            "document".to_owned()
        } else {
            place
        };
        let messages: &mut Vec<String> = errors.entry(place).or_default();
        messages.push(message);
    }
    errors
}

fn of_a_file(name: &str) -> Refusal {
    let detail = format!("policy `{name}` was made by a file and changes with it only");
    Refusal::new(Kind::PolicyOfFile).detail(detail)
}

fn of_a_file_or(error: PersistenceError, name: &str) -> Refusal {
    match error {
        PersistenceError::Conflict(_) => of_a_file(name),
        error => Refusal::not_saved(error),
    }
}
