//! Groups, cases and steps as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::token::Mint;

/// One file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What the group shows.
    pub about: String,
    /// Settings, laid over the tests' own.
    #[serde(default)]
    pub settings: Value,
    /// Policy files: an object is written as JSON, a string as it is.
    #[serde(default)]
    pub policies: BTreeMap<String, Value>,
    /// The cases.
    pub cases: Vec<Case>,
}

impl Group {
    /// No cases: a gateway with these settings.
    #[must_use]
    pub fn bare(settings: Value) -> Self {
        Self {
            about: String::new(),
            settings,
            policies: BTreeMap::new(),
            cases: Vec::new(),
        }
    }
}

/// One case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A sentence about behaviour.
    pub name: String,
    /// For a case in which something is forwarded: the case, in the same file,
    /// in which the same is refused.
    pub twin: Option<String>,
    /// It tries targets that no gateway may call: were the gateway's guard to fail, they would
    /// be called.
    #[serde(default)]
    pub tries_forbidden_targets: bool,
    /// What the upstream answers; 200 and a short text if left out.
    pub upstream_answers: Option<UpstreamAnswer>,
    /// What happens.
    pub steps: Vec<Step>,
    /// The decisions that are in the database afterwards.
    #[serde(default)]
    pub decisions: Vec<Decision>,
    /// The requests that have reached the upstream, in their order.
    #[serde(default)]
    pub reached: Vec<Reached>,
}

/// What the upstream answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamAnswer {
    /// Status; 200 if left out.
    #[serde(default = "ok")]
    pub status: u16,
    /// Headers; names may repeat.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Body.
    #[serde(default)]
    pub body: Content,
    /// Sent in chunks, without a length.
    #[serde(default)]
    pub framing: Frame,
}

fn ok() -> u16 {
    200
}

/// How a body is framed.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Frame {
    /// With its length.
    #[default]
    Length,
    /// In chunks.
    Chunked,
}

/// Bytes, written so that a person can read them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// None.
    #[default]
    None,
    /// This text.
    Text(String),
    /// This document.
    Json(Value),
    /// So many bytes of all values in a pattern without a short period.
    Pattern(usize),
    /// A JSON array of so many bytes in all.
    JsonOfSize(usize),
    /// What arrived (for an answer), or what was sent (for an expectation).
    Echo,
}

/// One thing that happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Registers an agent, assigns a policy if one is named, and gets a token;
    /// kept as `${as}`, `${as.secret}` and `${as.token}`.
    Register(Register),
    /// Sends a request and looks at the answer.
    Send(Box<Send>),
    /// Makes a token; kept as `${as}`.
    Mint(Mint),
    /// Waits until the minute has at least so many seconds left, so that a case
    /// about the limiter does not straddle two of its minutes.
    SecondsLeftInMinute(u64),
    /// Writes a policy file; seen after a restart.
    WritePolicy {
        /// File name.
        file: String,
        /// Its content, as in [`Group::policies`].
        content: Value,
    },
    /// Removes a policy file; seen after a restart.
    RemovePolicy(String),
    /// Stops the gateway and starts it on the same data.
    Restart,
}

/// An agent to register.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Name of the variables and of the agent.
    #[serde(rename = "as")]
    pub name: String,
    /// Policy to assign.
    pub policy: Option<String>,
}

/// A request and what must come of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Send {
    /// Method and target, as in `GET /agents`.
    pub request: String,
    /// Bearer token in `Authorization`.
    pub bearer: Option<String>,
    /// Bearer token in `Vectra-Authorization`.
    pub vectra_bearer: Option<String>,
    /// More headers; names may repeat.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Body. `Json` brings its Content-Type unless the headers do.
    #[serde(default)]
    pub body: Content,
    /// How the body is framed.
    #[serde(default)]
    pub framing: Frame,
    /// Sends it so many times; every answer must be as expected.
    #[serde(default = "once")]
    pub times: u32,
    /// What must come of it.
    pub expect: Expect,
    /// Values of the JSON answer to keep: variable and JSON pointer.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
}

fn once() -> u32 {
    1
}

/// An answer. What is left out is not looked at.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// Status.
    pub status: u16,
    /// Headers: name and all its values.
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    /// Headers that must not be there.
    #[serde(default)]
    pub absent_headers: Vec<String>,
    /// A JSON body that holds at least this; see [`super::expect`].
    pub json: Option<Value>,
    /// The whole body, byte for byte.
    pub body: Option<Content>,
    /// Texts that the body must not hold.
    #[serde(default)]
    pub never: Vec<String>,
}

/// A decision in the database: an audit row and a history row.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// Whose; a variable.
    pub agent: String,
    /// `Allow`, `Deny` or `Hitl`.
    pub outcome: String,
    /// How many alike, one after the other; 1 if left out.
    #[serde(default = "once")]
    pub times: u32,
    /// Columns of the audit row that must be so, by the seed's names.
    #[serde(default)]
    pub audit: BTreeMap<String, Value>,
}

/// A request at the upstream.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reached {
    /// Method and target, as in `GET /items?page=2`.
    pub request: String,
    /// Headers: name and all its values.
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    /// Headers that must not be there.
    #[serde(default)]
    pub absent_headers: Vec<String>,
    /// The whole body, byte for byte.
    pub body: Option<Content>,
    /// How many alike, one after the other; 1 if left out.
    #[serde(default = "once")]
    pub times: u32,
}

impl Content {
    /// The bytes; `echoed` is what `Echo` stands for.
    #[must_use]
    pub fn bytes(&self, echoed: &[u8]) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Text(text) => text.clone().into_bytes(),
            Self::Json(document) => document.to_string().into_bytes(),
            Self::Pattern(size) => (0..*size).map(pattern).collect(),
            Self::JsonOfSize(size) => {
                let mut bytes = vec![b'7'; *size];
                if let [first, .., last] = bytes.as_mut_slice() {
                    (*first, *last) = (b'"', b'"');
                }
                bytes
            }
            Self::Echo => echoed.to_vec(),
        }
    }
}

/// Low byte of a multiplicative hash of the place.
fn pattern(place: usize) -> u8 {
    let hash = (place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (hash >> 56) as u8
}
