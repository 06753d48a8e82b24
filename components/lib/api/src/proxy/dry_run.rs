//! What would be decided about a request that is only described: by the code that
//! decides about those that come, with nobody asked outside and nothing kept.

use std::cell::Cell;

use http::{HeaderMap, Method, Uri};
use vectra_decision::{Decision, Intent, IntentAnswer, PolicyAnswer};
use vectra_domain::{Agent, Context, Timestamp};

use super::decide::{Advisers, Decided};
use super::{Proxied, content_length, headers, read_target};
use crate::auth::Carrier;
use crate::gateway::Gateway;
use crate::problem::Refusal;
use crate::settings::PolicyUse;

/// A request as an agent would send it, beside its token.
pub(crate) struct Described {
    pub(crate) method: Method,
    /// `/proxy/` and the target.
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// When it would come.
    pub(crate) now: Timestamp,
}

/// What is known of the meaning of a request that is only described.
pub(crate) enum Meant {
    /// Nothing: whoever needs it leaves the decision open.
    Unknown,
    /// This.
    Given(Intent),
    /// The classifier may be asked; its answer is not kept.
    Asked,
}

/// What would be decided.
pub(crate) struct DryRun {
    pub(crate) decision: Decision,
    /// What was known of its meaning, if that was asked for.
    pub(crate) intent: Option<Intent>,
    /// It was asked for and not known: the decision is none.
    pub(crate) needs_intent: bool,
    /// The policy server would be asked: the decision is none.
    pub(crate) needs_policy_server: bool,
}

impl<U> Gateway<'_, U> {
    /// Decides about what is described. An agent with a policy is decided by that, also
    /// where a policy server is in its place or policies are off.
    ///
    /// # Errors
    /// What the gateway refuses before it decides.
    pub(crate) fn dry_run(
        &self,
        described: &Described,
        agent: &Agent,
        context: &Context,
        meant: &Meant,
    ) -> Result<DryRun, Refusal> {
        let proxied = self.described(described, agent)?;
        let (needs_intent, needs_policy_server) = (Cell::new(false), Cell::new(false));
        let advisers = Advisers {
            policies: match &agent.policy_name {
                Some(_) => &PolicyUse::Asked,
                None => &self.settings.policies,
            },
            policy_server: &|_, _, _| {
                needs_policy_server.set(true);
                PolicyAnswer::Unusable("nobody is asked".to_owned())
            },
            classifier: &|semantic, question| match meant {
                Meant::Given(intent) => IntentAnswer::Answered(intent.clone()),
                Meant::Asked => {
                    let classifier = self.ports.classifier;
                    IntentAnswer::Answered(classifier.classify(&semantic.config, question))
                }
                Meant::Unknown => {
                    needs_intent.set(true);
                    IntentAnswer::Pending
                }
            },
        };
        let decided = self.decide_with(&proxied, agent, context, &advisers);
        let Decided {
            decision, intent, ..
        } = decided;
        Ok(DryRun {
            decision,
            intent,
            needs_intent: needs_intent.get(),
            needs_policy_server: needs_policy_server.get(),
        })
    }

    /// The request as the proxy would have it, but for the fields that name it and its
    /// trace, which each request gets anew.
    fn described(&self, described: &Described, agent: &Agent) -> Result<Proxied, Refusal> {
        let target = read_target(&described.method, &described.uri)?;
        let length = content_length(&described.headers);
        let headers = headers::to_upstream(&described.headers, Carrier::Vectra, agent.id);
        let body = if self.inspects(&target) {
            self.read_body(described.body.clone(), length)?
        } else {
            Vec::new()
        };
        let sent = u64::try_from(described.body.len()).ok();
        let inspection = self.inspection(&target, &headers, &body, length.or(sent));
        Ok(Proxied {
            method: described.method.clone(),
            target,
            headers,
            body,
            inspection,
            trace_id: String::new(),
            request_id: String::new(),
            now: described.now,
        })
    }
}
