//! Risk, rules, trust and the decision pipeline of Vectra, as pure functions.
//!
//! Nothing here does I/O, reads a clock or a random source, panics, or calls a
//! float function whose result differs between wasm and native.

mod types;

pub use types::{
    Activity, Agent, Body, ClassifierDescription, Compiled, Decision, DecisionType, Evaluation,
    Input, Intent, IntentAnswer, IntentQuestion, IntentStatus, LookedAt, PolicyAnswer,
    PolicyQuestion, PolicyRequest, Problem, Request, Risk, RiskFactor, RiskWeights,
    SemanticSettings, Settings, Stage, TrustRule, Verdict,
};
