//! The whole gateway natively: over an in-memory repository, with the real engine and
//! the real rules, and an upstream that notes what reaches it.
#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "gateway/acts.rs"]
mod acts;
#[path = "gateway/agents.rs"]
mod agents;
#[path = "gateway/circuits.rs"]
mod circuits;
#[path = "gateway/console.rs"]
mod console;
#[path = "gateway/credentials.rs"]
mod credentials;
#[path = "gateway/database.rs"]
mod database;
#[path = "gateway/deciding.rs"]
mod deciding;
#[path = "gateway/defects.rs"]
mod defects;
#[path = "gateway/explanation.rs"]
mod explanation;
#[path = "gateway/export.rs"]
mod export;
#[path = "gateway/failures.rs"]
mod failures;
#[path = "gateway/held.rs"]
mod held;
#[path = "gateway/issuer.rs"]
mod issuer;
#[path = "gateway/lifecycle.rs"]
mod lifecycle;
#[path = "gateway/lifecycle_over_http.rs"]
mod lifecycle_over_http;
#[path = "gateway/lockout.rs"]
mod lockout;
#[path = "gateway/management.rs"]
mod management;
#[path = "gateway/metrics.rs"]
mod metrics;
#[path = "gateway/notifications.rs"]
mod notifications;
#[path = "gateway/observe.rs"]
mod observe;
#[path = "gateway/opa.rs"]
mod opa;
#[path = "gateway/operators.rs"]
mod operators;
#[path = "gateway/policies.rs"]
mod policies;
#[path = "gateway/policies_evaluate.rs"]
mod policies_evaluate;
#[path = "gateway/proxy.rs"]
mod proxy;
#[path = "gateway/replay.rs"]
mod replay;
#[path = "gateway/roles.rs"]
mod roles;
#[path = "gateway/settings.rs"]
mod settings;
#[path = "gateway/tokens.rs"]
mod tokens;
#[path = "gateway/upkeep.rs"]
mod upkeep;
#[path = "gateway/what_if.rs"]
mod what_if;
#[path = "gateway/world.rs"]
mod world;
