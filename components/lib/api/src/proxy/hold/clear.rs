//! Whether a held request may be sent now: asked when it is approved, and once more when
//! it is sent.

use std::fmt;

use http::HeaderMap;
use vectra_decision::{Body, DecisionType, IntentStatus, Stage};
use vectra_domain::{Agent, Context, HeldRequest, Timestamp};

use super::open::{Exact, Opened, Unopened};
use crate::gateway::Gateway;
use crate::ports::Upstream;
use crate::problem::{Kind, Refusal};
use crate::proxy::circuit::Passage;
use crate::proxy::decide::Decided;
use crate::proxy::{HELD_RETRY, Proxied, active, headers, target};
use crate::sealing::SealError;
use crate::settings::PolicyUse;
use crate::trace::{REQUEST_ID, Trace};

/// A held request that may be sent now.
pub(crate) struct Cleared {
    /// How many operators must approve it.
    pub(crate) needed: u32,
    pub(super) proxied: Proxied,
    pub(super) context: Context,
    pub(super) decided: Decided,
    pub(super) passage: Passage,
    pub(super) agent: Agent,
}

impl Cleared {
    /// The agent as it is now.
    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }
}

/// Why it may not.
pub(crate) enum Obstacle {
    /// It never may.
    Lasting(Kind, String),
    /// It may later.
    Passing(Refusal),
}

impl Obstacle {
    /// For whoever wants it sent.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Lasting(kind, why) => Refusal::new(kind).detail(why),
            Self::Passing(refusal) => refusal,
        }
    }
}

/// For the log.
impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lasting(_, why) => f.write_str(why),
            Self::Passing(refusal) => f.write_str(refusal.context().unwrap_or(refusal.told())),
        }
    }
}

impl From<Refusal> for Obstacle {
    fn from(refusal: Refusal) -> Self {
        Self::Passing(refusal)
    }
}

impl From<Unopened> for Obstacle {
    fn from(why: Unopened) -> Self {
        match why {
            Unopened::Changed(why) => Self::Lasting(Kind::HeldChanged, why),
            // A line of `data_key` that is missing may come back.
            Unopened::NoKey(error @ SealError::UnknownKey(_)) => {
                Self::Passing(Refusal::new(Kind::HeldChanged).detail(error.to_string()))
            }
            Unopened::NoKey(error) => Self::Passing(error.into()),
            Unopened::Database(refusal) => Self::Passing(refusal),
        }
    }
}

impl<U> Gateway<'_, U> {
    /// Asks whether a held request may be sent now: it is the one that was held, its agent
    /// is active, what is decided about it now is no Deny, and its origin is worth a try.
    pub(crate) fn clear<B>(&self, held: &HeldRequest) -> Result<Cleared, Obstacle>
    where
        U: Upstream<B>,
    {
        let Opened {
            needed, request, ..
        } = self.open_held(held)?;
        let proxied = self.proxied(request)?;
        let context = self.load(held.agent_id, &proxied)?;
        let agent = active(context.agent.as_ref())
            .map_err(|refusal| Obstacle::Lasting(Kind::Denied, refusal.told().to_owned()))?
            .clone();
        let ended = context.access.tokens_not_before;
        if ended.is_some_and(|ended| ended >= held.created_at) {
            let why = "the agent's tokens were ended after it was held".to_owned();
            return Err(Obstacle::Lasting(Kind::Denied, why));
        }
        let decided = self.decide::<B>(&proxied, &agent, &context);
        if decided.decision.outcome == DecisionType::Deny {
            return Err(self.denied_now(&decided, &proxied));
        }
        // What a human has approved may be the probe without claiming it: there is one at
        // most for each approval.
        let passage = self.passage(proxied.origin(), context.circuit, proxied.now)?;
        Ok(Cleared {
            needed,
            proxied,
            context,
            decided,
            passage,
            agent,
        })
    }

    /// Why it may not be sent by what is decided now: later it may, if that says only that
    /// somebody could not be asked.
    fn denied_now(&self, decided: &Decided, proxied: &Proxied) -> Obstacle {
        let reason = decided.decision.reason.as_deref();
        let reason = reason.unwrap_or("Access denied");
        if self.is_outage(decided, proxied) {
            let refusal = Refusal::new(Kind::Undecidable)
                .detail(format!("it cannot be decided about now: {reason}"))
                .retry_after(HELD_RETRY);
            return Obstacle::Passing(refusal);
        }
        Obstacle::Lasting(Kind::Denied, format!("it is denied now: {reason}"))
    }

    /// Whether a denial comes from a policy server or a classifier that has not answered. A
    /// policy of the gateway's own that cannot be asked has to be mended by somebody.
    fn is_outage(&self, decided: &Decided, proxied: &Proxied) -> bool {
        let server =
            matches!(self.settings.policies, PolicyUse::Opa(_)) && decided.unusable.is_some();
        // It was not asked about what cannot be read.
        let asked = matches!(proxied.inspection, Body::None | Body::Inspected(_));
        let intent = decided.intent.as_ref().filter(|_| asked);
        let classifier = intent.is_some_and(|intent| intent.status == IntentStatus::Failed);
        match decided.decision.stage {
            // Policies ask for the meaning too.
            Stage::Policy => server || classifier,
            Stage::Semantic => classifier,
            Stage::Target | Stage::Body | Stage::Risk | Stage::None => false,
        }
    }

    /// The request as if it came now.
    fn proxied(&self, request: Exact) -> Result<Proxied, Obstacle> {
        let Exact {
            method,
            url,
            headers,
            body,
        } = request;
        let target = target::parse(&format!("/proxy/{url}"))
            .map_err(|error| Obstacle::Lasting(Kind::HeldChanged, error.to_string()))?;
        let trace = Trace::of(&headers, || self.ports.uuid().into_bytes());
        Ok(Proxied {
            method,
            target,
            // Read when it was held, whatever the settings say now.
            inspection: headers::inspect(&headers, &body),
            trace_id: trace.id,
            request_id: request_id(&headers),
            headers,
            body,
            now: self.ports.clock.now(),
        })
    }

    /// The present, if the request has not expired by then.
    pub(super) fn in_time(&self, held: &HeldRequest) -> Option<Timestamp> {
        Some(self.ports.clock.now()).filter(|now| *now < held.expires_at)
    }
}

fn request_id(headers: &HeaderMap) -> String {
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    id.unwrap_or_default().to_owned()
}
