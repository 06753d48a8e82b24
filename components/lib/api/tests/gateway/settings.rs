//! The configuration: all mistakes at once, each with its key.

use vectra_api::settings::{Severity, read};
use vectra_decision::DecisionType;

use crate::world::World;

fn keys(config: &str, severity: Severity) -> Vec<String> {
    let (_, problems) = read(config, &World::new());
    problems
        .into_iter()
        .filter(|p| p.severity == severity)
        .map(|p| p.key)
        .collect()
}

#[test]
fn an_empty_configuration_has_the_documented_defaults() {
    let (settings, problems) = read("{}", &World::new());
    assert_eq!(problems, []);
    assert_eq!(settings.rate_limit, Some(60));
    assert_eq!(settings.tokens.lifetime, 900);
    assert_eq!(settings.tokens.bcrypt_cost, 11);
    assert_eq!(settings.decision.risk_threshold, 0.8);
    assert_eq!(settings.decision.unassigned, DecisionType::Allow);
    assert_eq!(settings.held.timeout, 3_600);
    assert_eq!(settings.retention_days, 30);
    assert_eq!(settings.proxy.max_inspected_body, 1_048_576);
}

#[test]
fn every_mistake_is_reported_with_its_key() {
    let config = r#"{
        "System": {"RateLimit": {"Enabled": "maybe", "DefaultRequestsPerMinute": -1}},
        "Security": {"AgentAuth": {"Provider": "Jwt",
            "SelfSigned": {"Secret": "s", "Expiration": "15m"}, "BcryptCost": 3}},
        "Policy": {"Unassigned": "Perhaps", "DefaultProvider": "Opa"},
        "HumanInTheLoop": {"Threshold": 1.5},
        "Semantic": {"Enabled": true},
        "History": {"RetentionDays": 0, "RetentionHours": 1},
        "Proxy": {"AllowedUpstreams": ["h:80", "h"], "Tiemout": 1}
    }"#;
    let mut found = keys(config, Severity::Error);
    found.sort();
    let expected = [
        "History.RetentionDays",
        "History.RetentionHours",
        "HumanInTheLoop.Threshold",
        "Policy.Providers.Opa.BaseUrl",
        "Policy.Unassigned",
        "Proxy.AllowedUpstreams[1]",
        "Proxy.Tiemout",
        "Security.AgentAuth.BcryptCost",
        "Security.AgentAuth.Jwt.Audience",
        "Security.AgentAuth.Jwt.Authority",
        "Security.AgentAuth.SelfSigned.Expiration",
        "Security.AgentAuth.SelfSigned.Secret",
        "Semantic.Enabled",
        "System.RateLimit.DefaultRequestsPerMinute",
        "System.RateLimit.Enabled",
    ];
    assert_eq!(found, expected);
}

#[test]
fn texts_from_the_environment_count_as_numbers_and_flags() {
    let config = r#"{"system":{"ratelimit":{"enabled":"True","DEFAULTREQUESTSPERMINUTE":"7"}},
        "HumanInTheLoop":{"Threshold":"0.5"},"history":{"retentiondays":"3650"},
        "Security":{"AgentAuth":{"SelfSigned":{"Expiration":"1.00:00:00"}}}}"#;
    let (settings, problems) = read(config, &World::new());
    assert_eq!(problems, []);
    assert_eq!(settings.rate_limit, Some(7));
    assert_eq!(settings.decision.risk_threshold, 0.5);
    assert_eq!(settings.retention_days, 3_650);
    assert_eq!(settings.tokens.lifetime, 86_400);
}

#[test]
fn history_is_kept_for_a_day_to_ten_years() {
    for (days, good) in [
        ("1", true),
        ("3650", true),
        ("0", false),
        ("3651", false),
        ("-1", false),
        ("1.5", false),
        ("[]", false),
        (r#""a month""#, false),
    ] {
        let config = format!(r#"{{"History":{{"RetentionDays":{days}}}}}"#);
        let wrong = keys(&config, Severity::Error);
        let expected: &[&str] = if good {
            &[]
        } else {
            &["History.RetentionDays"]
        };
        assert_eq!(wrong, expected, "{days}");
    }
}

#[test]
fn keys_without_effect_are_warnings() {
    let config = r#"{"Observability":{"Logging":{"DefaultLogLevel":"x"}},
        "System":{"Storage":{"Cache":{"DefaultProvider":"Redis"}}}}"#;
    assert_eq!(keys(config, Severity::Error), Vec::<String>::new());
    assert_eq!(keys(config, Severity::Warning).len(), 2);
    assert_eq!(keys("[]", Severity::Error), [""]);
    assert_eq!(keys("nonsense", Severity::Error), [""]);
}
