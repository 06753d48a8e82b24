//! The fields a condition may name (OB §9.3, mended).

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
}

/// What kind of value a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
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
headers.<name>, body, body.<path>, agent.id, agent.trust_score, policyName, risk.score";

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
        Err(if written.is_empty() {
            format!("a field is missing: {KNOWN}")
        } else {
            format!("unknown field `{written}`: {KNOWN}")
        })
    }

    /// What kind of value it has.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::TargetPort | Self::TrustScore | Self::RiskScore => Kind::Number,
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
        !matches!(self, Self::Header(_) | Self::BodyPath(_) | Self::TargetHost)
    }

    /// Whether its value must not be shown: a credential by its name.
    pub(super) fn is_secret(&self) -> bool {
        const PARTS: [&str; 12] = [
            "auth",
            "cookie",
            "token",
            "secret",
            "password",
            "passwd",
            "api-key",
            "apikey",
            "access-key",
            "credential",
            "signature",
            "session",
        ];
        match self {
            Self::Header(name) => PARTS.iter().any(|part| name.contains(part)),
            _ => false,
        }
    }
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_name_with_and_without_input_in_front() {
        let path =
            |names: &[&str]| Field::BodyPath(names.iter().map(ToString::to_string).collect());
        for (name, expected) in [
            ("method", Field::Method),
            ("path", Field::Path),
            ("targetUrl", Field::TargetUrl),
            ("target.scheme", Field::TargetScheme),
            ("target.host", Field::TargetHost),
            ("target.port", Field::TargetPort),
            ("agent.id", Field::AgentId),
            ("agentId", Field::AgentId),
            ("agent.trust_score", Field::TrustScore),
            ("agent.trustScore", Field::TrustScore),
            ("trustScore", Field::TrustScore),
            ("policyName", Field::PolicyName),
            ("risk.score", Field::RiskScore),
            ("body", Field::Body),
            ("body.a", path(&["a"])),
            ("body.a.0.b c", path(&["a", "0", "b c"])),
            ("headers.X-Team", Field::Header("x-team".into())),
            ("headers.a.b", Field::Header("a.b".into())),
        ] {
            assert_eq!(Field::parse(name), Ok(expected.clone()), "{name}");
            assert_eq!(
                Field::parse(&format!("input.{name}")),
                Ok(expected),
                "{name}"
            );
        }
    }

    #[test]
    fn refuses_names_that_no_request_has() {
        for name in [
            "",
            "input.",
            "Method",
            "METHOD",
            "user.role",
            "agent",
            "agent.name",
            "headers",
            "headers.",
            "headers.a b",
            "headers.ä",
            "body.",
            "body..a",
            "body.a.",
            "target",
            "input.input.method",
            "Input.method",
            "risk",
            "path.x",
            " method",
        ] {
            assert!(Field::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn credentials_are_known_by_their_names() {
        for (name, secret) in [
            ("headers.Authorization", true),
            ("headers.Cookie", true),
            ("headers.X-Api-Key", true),
            ("headers.X-Amz-Security-Token", true),
            ("headers.Content-Type", false),
            ("headers.X-Team", false),
            ("method", false),
        ] {
            assert_eq!(Field::parse(name).unwrap().is_secret(), secret, "{name}");
        }
    }
}
