//! `/operators`: who works with the gateway. The first key is configuration and is not
//! among them.

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use vectra_domain::{Operator, OperatorId, OperatorRole, PersistenceError, Timestamp};

use crate::RequestBody;
use crate::acts::{Done, Order};
use crate::agents::MAX_NAME;
use crate::auth::operator::{FIRST, GATEWAY, hash, new_key};
use crate::fields::{Field, Fields};
use crate::gateway::{Answer, Gateway, json as answer, no_content, unstored};
use crate::page::{LIST, PageQuery, page};
use crate::problem::{Kind, Refusal};

/// Longest role and time that is read, in characters.
const MAX_TEXT: usize = 64;

/// An operator that is to be added.
struct NewOperator {
    name: String,
    role: OperatorRole,
    expires_at: Option<Timestamp>,
}

impl<U> Gateway<'_, U> {
    /// `POST /operators`. The key is in the answer and nowhere else.
    pub(crate) fn add_operator<'s, B>(
        &'s self,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let (new, detail) = self.read_operator(headers, body)?;
        Ok(Order::new(None, detail, move || {
            let is_name = |name: &&str| new.name.eq_ignore_ascii_case(name);
            if [FIRST, GATEWAY].iter().any(is_name) {
                return Err(taken(&new.name));
            }
            let key = new_key(self.ports.random);
            let operator = Operator {
                id: OperatorId::new(self.ports.uuid()),
                name: new.name,
                role: new.role,
                key_hash: hash(&key),
                created_at: self.ports.clock.now(),
                expires_at: new.expires_at,
                last_used_at: None,
                revoked_at: None,
            };
            self.with_schema(|| self.ports.operators.insert(&operator))
                .map_err(|error| match error {
                    PersistenceError::Conflict(_) => taken(&operator.name),
                    other => Refusal::not_saved(other),
                })?;
            let mut shown = show(&operator);
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("key".to_owned(), key.into());
            }
            Ok(Done {
                response: unstored(answer(StatusCode::CREATED, &shown)),
                target: operator.id.to_string(),
            })
        }))
    }

    fn read_operator(
        &self,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<(NewOperator, Map<String, Value>), Refusal> {
        let mut fields = Fields::read(headers, body)?;
        let name = fields.required_name("name", MAX_NAME);
        let role = fields.required("role", 1..=MAX_TEXT);
        let expires = fields.optional("expiresAt", 1..=MAX_TEXT);
        let parsed = serde_json::from_value::<OperatorRole>(Value::from(role.as_str()));
        if parsed.is_err() && !role.is_empty() {
            fields.refuse("role", "must be Admin, Reviewer or Auditor");
        }
        let expires_at = match expires {
            Field::Missing | Field::Null => None,
            Field::Given(text) => match text.parse::<Timestamp>() {
                Ok(time) if time > self.ports.clock.now() => Some(time),
                Ok(_) => {
                    fields.refuse("expiresAt", "must be in the future");
                    None
                }
                Err(error) => {
                    fields.refuse("expiresAt", error.to_string());
                    None
                }
            },
        };
        let detail = fields.finish()?;
        // `finish` has refused already if it is none.
        let role = parsed.map_err(|error| Refusal::field("role", error.to_string()))?;
        let new = NewOperator {
            name,
            role,
            expires_at,
        };
        Ok((new, detail))
    }

    /// `GET /operators`, by name.
    pub(crate) fn list_operators<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &[], LIST)?;
        let after = query.cursor(|parts| match parts {
            [name, id] => Some(((*name).to_owned(), id.parse().ok()?)),
            _ => None,
        })?;
        let limit = query.limit + 1;
        let operators = self.with_schema(|| self.ports.operators.list(after.as_ref(), limit))?;
        let place = |operator: &Operator| vec![operator.name.clone(), operator.id.to_string()];
        Ok(answer(
            StatusCode::OK,
            &page(&operators, query.limit, place, show),
        ))
    }

    /// `DELETE /operators/{operatorId}`: takes the key back.
    pub(crate) fn revoke_operator<'s, B>(&'s self, id: &str) -> Result<Order<'s, B>, Refusal> {
        let id = id
            .parse::<OperatorId>()
            .map_err(|error| Refusal::field("operatorId", error.to_string()))?;
        Ok(Order::new(Some(id.to_string()), Map::new(), move || {
            let now = self.ports.clock.now();
            self.with_schema(|| self.ports.operators.revoke(id, now))
                .map_err(|error| match error {
                    PersistenceError::NotFound => Refusal::new(Kind::OperatorNotFound)
                        .detail(format!("Operator with ID {id} not found.")),
                    other => Refusal::not_saved(other),
                })?;
            Ok(Done {
                response: no_content(),
                target: id.to_string(),
            })
        }))
    }
}

fn taken(name: &str) -> Refusal {
    Refusal::new(Kind::NameTaken).detail(format!("another operator is called `{name}`"))
}

/// An operator without their key's hash.
fn show(operator: &Operator) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "operatorId": operator.id,
        "name": operator.name,
        "role": operator.role,
        "createdAt": operator.created_at.to_string(),
        "expiresAt": time(operator.expires_at),
        "lastUsedAt": time(operator.last_used_at),
        "revokedAt": time(operator.revoked_at),
    })
}
