//! As many requests are held as may be.

use vectra_domain::{Agent, AuditTrail, Context, DecisionType, Entry, TrustRule};

use crate::gateway::Gateway;
use crate::problem::{Kind, Refusal};
use crate::proxy::decide::Decided;
use crate::proxy::quota::Quota;
use crate::proxy::record::Bounds;
use crate::proxy::{HELD_RETRY, Proxied};

/// Why a request that would be held is denied.
const CROWDED: &str = "as many requests wait for a human as may";

impl<U> Gateway<'_, U> {
    /// As many requests are held as may be: the request is denied instead, so that it is
    /// counted, limited and in the audit as any other. It says nothing of the agent's trust.
    pub(in crate::proxy) fn crowded_out(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        context: &Context,
        decided: &Decided,
        quota: Option<Quota>,
    ) -> Refusal {
        let bounds = Bounds {
            held: None,
            quota,
            probe: None,
        };
        let entry = self.entry(proxied, agent, context, decided, bounds);
        // The explanation says what was decided; the row, what became of it.
        let entry = Entry {
            audit: AuditTrail {
                decision_type: DecisionType::Deny,
                reason: Some(CROWDED.to_owned()),
                ..entry.audit
            },
            trust: TrustRule {
                rate: 0.0,
                ..entry.trust
            },
            counter: "deny/none".to_owned(),
            ..entry
        };
        match self.record(&entry, quota) {
            Ok(receipt) => {
                self.line.decided(decided, context, &entry);
                let refusal = Refusal::new(Kind::TooManyHeld)
                    .detail(CROWDED)
                    .member("auditId", entry.audit.id.to_string())
                    .retry_after(HELD_RETRY);
                let requests = receipt.map_or(u32::MAX, |receipt| receipt.requests);
                self.refusal_with(refusal, quota, requests)
            }
            Err(refusal) => refusal,
        }
    }
}
