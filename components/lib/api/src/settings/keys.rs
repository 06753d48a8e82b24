//! Keys that are known and not read.

/// Keys (or groups, ending in a dot) of the original that have no effect here.
pub(super) const INERT: [&str; 8] = [
    "HumanInTheLoop.Enabled",
    "Observability.",
    "SecretManagement.",
    "System.Cors.",
    "System.RateLimit.Provider",
    "System.Storage.Cache.",
    "AllowedHosts",
    "Logging.",
];

/// Keys that hold secrets and do not belong into a configuration, each with the
/// variable that takes them.
pub(super) const SECRETS: [(&str, &str); 1] =
    [("Security.AgentAuth.SelfSigned.Secret", "token_secret")];
