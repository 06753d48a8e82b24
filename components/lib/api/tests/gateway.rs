//! The whole gateway natively: over an in-memory repository, with the real engine and
//! the real rules, and an upstream that notes what reaches it.
#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "gateway/lifecycle.rs"]
mod lifecycle;
#[path = "gateway/management.rs"]
mod management;
#[path = "gateway/proxy.rs"]
mod proxy;
#[path = "gateway/settings.rs"]
mod settings;
#[path = "gateway/world.rs"]
mod world;
