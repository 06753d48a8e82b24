//! Agents' tokens: where they come from, and what a failed request for one costs
//! (OB §5, §17).

use super::{Settings, Tree};
use crate::issuer::url;
use crate::proxy::target::HostPort;
use crate::token::Algorithm;

const BASE: &str = "Security.AgentAuth";
/// Longest issuer, in bytes: what the database keeps.
const MAX_ISSUER: usize = 512;
const FROM_THE_ISSUER: &str = "cannot be false: a token that any issuer made, or that was made for another service, \
     would let its holder in";

/// Agents' tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSettings {
    /// `iss` of the gateway's own tokens.
    pub issuer: String,
    /// `aud` of the gateway's own tokens.
    pub audience: String,
    /// Life of one of them, in seconds.
    pub lifetime: i64,
    /// Cost of bcrypt.
    pub bcrypt_cost: u32,
    /// Who makes the tokens that are accepted.
    pub provider: Provider,
    /// What failures to get a token lead to; none if nothing.
    pub lockout: Option<LockoutSettings>,
    /// Requests for tokens that the host should have under way at once.
    pub concurrent: u32,
}

/// Who makes the tokens that are accepted (`Security.AgentAuth.Provider`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// The gateway.
    SelfSigned,
    /// An external issuer, and nobody else.
    Jwt(IssuerSettings),
}

/// An external issuer of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerSettings {
    /// `iss`, exactly.
    pub authority: String,
    /// What `aud` must hold.
    pub audience: String,
    /// Where its keys are found.
    pub keys: KeySource,
    /// What its tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
}

/// Where an issuer's keys are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In the set that the discovery document at this URL names.
    Discovery(String),
    /// In the set at this URL.
    Jwks(String),
}

/// When requests for tokens are refused unheard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutSettings {
    /// Failures in a row for one agent at one address, from which on it is locked there.
    pub per_agent: u32,
    /// Failures in a row at one address, from which on it is locked for all agents.
    pub per_address: u32,
    /// Longest lock of an agent at an address, in seconds.
    pub longest: u32,
}

/// A bound on the requests under way at once below a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathLimit {
    /// The path's first segment.
    pub prefix: &'static str,
    /// At most so many.
    pub concurrent: u32,
}

impl Settings {
    /// Paths whose requests compute so long (bcrypt) that the host should bound how
    /// many it has under way at once.
    #[must_use]
    pub fn path_limits(&self) -> Vec<PathLimit> {
        vec![PathLimit {
            prefix: "/tokens",
            concurrent: self.tokens.concurrent,
        }]
    }
}

/// Reads all of it; `internal` is `Security.InternalHosts`.
pub(super) fn tokens(tree: &mut Tree, internal: &[HostPort]) -> TokenSettings {
    let own = format!("{BASE}.SelfSigned");
    TokenSettings {
        issuer: tree.text(&format!("{own}.Issuer"), "vectra"),
        audience: tree.text(&format!("{own}.Audience"), "vectra-agents"),
        lifetime: tree.span(&format!("{own}.Expiration"), 1..=86_400, 900),
        bcrypt_cost: tree.number(&format!("{BASE}.BcryptCost"), 4..=16, 11),
        provider: provider(tree, internal),
        lockout: lockout(tree),
        concurrent: tree.number(&format!("{BASE}.TokenConcurrency"), 1..=64, 2),
    }
}

fn lockout(tree: &mut Tree) -> Option<LockoutSettings> {
    let base = format!("{BASE}.Lockout");
    let enabled = tree.flag(&format!("{base}.Enabled"), true);
    let settings = LockoutSettings {
        per_agent: tree.number(&format!("{base}.FailuresPerAgent"), 1..=1_000, 10),
        per_address: tree.number(&format!("{base}.FailuresPerAddress"), 1..=10_000, 20),
        // No longer than failures are remembered.
        longest: tree.number(&format!("{base}.MaxSeconds"), 1..=900, 300),
    };
    enabled.then_some(settings)
}

fn provider(tree: &mut Tree, internal: &[HostPort]) -> Provider {
    let key = format!("{BASE}.Provider");
    let chosen = tree.text(&key, "SelfSigned");
    if chosen.eq_ignore_ascii_case("Jwt") {
        return Provider::Jwt(issuer(tree, internal));
    }
    if !chosen.eq_ignore_ascii_case("SelfSigned") {
        tree.refuse(
            &key,
            &format!("`{chosen}` is neither `SelfSigned` nor `Jwt`"),
        );
    }
    let unused = format!("has no effect unless `{key}` is `Jwt`");
    tree.leave_out(&format!("{BASE}.Jwt"), &unused);
    Provider::SelfSigned
}

fn issuer(tree: &mut Tree, internal: &[HostPort]) -> IssuerSettings {
    let key = |name: &str| format!("{BASE}.Jwt.{name}");
    for name in ["ValidateIssuer", "ValidateAudience"] {
        if !tree.flag(&key(name), true) {
            tree.refuse(&key(name), FROM_THE_ISSUER);
        }
    }
    let authority = required(tree, &key("Authority"));
    if authority.len() > MAX_ISSUER {
        let message = format!("must be at most {MAX_ISSUER} bytes long");
        tree.refuse(&key("Authority"), &message);
    }
    check_url(tree, &key("Authority"), &authority, internal);
    let default = format!(
        "{}/.well-known/openid-configuration",
        authority.trim_end_matches('/')
    );
    let metadata = tree.text(&key("MetadataUrl"), &default);
    let jwks = tree.optional_text(&key("JwksUrl"));
    if metadata != default {
        check_url(tree, &key("MetadataUrl"), &metadata, internal);
        if jwks.is_some() {
            tree.refuse(
                &key("JwksUrl"),
                "must be left out where `MetadataUrl` is given",
            );
        }
    }
    let keys = match jwks {
        Some(jwks) => {
            check_url(tree, &key("JwksUrl"), &jwks, internal);
            KeySource::Jwks(jwks)
        }
        None => KeySource::Discovery(metadata),
    };
    IssuerSettings {
        authority,
        audience: required(tree, &key("Audience")),
        keys,
        algorithms: algorithms(tree, &key("Algorithms")),
    }
}

fn required(tree: &mut Tree, key: &str) -> String {
    tree.optional_text(key).unwrap_or_else(|| {
        tree.refuse(
            key,
            "is required where `Security.AgentAuth.Provider` is `Jwt`",
        );
        String::new()
    })
}

fn check_url(tree: &mut Tree, key: &str, text: &str, internal: &[HostPort]) {
    if text.is_empty() {
        return; // Said already.
    }
    if let Err(error) = url::check(text, internal) {
        tree.refuse(key, &error.to_string());
    }
}

fn algorithms(tree: &mut Tree, key: &str) -> Vec<Algorithm> {
    let Some(names) = tree.texts(key) else {
        return vec![Algorithm::Rs256, Algorithm::Es256];
    };
    let mut algorithms = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let known = Algorithm::EXTERNAL;
        match known.into_iter().find(|known| known.name() == name) {
            Some(algorithm) if !algorithms.contains(&algorithm) => algorithms.push(algorithm),
            Some(_) => {}
            None => {
                let names = known.map(Algorithm::name).join(", ");
                tree.refuse(
                    &format!("{key}[{at}]"),
                    &format!("`{name}` is none of {names}"),
                );
            }
        }
    }
    if names.is_empty() {
        tree.refuse(key, "must name at least one algorithm");
    }
    algorithms
}
