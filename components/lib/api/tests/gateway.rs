//! The whole gateway natively: over an in-memory repository, with the real engine and
//! the real rules, and an upstream that notes what reaches it.
#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "gateway/database.rs"]
mod database;
#[path = "gateway/export.rs"]
mod export;
#[path = "gateway/failures.rs"]
mod failures;
#[path = "gateway/lifecycle.rs"]
mod lifecycle;
#[path = "gateway/management.rs"]
mod management;
#[path = "gateway/proxy.rs"]
mod proxy;
#[path = "gateway/settings.rs"]
mod settings;
#[path = "gateway/upkeep.rs"]
mod upkeep;
#[path = "gateway/world.rs"]
mod world;
