//! `/hitls`: requests held for a human.

mod approval;
mod decide;
mod release;
mod response;
mod show;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use vectra_domain::repository::HeldPage;
use vectra_domain::{
    AgentId, AgentStatus, HeldRequest, HeldRequestId, HeldStatus, Query, Timestamp,
};

use crate::auth::Caller;
use crate::auth::agent::Holder;
use crate::gateway::{Answer, Gateway, json as answer};
use crate::page::{LIST, PageQuery, page};
use crate::ports::Upstream;
use crate::problem::{Kind, Refusal};

impl<U> Gateway<'_, U> {
    /// `GET /hitls`, oldest first.
    pub(crate) fn list_held<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &["status", "agentId"], LIST)?;
        let wanted = HeldPage {
            status: query.filter("status").map(read_status).transpose()?,
            agent_id: query.id("agentId")?,
            after: query.cursor(|parts| match parts {
                [time, id] => Some((time.parse().ok()?, id.parse().ok()?)),
                _ => None,
            })?,
            limit: query.limit + 1,
        };
        let rows = self.with_schema(|| self.ports.held.list(&wanted))?;
        let now = self.ports.clock.now();
        let place = |held: &HeldRequest| vec![held.created_at.to_string(), held.id.to_string()];
        let body = page(&rows, query.limit, place, |held| decided(held, now));
        Ok(answer(StatusCode::OK, &body))
    }

    /// `GET /hitls/{id}`: for operators with all that there is to decide about, for the
    /// agent that made it how it stands. Another agent's is not found, as if it were not
    /// there.
    pub(crate) fn show_held<B>(&self, caller: &Caller, id: &str) -> Answer<B> {
        let id = held_id(id)?;
        let shown = match caller {
            Caller::Operator(_) => self.detail(&self.held(id)?)?,
            Caller::Agent(agent) => {
                brief(&self.held_of(id, *agent)?, self.ports.clock.now()).into()
            }
            Caller::Anyone => return Err(Refusal::new(Kind::MissingCredentials)),
        };
        Ok(answer(StatusCode::OK, &shown))
    }

    /// A held request with all of it.
    fn held(&self, id: HeldRequestId) -> Result<HeldRequest, Refusal> {
        self.with_schema(|| self.ports.held.find_sealed(id))?
            .ok_or_else(|| not_found(id))
    }

    /// A held request of this agent's.
    fn held_of(&self, id: HeldRequestId, agent: AgentId) -> Result<HeldRequest, Refusal> {
        self.with_schema(|| self.ports.held.find(id))?
            .filter(|held| held.agent_id == agent)
            .ok_or_else(|| not_found(id))
    }
}

impl<U> Gateway<'_, U> {
    /// The agent whose token the caller holds, if it is still active and the token has
    /// not been ended.
    pub(crate) fn active_agent<B>(&self, headers: &HeaderMap) -> Result<AgentId, Refusal>
    where
        U: Upstream<B>,
    {
        self.still_active(&self.agent::<B>(headers)?)
    }

    /// The agent, if it is still active and its token has not been ended.
    pub(crate) fn still_active(&self, caller: &Holder) -> Result<AgentId, Refusal> {
        let query = Query {
            agent_id: caller.id,
            origin: None,
            now: self.ports.clock.now(),
        };
        let context = self.with_schema(|| self.ports.ledger.load(&query))?;
        let agent = context
            .agent
            .filter(|agent| agent.status == AgentStatus::Active)
            .ok_or_else(|| Refusal::new(Kind::Denied).detail("Agent is not active"))?;
        if caller.holds(&context.access) {
            Ok(agent.id)
        } else {
            Err(Refusal::new(Kind::MissingCredentials))
        }
    }
}

/// How a held request stands. Rows are moved to Expired in ticks; until then their time
/// decides.
pub(crate) fn status_at(held: &HeldRequest, now: Timestamp) -> HeldStatus {
    match held.status {
        HeldStatus::Pending | HeldStatus::Approved if held.expires_at <= now => HeldStatus::Expired,
        status => status,
    }
}

/// Whether there is nothing left for the agent to wait for.
pub(crate) const fn is_settled(status: HeldStatus) -> bool {
    !matches!(
        status,
        HeldStatus::Pending | HeldStatus::Approved | HeldStatus::Releasing
    )
}

fn held_id(text: &str) -> Result<HeldRequestId, Refusal> {
    text.parse::<HeldRequestId>()
        .map_err(|error| Refusal::field("id", error.to_string()))
}

fn not_found(id: HeldRequestId) -> Refusal {
    Refusal::new(Kind::HeldNotFound).detail(format!("HITL request '{id}' was not found."))
}

fn read_status(text: &str) -> Result<HeldStatus, Refusal> {
    serde_json::from_value(Value::from(text)).map_err(|_| {
        let names = HeldStatus::ALL.map(|status| format!("{status:?}"));
        Refusal::field("status", format!("must be one of {}", names.join(", ")))
    })
}

/// A held request as its agent sees it: nothing of those who decide.
fn brief(held: &HeldRequest, now: Timestamp) -> serde_json::Map<String, Value> {
    let shown = json!({
        "id": held.id.to_string(),
        "agentId": held.agent_id.to_string(),
        "status": status_at(held, now),
        "reason": held.reason,
        "method": held.method,
        "targetUrl": held.target_url,
        "digest": held.digest,
        "createdAt": held.created_at.to_string(),
        "expiresAt": held.expires_at.to_string(),
    });
    match shown {
        Value::Object(shown) => shown,
        _ => serde_json::Map::new(),
    }
}

/// The same, with who has decided.
fn decided(held: &HeldRequest, now: Timestamp) -> Value {
    let mut shown = brief(held, now);
    let decided = [
        ("decidedBy", held.decided_by.clone()),
        ("decidedAt", held.decided_at.map(|time| time.to_string())),
        ("comment", held.comment.clone()),
    ];
    for (name, value) in decided {
        shown.insert(name.to_owned(), value.into());
    }
    shown.into()
}
