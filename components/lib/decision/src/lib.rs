//! Risk, rules, trust and the decision pipeline of Vectra, as pure functions.
//!
//! Nothing here does I/O, reads a clock or a random source, panics, or calls a
//! float function whose result differs between wasm and native.
//!
//! [`evaluate`] decides. It may answer that it wants a policy's or a classifier's
//! word first; whoever calls it fetches that word (from [`rules::evaluate`], from
//! OPA, from an LLM) and calls again.

mod engine;
mod intent_text;
mod json;
mod path;
mod risk;
pub mod rules;
pub mod trust;
mod types;

pub use engine::evaluate;
pub use intent_text::{Flattened, intent_text};
pub use types::{
    Activity, Agent, Body, ClassifierDescription, ClassifierProblem, Compiled, Decision,
    DecisionType, Evaluation, Input, Intent, IntentAnswer, IntentQuestion, IntentStatus, LookedAt,
    Meaning, Objection, PathMark, PolicyAnswer, PolicyQuestion, PolicyReply, PolicyRequest,
    Problem, Recollection, Request, Risk, RiskFactor, RiskWeights, SemanticSettings, Settings,
    Shown, Stage, TrustRates, TrustRule, Verdict,
};
