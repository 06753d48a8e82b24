use super::*;

#[test]
fn reads_every_name_with_and_without_input_in_front() {
    let path = |names: &[&str]| Field::BodyPath(names.iter().map(ToString::to_string).collect());
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
        ("risk.path", Field::RiskFactor("path")),
        ("risk.agent_history", Field::RiskFactor("agent_history")),
        ("intent.label", Field::IntentLabel),
        ("intent.confidence", Field::IntentConfidence),
        ("intent.status", Field::IntentStatus),
        ("intent.risk_tags", Field::IntentRiskTags),
        ("intent.riskTags", Field::IntentRiskTags),
        ("body", Field::Body),
        ("body.a", path(&["a"])),
        ("body.a.0.b c", path(&["a", "0", "b c"])),
        ("headers.X-Team", Field::Header("x-team".into())),
        ("headers.a.b", Field::Header("a.b".into())),
    ] {
        assert_eq!(Field::parse(name), Ok(expected.clone()), "{name}");
        assert_eq!(
            Field::parse(&format!("input.{name}")),
            Ok(expected.clone()),
            "{name}"
        );
        assert_eq!(Field::parse(&expected.canonical()), Ok(expected), "{name}");
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
        "risk.size",
        "intent",
        "intent.explanation",
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
        ("headers.Ocp-Apim-Subscription-Key", true),
        ("headers.X-Functions-Key", true),
        ("headers.X-JWT-Assertion", true),
        ("headers.X-Goog-Iap-Jwt-Data", true),
        ("headers.ApiKey", true),
        ("headers.Content-Encoding", false),
        ("headers.Accept", false),
        ("headers.User-Agent", false),
        ("headers.X-HTTP-Method-Override", false),
        ("headers.X-Request-Id", false),
        ("headers.If-None-Match", false),
        ("headers.Content-Type", false),
        ("headers.X-Team", false),
        ("method", false),
    ] {
        assert_eq!(Field::parse(name).unwrap().is_secret(), secret, "{name}");
    }
}
