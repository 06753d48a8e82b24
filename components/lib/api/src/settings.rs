//! The gateway's configuration: raw JSON in, checked settings out, all problems at
//! once (design §7, OB §17).

mod circuits;
mod deciding;
mod held;
mod keys;
mod tokens;
mod tree;

use vectra_decision as decision;
use vectra_domain::TrustScore;

use crate::ports::Classifier;
use crate::proxy::target::HostPort;
pub use circuits::CircuitSettings;
pub use deciding::{Opa, PolicyUse, SemanticUse};
pub use held::HeldSettings;
pub use tokens::{IssuerSettings, KeySource, LockoutSettings, PathLimit, Provider, TokenSettings};
use tree::Tree;

/// Something wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The key, as in `HumanInTheLoop.Threshold`.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The gateway must not start.
    Error,
    /// It starts and says so.
    Warning,
}

/// The checked configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Requests per agent and aligned minute; none if unlimited.
    pub rate_limit: Option<u32>,
    /// Circuits of upstreams; none if there are none.
    pub circuits: Option<CircuitSettings>,
    /// Agents' tokens.
    pub tokens: TokenSettings,
    /// Where policy files lie.
    pub policy_directory: String,
    /// Who is asked about policies.
    pub policies: PolicyUse,
    /// What the engine is told.
    pub decision: decision::Settings,
    /// The classifier, if meaning is asked for.
    pub semantic: Option<SemanticUse>,
    /// Agents whose trust falls below it are quarantined; none if they are not.
    pub trust_floor: Option<TrustScore>,
    /// Whether what becomes of forwarded requests is recorded (`Audit.RecordOutcomes`).
    pub record_outcomes: bool,
    /// Whether each request gets a line in the log (`System.Logging.Requests`).
    pub log_requests: bool,
    /// Held requests.
    pub held: HeldSettings,
    /// How long history is kept, in days, 1 to 3,650 (`History.RetentionDays`); the
    /// audit is kept for ever.
    pub retention_days: u32,
    /// Forwarding.
    pub proxy: ProxySettings,
}

/// Forwarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxySettings {
    /// Private targets that agents may reach.
    pub allowed: Vec<HostPort>,
    /// Hosts that only the gateway itself may reach.
    pub internal: Vec<HostPort>,
    /// How long an upstream may take to begin its answer, in seconds, 1 to 3,600.
    pub upstream_timeout: u32,
    /// Largest body that is inspected, in bytes.
    pub max_inspected_body: usize,
    /// Targets whose bodies pass uninspected.
    pub uninspected: Vec<HostPort>,
    /// Query parameters whose values are masked in records, lower case.
    pub masked_parameters: Vec<String>,
}

/// Parameters that carry secrets by custom.
const MASKED: [&str; 25] = [
    "access_token",
    "api_key",
    "apikey",
    "assertion",
    "auth",
    "client_secret",
    "code",
    "credential",
    "id_token",
    "jwt",
    "key",
    "password",
    "refresh_token",
    "sas",
    "secret",
    "session",
    "session_id",
    "sig",
    "signature",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-credential",
    "x-goog-signature",
];

/// Reads the configuration. The settings are usable only if no problem is an error.
pub fn read(text: &str, classifier: &dyn Classifier) -> (Settings, Vec<Problem>) {
    let mut tree = Tree::parse(text);
    let proxy = proxy(&mut tree);
    let semantic = deciding::semantic(&mut tree, classifier);
    let policies = deciding::policies(&mut tree, &proxy.internal);
    let settings = Settings {
        rate_limit: rate_limit(&mut tree),
        circuits: circuits::circuits(&mut tree, proxy.upstream_timeout),
        tokens: tokens::tokens(&mut tree, &proxy.internal),
        policy_directory: tree.text("Policy.Providers.Internal.Directory", "policies"),
        decision: deciding::decision(&mut tree, &policies, semantic.as_ref()),
        policies,
        semantic: semantic.map(|(semantic, _)| semantic),
        trust_floor: deciding::trust_floor(&mut tree),
        record_outcomes: tree.flag("Audit.RecordOutcomes", true),
        log_requests: tree.flag("System.Logging.Requests", true),
        held: held::held(&mut tree, &proxy.internal),
        retention_days: tree.number("History.RetentionDays", 1..=3_650, 30),
        proxy,
    };
    (settings, tree.finish(&keys::INERT, &keys::SECRETS))
}

fn rate_limit(tree: &mut Tree) -> Option<u32> {
    let enabled = tree.flag("System.RateLimit.Enabled", true);
    let limit = tree.number(
        "System.RateLimit.DefaultRequestsPerMinute",
        0..=1_000_000,
        60,
    );
    enabled.then_some(limit)
}

fn proxy(tree: &mut Tree) -> ProxySettings {
    let masked = tree.texts("Proxy.MaskedQueryParameters");
    ProxySettings {
        allowed: tree.hosts("Proxy.AllowedUpstreams"),
        internal: tree.hosts("Security.InternalHosts"),
        upstream_timeout: tree.number("Proxy.UpstreamTimeoutSeconds", 1..=3_600, 100),
        max_inspected_body: tree.number("Proxy.MaxInspectedBody", 0..=67_108_864, 1_048_576),
        uninspected: tree.hosts("Proxy.UninspectedOrigins"),
        masked_parameters: match masked {
            Some(names) => names.iter().map(|name| name.to_lowercase()).collect(),
            None => MASKED.map(str::to_owned).to_vec(),
        },
    }
}
