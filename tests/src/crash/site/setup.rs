//! How the gateway of a site is configured.

use serde_json::{Value, json};
use vectra_cluster::{Cluster, Options};

use crate::crash::Commits;
use crate::process::{Setup, lay_over};
use crate::upstream::Upstream;

/// Names of the agents and of their policies: most of what is sent is forwarded, some
/// of it refused, and some held.
pub(super) const AGENTS: [(&str, Option<&str>); 8] = [
    ("first", None),
    ("second", None),
    ("third", None),
    ("fourth", None),
    ("fifth", None),
    ("sixth", None),
    ("refused", Some("deny-all")),
    ("held", Some("hold-all")),
];

/// No limits, and tokens that outlive all runs.
fn settings() -> Value {
    json!({
        "System": { "RateLimit": { "Enabled": false } },
        "HumanInTheLoop": { "MaxPendingPerAgent": 0, "MaxPendingRequests": 0 },
        // A release that was interrupted is soon known to be.
        "Proxy": { "UpstreamTimeoutSeconds": 5 },
        "Security": { "AgentAuth": { "SelfSigned": { "Expiration": "12:00:00" } } },
    })
}

/// The options of a server.
pub(super) fn server(commits: Commits) -> Options {
    let hasty = ("synchronous_commit".to_owned(), "off".to_owned());
    let settings = match commits {
        Commits::Synced => Vec::new(),
        Commits::Hasty => vec![hasty],
    };
    Options {
        settings,
        ..Options::default()
    }
}

/// The setup of a gateway on this server, or on a file.
pub(super) fn setup(cluster: Option<&Cluster>, upstream: &Upstream) -> Setup {
    let mut settings = settings();
    if let Some(cluster) = cluster {
        let postgres = json!({ "System": { "Storage": { "Database": {
            "DefaultProvider": "Postgres",
            "Providers": { "Postgres": { "ConnectionString": cluster.url() } },
        } } } });
        lay_over(&mut settings, &postgres);
    }
    let policies = [("deny-all", "Deny"), ("hold-all", "Hitl")].map(|(name, default)| {
        let policy = json!({ "name": name, "owner": "tests", "default": default });
        (format!("{name}.json"), policy.to_string())
    });
    Setup {
        settings,
        policies: policies.into_iter().collect(),
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    }
}
