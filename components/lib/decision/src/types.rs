//! What decisions are made of: the records of `vectra:decision/types`.

use serde::{Deserialize, Serialize};

/// Outcome of a decision or of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecisionType {
    /// Forward the request.
    Allow,
    /// Refuse it.
    Deny,
    /// Hold it for a human.
    Hitl,
}

/// What was done with the request's body before deciding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// There is none.
    None,
    /// It was read whole; its bytes.
    Inspected(u64),
    /// Its origin is excluded from inspection; the Content-Length, 0 if unknown.
    Uninspected(u64),
    /// It was read but cannot be understood; why.
    Undecodable(String),
}

impl Body {
    /// Whether there is, or may be, a body that no policy can be shown.
    #[must_use]
    pub const fn is_unread(&self) -> bool {
        matches!(self, Self::Uninspected(_) | Self::Undecodable(_))
    }
}

/// The request as the engine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// HTTP method, as sent.
    pub method: String,
    /// Path and query of the target, as sent.
    pub path: String,
    /// The same, normalised after RFC 3986 §6.2.2.
    pub normalised_path: String,
    /// The target, as sent.
    pub target_url: String,
    /// The body.
    pub body: Body,
    /// Why the target may not be reached at all, if so.
    pub target_refusal: Option<String>,
}

/// The agent as the engine and a policy see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// Its id.
    pub id: String,
    /// Its trust, 0 to 1.
    pub trust_score: f64,
    /// The policy it is bound to.
    pub policy_name: Option<String>,
}

/// How busy the agent has been; times in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// Requests in the last five minutes.
    pub recent_total: u32,
    /// Those of them that were denied or held.
    pub recent_violations: u32,
    /// Requests in the last seven days.
    pub baseline_total: u32,
    /// Start of the oldest of them that are counted.
    pub baseline_since: Option<i64>,
}

/// One part of a risk score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskFactor {
    /// `method`, `path`, `agent_history`, `time_of_day`, `body_size`, `anomaly`.
    pub name: String,
    /// 0 to 1.
    pub score: f64,
    /// Its share in the whole, not negative.
    pub weight: f64,
}

/// How risky a request is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// The weighted mean of the factors, 0 to 1.
    pub score: f64,
    /// The factors, always all and in the same order.
    pub factors: Vec<RiskFactor>,
}

/// A value that a policy looked at, as it may be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shown {
    /// The request has none, or a JSON `null`.
    Absent,
    /// The value as JSON.
    Plain(String),
    /// The SHA-256 of the value's JSON, hexadecimal: it may be a secret, or is long. Of
    /// what is no text followed by ` number`, ` list` or ` object`.
    Digest(String),
    /// It cannot be read as the policy wants it; why.
    Unreadable(String),
}

/// A value of headers or body that a policy looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedAt {
    /// The field's own name, as in `headers.x-team` and `body.items.price`.
    pub field: String,
    /// One of its values.
    pub value: Shown,
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its outcome.
    pub effect: DecisionType,
    /// The rule that decided; none if the default did.
    pub rule: Option<String>,
    /// The rule's reason, or what went wrong.
    pub reason: Option<String>,
    /// What it looked at.
    pub looked_at: Vec<LookedAt>,
    /// The policy is only tried out: what it denies or holds is let through.
    pub shadow: bool,
}

/// What is known of the policy's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyAnswer {
    /// The agent has no policy.
    Unassigned,
    /// It has one that has not been asked yet.
    Pending,
    /// It has one that cannot be used; why.
    Unusable(String),
    /// It has been asked.
    Answered(Verdict),
}

/// How sure a classifier was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntentStatus {
    /// It named a label.
    Classified,
    /// It could not.
    Failed,
}

/// What a request means to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// One of the classifier's labels.
    pub label: String,
    /// 0 to 1.
    pub confidence: f64,
    /// Whether it could say.
    pub status: IntentStatus,
    /// Tags such as `destructive`.
    pub risk_tags: Vec<String>,
    /// Why, for people.
    pub explanation: Option<String>,
    /// The model that said so, with its version.
    pub model: Option<String>,
}

/// What is known of the request's meaning.
#[derive(Debug, Clone, PartialEq)]
pub enum IntentAnswer {
    /// Nobody has been asked.
    Pending,
    /// The classifier's answer.
    Answered(Intent),
}

/// How much each risk factor counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskWeights {
    /// HTTP method.
    pub method: f64,
    /// Path.
    pub path: f64,
    /// The agent's recent behaviour.
    pub agent_history: f64,
    /// Time of day.
    pub time_of_day: f64,
    /// Size of the body.
    pub body_size: f64,
    /// Deviation from the agent's own baseline.
    pub anomaly: f64,
}

/// What a path may hold, and how risky that is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathMark {
    /// Text to look for, without regard to the case of ASCII letters; `#` stands for one
    /// or more digits, `*` for any run of characters other than `/`.
    pub pattern: String,
    /// 0 to 1.
    pub score: f64,
}

/// How far a decision moves trust, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrustRates {
    /// After an Allow, towards 1.
    pub allow: f64,
    /// After a Hitl, towards 0.
    pub hitl: f64,
    /// After a Deny, towards 0.
    pub deny: f64,
}

/// How meaning counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SemanticSettings {
    /// At or above it a label is believed, 0 to 1.
    pub confidence_threshold: f64,
    /// What to do below it.
    pub low_confidence: DecisionType,
    /// What a classification that failed gets; `Allow` is taken as `Hitl`.
    pub on_failure: DecisionType,
    /// Labels that are refused when they are believed.
    pub deny_labels: Vec<String>,
    /// Labels that are held when they are believed.
    pub hold_labels: Vec<String>,
}

/// The operator's choices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// What an agent without a policy gets.
    pub unassigned: DecisionType,
    /// What a body that cannot be understood gets; `Allow` is taken as `Deny`.
    pub undecodable_body: DecisionType,
    /// Weights of the risk factors.
    pub risk_weights: RiskWeights,
    /// What to look for in paths instead of what is built in (OB §13).
    pub risk_paths: Option<Vec<PathMark>>,
    /// A risk above it is held, 0 to 1.
    pub risk_threshold: f64,
    /// None if meaning is not asked for.
    pub semantic: Option<SemanticSettings>,
    /// How trust moves.
    pub trust_rates: TrustRates,
    /// What policy, risk and meaning deny or hold is let through.
    pub shadow: bool,
}

/// All that a decision depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The present, microseconds since 1970.
    pub now: i64,
    /// The request.
    pub request: Request,
    /// The agent.
    pub agent: Agent,
    /// Its recent activity, this request not included.
    pub activity: Activity,
    /// The policy's answer.
    pub policy: PolicyAnswer,
    /// The classifier's answer.
    pub intent: IntentAnswer,
    /// The operator's choices.
    pub settings: Settings,
}

/// Which stage decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The target may not be reached.
    Target,
    /// The body cannot be understood.
    Body,
    /// The policy.
    Policy,
    /// The risk threshold.
    Risk,
    /// The meaning.
    Semantic,
    /// None objected.
    None,
}

/// How the agent's trust moves: `trust + rate × (target − trust)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrustRule {
    /// Where to, 0 to 1.
    pub target: f64,
    /// How far of the way, 0 to 1.
    pub rate: f64,
}

/// What would have been decided, were it not only tried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Deny or Hitl.
    pub outcome: DecisionType,
    /// Why.
    pub reason: String,
    /// Which stage objected.
    pub stage: Stage,
    /// The rule that objected, if it was a rule.
    pub rule: Option<String>,
}

/// A decision with its explanation.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The outcome.
    pub outcome: DecisionType,
    /// Why; always there unless the outcome is `Allow`.
    pub reason: Option<String>,
    /// Which stage decided.
    pub stage: Stage,
    /// The rule that decided, if it was a rule.
    pub rule: Option<String>,
    /// The risk, also if another stage decided.
    pub risk: Risk,
    /// How trust moves.
    pub trust: TrustRule,
    /// The first objection that was let through; only with an Allow.
    pub shadow: Option<Objection>,
}

/// A decision, or what is missing for one.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluation {
    /// It is decided.
    Decided(Decision),
    /// Ask the policy, with this risk.
    NeedsPolicy(Risk),
    /// Ask the classifier.
    NeedsIntent(Risk),
}

/// The request as a policy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRequest {
    /// HTTP method, as sent.
    pub method: String,
    /// Path and query of the target, as sent.
    pub path: String,
    /// The same, normalised.
    pub normalised_path: String,
    /// The target, scheme and host in their one form, path and query as sent.
    pub target_url: String,
    /// Names in lower case and values, repeated names repeated.
    pub headers: Vec<(String, String)>,
    /// The body as text, if it was inspected.
    pub body: Option<String>,
    /// There is a body that was not read: conditions on it cannot be evaluated.
    pub body_unread: bool,
}

/// What a policy is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyQuestion {
    /// The request.
    pub request: PolicyRequest,
    /// The agent.
    pub agent: Agent,
    /// The risk.
    pub risk: Risk,
    /// What is known of the request's meaning.
    pub intent: Meaning,
}

/// What a policy can know of a request's meaning.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// Nobody has been asked yet.
    Unasked,
    /// Nobody can be asked: conditions on it cannot be evaluated.
    Unknown,
    /// The classifier's answer.
    Known(Intent),
}

/// What asking a policy gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyReply {
    /// The verdict.
    Verdict(Verdict),
    /// Ask the classifier, and ask again.
    NeedsIntent,
}

/// A request as far as its explanation kept it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recollection {
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The same, normalised.
    pub normalised_path: String,
    /// The target, in its one form.
    pub target_url: String,
    /// Values of query parameters were masked in these three.
    pub masked: bool,
    /// There was a body that was not read: conditions on it cannot be evaluated.
    pub body_unread: bool,
    /// The agent.
    pub agent: Agent,
    /// The risk.
    pub risk: Risk,
    /// What was known of its meaning.
    pub intent: Meaning,
    /// What the policy looked at then.
    pub looked_at: Vec<LookedAt>,
}

/// Something wrong with a policy's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A JSON path, or a line and column.
    pub place: String,
    /// What.
    pub message: String,
}

/// A policy ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its owner.
    pub owner: String,
    /// What it says when no rule matches.
    pub default_effect: DecisionType,
    /// How many rules it has.
    pub rule_count: u32,
    /// It is only tried out (`"mode": "Shadow"`).
    pub shadow: bool,
    /// What is allowed and yet looks wrong.
    pub warnings: Vec<Problem>,
    /// The policy as canonical JSON (OB §2.4).
    pub document: String,
    /// What [`evaluate`](crate::rules::evaluate) takes.
    pub code: Vec<u8>,
}

/// What a classifier is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentQuestion {
    /// HTTP method.
    pub method: String,
    /// Path and query of the target.
    pub path: String,
    /// Content-Type of the body.
    pub content_type: Option<String>,
    /// The body as text; JSON is flattened to lines.
    pub text: String,
}

/// What kind of classifier there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassifierDescription {
    /// Its name, as in `Semantic.DefaultProvider`.
    pub name: String,
    /// Whether it classifies at all.
    pub classifies: bool,
    /// The labels it may answer with.
    pub labels: Vec<String>,
    /// It asks somebody else: its answers are worth keeping.
    pub remote: bool,
    /// Changes whenever it might answer otherwise.
    pub fingerprint: String,
    /// All that is wrong with its configuration; each is an error.
    pub problems: Vec<ClassifierProblem>,
}

/// Something wrong with a classifier's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassifierProblem {
    /// The key below `Semantic`, as in `Providers.OpenAi.Model`.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
}
