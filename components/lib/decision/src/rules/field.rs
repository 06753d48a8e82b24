//! The fields a condition may name (OB §9.3, mended).

use std::borrow::Cow;

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Method,
    Path,
    TargetUrl,
    TargetScheme,
    TargetHost,
    TargetPort,
    /// The name in lower case.
    Header(String),
    Body,
    /// The names on the way, at least one.
    BodyPath(Vec<String>),
    AgentId,
    TrustScore,
    PolicyName,
    RiskScore,
    /// One of [`FACTORS`].
    RiskFactor(&'static str),
    IntentLabel,
    IntentConfidence,
    IntentStatus,
    IntentRiskTags,
}

/// The risk factors, by their names.
pub(super) const FACTORS: [&str; 6] = [
    "method",
    "path",
    "agent_history",
    "time_of_day",
    "body_size",
    "anomaly",
];

/// What kind of value a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    /// A list of texts.
    List,
    /// Any JSON value.
    Json,
}

/// Whether a request may lack a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Always,
    Sometimes,
}

const KNOWN: &str = "known are method, path, targetUrl, target.scheme, target.host, target.port, \
headers.<name>, body, body.<path>, agent.id, agent.trust_score, policyName, risk.score, \
risk.<factor>, intent.label, intent.confidence, intent.status, intent.risk_tags";

impl Field {
    /// Reads a field's name; `input.` in front is dropped.
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let name = written.strip_prefix("input.").unwrap_or(written);
        Ok(match name {
            "method" => Self::Method,
            "path" => Self::Path,
            "targetUrl" => Self::TargetUrl,
            "target.scheme" => Self::TargetScheme,
            "target.host" => Self::TargetHost,
            "target.port" => Self::TargetPort,
            "body" => Self::Body,
            "agent.id" | "agentId" => Self::AgentId,
            "agent.trust_score" | "agent.trustScore" | "trustScore" => Self::TrustScore,
            "policyName" => Self::PolicyName,
            "risk.score" => Self::RiskScore,
            "intent.label" => Self::IntentLabel,
            "intent.confidence" => Self::IntentConfidence,
            "intent.status" => Self::IntentStatus,
            "intent.risk_tags" | "intent.riskTags" => Self::IntentRiskTags,
            other => return Self::nested(other, written),
        })
    }

    fn nested(name: &str, written: &str) -> Result<Self, String> {
        if let Some(header) = name.strip_prefix("headers.") {
            return if is_header_name(header) {
                Ok(Self::Header(header.to_ascii_lowercase()))
            } else {
                Err(format!("`{header}` is not a header's name"))
            };
        }
        if let Some(path) = name.strip_prefix("body.") {
            let names: Vec<String> = path.split('.').map(str::to_owned).collect();
            return if names.iter().any(String::is_empty) {
                Err(format!("`{written}` has an empty name in it"))
            } else {
                Ok(Self::BodyPath(names))
            };
        }
        if let Some(factor) = name.strip_prefix("risk.")
            && let Some(factor) = FACTORS.iter().find(|known| **known == factor)
        {
            return Ok(Self::RiskFactor(factor));
        }
        Err(if written.is_empty() {
            format!("a field is missing: {KNOWN}")
        } else {
            format!("unknown field `{written}`: {KNOWN}")
        })
    }

    /// What kind of value it has.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::TargetPort
            | Self::TrustScore
            | Self::RiskScore
            | Self::RiskFactor(_)
            | Self::IntentConfidence => Kind::Number,
            Self::IntentRiskTags => Kind::List,
            Self::BodyPath(_) => Kind::Json,
            _ => Kind::Text,
        }
    }

    /// Whether a request may lack it.
    pub(super) const fn presence(&self) -> Presence {
        match self {
            Self::Header(_) | Self::Body | Self::BodyPath(_) | Self::PolicyName => {
                Presence::Sometimes
            }
            _ => Presence::Always,
        }
    }

    /// Whether it has exactly one value in each request.
    pub(super) const fn is_single(&self) -> bool {
        !matches!(
            self,
            Self::Header(_) | Self::BodyPath(_) | Self::TargetHost | Self::IntentRiskTags
        )
    }

    /// Whether only a classifier knows it.
    pub(super) const fn is_intent(&self) -> bool {
        matches!(
            self,
            Self::IntentLabel | Self::IntentConfidence | Self::IntentStatus | Self::IntentRiskTags
        )
    }

    /// Whether it is part of headers or body, which nothing but a list of what was
    /// looked at keeps.
    pub(super) const fn is_content(&self) -> bool {
        matches!(self, Self::Header(_) | Self::Body | Self::BodyPath(_))
    }

    /// Its own name, which is one however a policy writes it.
    pub(super) fn canonical(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Method => "method",
            Self::Path => "path",
            Self::TargetUrl => "targetUrl",
            Self::TargetScheme => "target.scheme",
            Self::TargetHost => "target.host",
            Self::TargetPort => "target.port",
            Self::Header(name) => return format!("headers.{name}").into(),
            Self::Body => "body",
            Self::BodyPath(path) => return format!("body.{}", path.join(".")).into(),
            Self::AgentId => "agent.id",
            Self::TrustScore => "agent.trust_score",
            Self::PolicyName => "policyName",
            Self::RiskScore => "risk.score",
            Self::RiskFactor(name) => return format!("risk.{name}").into(),
            Self::IntentLabel => "intent.label",
            Self::IntentConfidence => "intent.confidence",
            Self::IntentStatus => "intent.status",
            Self::IntentRiskTags => "intent.risk_tags",
        })
    }

    /// Whether its value must not be shown: a credential by its name.
    pub(super) fn is_secret(&self) -> bool {
        match self {
            Self::Header(name) => is_secret_header(name),
            _ => false,
        }
    }
}

/// Whether a header field holds a credential, by its name (lower case). Rather too many
/// than one too few: what is taken for one is told by its digest.
#[must_use]
pub fn is_secret_header(name: &str) -> bool {
    const PARTS: [&str; 11] = [
        "assertion",
        "auth",
        "cookie",
        "credential",
        "jwt",
        "key",
        "passw",
        "secret",
        "session",
        "signature",
        "token",
    ];
    PARTS.iter().any(|part| name.contains(part))
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests;
