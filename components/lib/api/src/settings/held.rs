//! Requests held for a human (OB §10, §17).

use http::Uri;
use vectra_domain::HeldLimits;
use vectra_domain::repository::MAX_APPROVALS;

use super::tree::Tree;
use crate::issuer::url;
use crate::proxy::target::HostPort;

/// Held requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSettings {
    /// How long one waits for a human, in seconds.
    pub timeout: i64,
    /// How many may wait.
    pub limits: HeldLimits,
    /// How many operators must approve one, 1 to 16. Counts for those that are held from
    /// then on and for those that wait already, if it is more than they needed.
    pub approvals: u32,
    /// Whether an operator whose name is the agent's owner may approve its requests.
    pub owner_may_approve: bool,
    /// How long a call may be kept open for an approval (`Prefer: wait`), in seconds, 0 to
    /// 90; 0 keeps none. Hosts end a request after some two minutes, and an agent that is cut
    /// off does not learn the id of what is held.
    pub max_wait: u32,
    /// Largest body of an upstream's answer that is kept for the agent, in bytes.
    pub max_response: usize,
    /// How long what is settled is kept, in days after it expired or would have.
    pub retention_days: u32,
    /// Where is told of held requests; none if nowhere.
    pub webhook: Option<Uri>,
}

/// Reads all of it; `internal` is `Security.InternalHosts`.
pub(super) fn held(tree: &mut Tree, internal: &[HostPort]) -> HeldSettings {
    HeldSettings {
        timeout: tree.number("HumanInTheLoop.TimeoutSeconds", 1..=2_592_000, 3_600),
        limits: HeldLimits {
            per_agent: tree.number("HumanInTheLoop.MaxPendingPerAgent", 0..=1_000_000, 20),
            in_all: tree.number("HumanInTheLoop.MaxPendingRequests", 0..=1_000_000, 100),
        },
        approvals: tree.number("HumanInTheLoop.RequiredApprovals", 1..=MAX_APPROVALS, 1),
        owner_may_approve: tree.flag("HumanInTheLoop.OwnerMayApprove", false),
        max_wait: tree.number("HumanInTheLoop.MaxWaitSeconds", 0..=90, 60),
        max_response: tree.number("HumanInTheLoop.MaxResponseBytes", 0..=67_108_864, 1_048_576),
        retention_days: tree.number("HumanInTheLoop.RetentionDays", 1..=3_650, 7),
        webhook: webhook(tree, internal),
    }
}

/// Where agents' requests are told of is a place of the operator's own.
fn webhook(tree: &mut Tree, internal: &[HostPort]) -> Option<Uri> {
    const KEY: &str = "HumanInTheLoop.NotificationWebhookUrl";
    let text = tree.optional_text(KEY)?;
    match url::check_internal(&text, internal) {
        Ok(uri) => Some(uri),
        Err(error) => {
            tree.refuse(KEY, &error.to_string());
            None
        }
    }
}
