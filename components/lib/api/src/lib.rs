//! The gateway without its host: `http::Request` in, `http::Response` out.
//!
//! Everything the gateway needs from outside is a port ([`Ports`]): repositories,
//! the decision, the clock, random bytes, secrets and the upstream. So the whole
//! gateway runs in a native test over an in-memory repository, and the component
//! only translates.

mod acts;
mod agents;
mod audit;
mod auth;
mod body;
mod circuits;
mod client;
mod console;
mod counters;
mod credentials;
mod decisions;
mod fields;
mod framed;
mod gateway;
mod hitls;
// Public for what feeds it with nonsense; not part of what is promised.
#[doc(hidden)]
pub mod issuer;
pub mod lifecycle;
mod log;
pub mod metrics;
mod notifications;
mod operators;
mod outcome;
mod page;
mod policies;
mod ports;
mod problem;
mod proxy;
mod refusals;
mod routes;
mod sealing;
mod secret;
pub mod settings;
#[doc(hidden)]
pub mod token;
mod tokens;
mod trace;
mod visible;

pub use body::{BodyError, RequestBody, ResponseBody};
pub use gateway::{Gateway, VERSION};
pub use outcome::{FollowUp, Forwarded};
pub use ports::{
    Classifier, ClientAddresses, Clock, Engine, OutgoingBody, PolicyEngine, Ports, Random, Secret,
    Secrets, Upstream, UpstreamError,
};
#[doc(hidden)]
pub use proxy::target::target_forms;
pub use routes::{Access, ROUTES, Route};
pub use settings::Settings;
