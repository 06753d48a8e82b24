//! What the gateway needs from outside.

use vectra_decision::{
    ClassifierDescription, Compiled, Evaluation, Input, Intent, IntentQuestion, PolicyQuestion,
    PolicyReply, Problem, Recollection, Verdict,
};
use vectra_domain::Timestamp;
use vectra_domain::repository::{
    ActRepository, AgentAccessRepository, AgentHistoryRepository, AgentRepository, AuditRepository,
    CircuitRepository, CredentialRepository, ExternalIssuerRepository, HeldRequestRepository,
    IntentCache, Ledger, LockoutRepository, NotificationRepository, OperatorRepository,
    PolicyRepository, Schema,
};

/// The present.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Waits so long.
    fn sleep(&self, duration: std::time::Duration);
}

/// Random bytes fit for keys.
pub trait Random {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The secrets the gateway works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// Signs agents' tokens: one key per line (`token::TokenKeys`).
    Token,
    /// The first operator's key.
    AdminKey,
    /// Encrypts held requests, their answers and upstreams' credentials, and seals
    /// approvals: base64 of 32 bytes, one key per line (`sealing::DataKeys`).
    DataKey,
    /// Signs notifications: `whsec_` and the base64 of 24 to 64 bytes.
    WebhookSecret,
}

/// Where secrets come from.
pub trait Secrets {
    /// The secret's text.
    ///
    /// # Errors
    /// Why it cannot be had; the text holds no secret and is for the log.
    fn get(&self, secret: Secret) -> Result<String, String>;
}

/// `vectra:decision/engine`.
pub trait Engine {
    /// Evaluates a request.
    fn evaluate(&self, input: &Input) -> Evaluation;
}

/// `vectra:decision/policy`.
pub trait PolicyEngine {
    /// Compiles a policy.
    ///
    /// # Errors
    /// All that is wrong with it.
    fn compile(&self, source: &str) -> Result<Compiled, Vec<Problem>>;
    /// Asks a policy.
    fn evaluate(&self, code: &[u8], question: &PolicyQuestion) -> PolicyReply;
    /// Asks a policy about a request of the past.
    ///
    /// # Errors
    /// What it would have to know that was not kept.
    fn recall(&self, code: &[u8], recollection: &Recollection) -> Result<Verdict, Vec<String>>;
}

/// `vectra:decision/semantic`.
pub trait Classifier {
    /// What kind of classifier this is with this configuration (JSON).
    fn describe(&self, config: &str) -> ClassifierDescription;
    /// Classifies.
    fn classify(&self, config: &str, question: &IntentQuestion) -> Intent;
}

/// A body on its way to the upstream.
#[derive(Debug)]
pub enum OutgoingBody<B> {
    /// None.
    Empty,
    /// Read and inspected.
    Bytes(Vec<u8>),
    /// Passed on as it comes, uninspected.
    Stream(B),
}

/// Why the upstream did not answer. Messages are for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The host does not let the gateway go there.
    #[error("the address may not be reached: {0}")]
    Prohibited(String),
    /// It could not be reached: it is certain that nothing of the request was sent.
    #[error("unreachable: {0}")]
    NotSent(String),
    /// It did not answer, or broke off; the request may have been sent.
    #[error("unreachable: {0}")]
    Unreachable(String),
}

/// HTTP to the upstream. `B` is the body of the agent's request.
pub trait Upstream<B> {
    /// The body of its answers.
    type Body;
    /// Sends a request once and waits for the head of the answer: as long as the
    /// [`Duration`](std::time::Duration) among its extensions says, or the host does.
    ///
    /// # Errors
    /// [`UpstreamError`] if there is no answer.
    fn send(
        &self,
        request: http::Request<OutgoingBody<B>>,
    ) -> Result<http::Response<Self::Body>, UpstreamError>;

    /// Reads the whole body of an answer to the gateway itself, such as an issuer's keys.
    ///
    /// # Errors
    /// [`UpstreamError::Unreachable`] if it is longer than `limit` bytes, breaks off, or has
    /// not ended after `patience`.
    fn read(
        &self,
        body: Self::Body,
        limit: usize,
        patience: std::time::Duration,
    ) -> Result<Vec<u8>, UpstreamError>;
}

/// Whether `spin-client-addr` is believed (`trust_client_addr`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAddresses {
    /// The host sets it.
    Trusted,
    /// Anyone may have set it.
    Ignored,
}

/// All ports together.
pub struct Ports<'a, U> {
    /// Makes the tables.
    pub schema: &'a dyn Schema,
    /// Agents.
    pub agents: &'a dyn AgentRepository,
    /// What agents did, as far as it is kept.
    pub history: &'a dyn AgentHistoryRepository,
    /// The audit.
    pub audit: &'a dyn AuditRepository,
    /// Policies.
    pub policies: &'a dyn PolicyRepository,
    /// Held requests.
    pub held: &'a dyn HeldRequestRepository,
    /// What is told of held requests.
    pub notifications: &'a dyn NotificationRepository,
    /// Credentials of upstreams.
    pub credentials: &'a dyn CredentialRepository,
    /// The hot path.
    pub ledger: &'a dyn Ledger,
    /// Agents' limits and former secrets.
    pub access: &'a dyn AgentAccessRepository,
    /// Those who work with the gateway.
    pub operators: &'a dyn OperatorRepository,
    /// What they did.
    pub acts: &'a dyn ActRepository,
    /// Failures to get a token.
    pub lockouts: &'a dyn LockoutRepository,
    /// Keys of external issuers.
    pub issuers: &'a dyn ExternalIssuerRepository,
    /// Circuits of upstreams.
    pub circuits: &'a dyn CircuitRepository,
    /// What a classifier said before.
    pub intents: &'a dyn IntentCache,
    /// Decides.
    pub engine: &'a dyn Engine,
    /// Compiles and asks policies.
    pub policy_engine: &'a dyn PolicyEngine,
    /// Says what requests mean.
    pub classifier: &'a dyn Classifier,
    /// The present.
    pub clock: &'a dyn Clock,
    /// Random bytes.
    pub random: &'a dyn Random,
    /// Secrets.
    pub secrets: &'a dyn Secrets,
    /// Whether the host says truly where requests come from.
    pub client_addresses: ClientAddresses,
    /// The digest of the bundle, where the host supplies it.
    pub bundle_digest: Option<&'a str>,
    /// The way out.
    pub upstream: &'a U,
}

impl<U> Ports<'_, U> {
    /// A new UUIDv7: sorts by the time it was made.
    pub(crate) fn uuid(&self) -> uuid::Uuid {
        let millis = self.clock.now().micros().div_euclid(1_000);
        let mut random = [0; 10];
        self.random.fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or(0), &random)
            .into_uuid()
    }
}
