//! `GET /counters`: what the gateway has counted, and `GET /operators/self`: who asks.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::auth::operator::Identity;
use crate::gateway::{Answer, Gateway, json as answer};

impl<U> Gateway<'_, U> {
    /// `GET /counters`: decisions by outcome and stage, requests over a limit, and how many
    /// requests wait for a human.
    pub(crate) fn show_counters<B>(&self) -> Answer<B> {
        let counters = self.with_schema(|| self.ports.ledger.counters())?;
        let now = self.ports.clock.now();
        let pending = self.with_schema(|| self.ports.held.count_pending(now))?;
        let counts: Map<String, Value> = counters
            .into_iter()
            .map(|counter| (counter.name, counter.count.into()))
            .collect();
        let body = json!({ "counters": counts, "heldPending": pending });
        Ok(answer(StatusCode::OK, &body))
    }

    /// `GET /operators/self`.
    pub(crate) fn show_self<B>(&self, by: &Identity) -> Answer<B> {
        let id = by.id.map(|id| id.to_string());
        let body = json!({ "id": id, "name": by.name, "role": by.role });
        Ok(answer(StatusCode::OK, &body))
    }
}
