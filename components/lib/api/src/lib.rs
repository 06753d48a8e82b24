//! The gateway without its host: `http::Request` in, `http::Response` out.
//!
//! Everything the gateway needs from outside is a port ([`Ports`]): repositories,
//! the decision, the clock, random bytes, secrets and the upstream. So the whole
//! gateway runs in a native test over an in-memory repository, and the component
//! only translates.

mod agents;
mod audit;
mod auth;
mod body;
mod fields;
mod gateway;
mod hitls;
pub mod lifecycle;
mod page;
mod policies;
mod ports;
mod problem;
mod proxy;
mod routes;
mod secret;
pub mod settings;
mod token;
mod tokens;

pub use body::{BodyError, RequestBody, ResponseBody};
pub use gateway::{Gateway, VERSION};
pub use ports::{
    Classifier, Clock, Engine, OutgoingBody, PolicyEngine, Ports, Random, Secret, Secrets,
    Upstream, UpstreamError,
};
pub use routes::{ROUTES, Route};
pub use settings::Settings;
