//! `/credentials`: header fields with secrets that the gateway adds to requests to an
//! origin, so that agents never hold them.
//!
//! They are added to what goes out and to nothing else: no policy, policy server or
//! classifier is asked about them, and no log, record or held request has them.

mod bound;
mod form;

use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};
use vectra_domain::{Context, Credential, CredentialId, Origin, PersistenceError};

use crate::RequestBody;
use crate::acts::{Done, Order};
use crate::fields::Fields;
use crate::gateway::{Answer, Gateway, json as answer, no_content};
use crate::page::{LIST, PageQuery, page};
use crate::problem::{Kind, Refusal};
use bound::{Bound, open};
use form::{HeaderFields, origin};

/// Longest origin that is read, in characters.
const MAX_ORIGIN: usize = 300;

impl<U> Gateway<'_, U> {
    /// `GET /credentials`, by origin. Never shows a value.
    pub(crate) fn list_credentials<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &[], LIST)?;
        let after = query.cursor(|parts| match parts {
            [origin] => Some((*origin).to_owned()),
            _ => None,
        })?;
        let limit = query.limit + 1;
        let credentials =
            self.with_schema(|| self.ports.credentials.list(after.as_deref(), limit))?;
        let place = |credential: &Credential| vec![credential.origin.clone()];
        let page = page(&credentials, query.limit, place, show);
        Ok(answer(StatusCode::OK, &page))
    }

    /// `POST /credentials`: binds header fields to an origin.
    pub(crate) fn add_credential<'s, B>(
        &'s self,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let mut fields = Fields::read(headers, body)?;
        let text = fields.required("origin", 1..=MAX_ORIGIN);
        let origin = origin(&text);
        if let (Err(why), false) = (&origin, text.is_empty()) {
            fields.refuse("origin", why.clone());
        }
        let header_fields = HeaderFields::take(&mut fields);
        let detail = fields.finish()?;
        // `finish` has refused already if it is none.
        let origin = origin
            .map_err(|why| Refusal::field("origin", why))?
            .to_string();
        Ok(Order::new(None, detail, move || {
            let bound = Bound {
                id: CredentialId::new(self.ports.uuid()),
                origin: &origin,
            };
            let credential = self.sealed(&bound, &header_fields)?;
            self.with_schema(|| self.ports.credentials.insert(&credential))
                .map_err(|error| match error {
                    PersistenceError::Conflict(_) => Refusal::new(Kind::CredentialTaken)
                        .detail(format!("{origin} has credentials: replace or remove them")),
                    other => Refusal::not_saved(other),
                })?;
            Ok(Done {
                response: answer(StatusCode::CREATED, &show(&credential)),
                target: credential.id.to_string(),
            })
        }))
    }

    /// `PUT /credentials/{credentialId}`: replaces the header fields.
    pub(crate) fn replace_credential<'s, B>(
        &'s self,
        id: &str,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let id = credential_id(id)?;
        let mut fields = Fields::read(headers, body)?;
        let header_fields = HeaderFields::take(&mut fields);
        let detail = fields.finish()?;
        Ok(Order::new(Some(id.to_string()), detail, move || {
            let before = self.with_schema(|| self.ports.credentials.find(id))?;
            let before = before.ok_or_else(|| missing(id))?;
            let bound = Bound {
                id,
                origin: &before.origin,
            };
            let credential = Credential {
                created_at: before.created_at,
                ..self.sealed(&bound, &header_fields)?
            };
            self.with_schema(|| self.ports.credentials.replace(&credential))
                .map_err(|error| missing_or(error, id))?;
            Ok(Done {
                response: answer(StatusCode::OK, &show(&credential)),
                target: id.to_string(),
            })
        }))
    }

    /// `DELETE /credentials/{credentialId}`.
    pub(crate) fn remove_credential<'s, B>(&'s self, id: &str) -> Result<Order<'s, B>, Refusal> {
        let id = credential_id(id)?;
        Ok(Order::new(Some(id.to_string()), Map::new(), move || {
            self.with_schema(|| self.ports.credentials.remove(id))
                .map_err(|error| missing_or(error, id))?;
            Ok(Done {
                response: no_content(),
                target: id.to_string(),
            })
        }))
    }

    /// The row that keeps header fields for an origin.
    fn sealed(&self, bound: &Bound<'_>, fields: &HeaderFields) -> Result<Credential, Refusal> {
        let sealed = self.seal(&fields.plain(), &bound.associated())?;
        let now = self.ports.clock.now();
        Ok(Credential {
            id: bound.id,
            origin: bound.origin.to_owned(),
            header_names: fields.names(),
            key_id: sealed.key_id,
            sealed: sealed.bytes,
            created_at: now,
            updated_at: now,
        })
    }

    /// Adds what is bound to the origin to a request that is on its way there, in place of
    /// fields of these names. What was decided is unaware of it.
    ///
    /// # Errors
    /// Refuses if they cannot be read: nothing is ever sent without them.
    pub(crate) fn add_credentials(
        &self,
        method: &Method,
        headers: &mut HeaderMap,
        context: &Context,
        origin: &Origin,
    ) -> Result<(), Refusal> {
        let Some(kept) = &context.credential else {
            return Ok(());
        };
        // Its answer holds what was sent (RFC 9110 §9.3.8), and servers take other spellings
        // for it.
        let echoes = |name: &&str| method.as_str().eq_ignore_ascii_case(name);
        if let Some(name) = ["TRACE", "TRACK"].into_iter().find(echoes) {
            return Err(Refusal::new(Kind::Denied).detail(format!(
                "{name} would show the credentials of the origin to the agent"
            )));
        }
        let fields = self.data_keys().and_then(|keys| open(&keys, kept, origin));
        let fields = fields.map_err(|error| {
            Refusal::new(Kind::Misconfigured)
                .detail("the credentials of the origin cannot be read; nothing was forwarded")
                .internal(format!("the credentials of {origin}: {error}"))
        })?;
        for (name, mut value) in fields {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(())
    }
}

fn credential_id(text: &str) -> Result<CredentialId, Refusal> {
    text.parse::<CredentialId>()
        .map_err(|error| Refusal::field("credentialId", error.to_string()))
}

fn missing(id: CredentialId) -> Refusal {
    Refusal::new(Kind::CredentialNotFound).detail(format!("Credentials with ID {id} not found."))
}

fn missing_or(error: PersistenceError, id: CredentialId) -> Refusal {
    match error {
        PersistenceError::NotFound => missing(id),
        other => Refusal::not_saved(other),
    }
}

/// What may be seen of them.
fn show(credential: &Credential) -> Value {
    json!({
        "credentialId": credential.id,
        "origin": credential.origin,
        "headerNames": credential.header_names,
        "createdAt": credential.created_at.to_string(),
        "updatedAt": credential.updated_at.to_string(),
    })
}
