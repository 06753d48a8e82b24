//! The settings of an issuer.

use vectra_api::settings::{Severity, read};

use crate::world::World;

#[test]
fn an_issuers_settings_are_checked_together() {
    let keys = |jwt: &str| {
        let config = format!(
            r#"{{"Security":{{"InternalHosts":["keys.local:8080"],
                "AgentAuth":{{"Provider":"jwt","Jwt":{jwt}}}}}}}"#
        );
        let (_, problems) = read(&config, &World::new());
        assert!(
            problems
                .iter()
                .all(|problem| problem.severity == Severity::Error)
        );
        let mut keys: Vec<String> = problems
            .into_iter()
            .map(|problem| problem.key.replace("Security.AgentAuth.Jwt.", ""))
            .collect();
        keys.sort();
        keys.join(" ")
    };
    let least = r#""Authority":"https://a.example","Audience":"v""#;
    let cases = [
        ("{}".to_owned(), "Audience Authority"),
        (format!("{{{least}}}"), ""),
        (
            format!(r#"{{{least},"ValidateIssuer":true,"ValidateAudience":"True"}}"#),
            "",
        ),
        (
            format!(r#"{{{least},"ValidateIssuer":false,"ValidateAudience":false}}"#),
            "ValidateAudience ValidateIssuer",
        ),
        (
            r#"{"Authority":"http://a.example","Audience":"v"}"#.to_owned(),
            "Authority",
        ),
        (
            r#"{"Authority":"http://keys.local:8080","Audience":"v"}"#.to_owned(),
            "",
        ),
        (
            r#"{"Authority":"a.example","Audience":""}"#.to_owned(),
            "Audience Audience Authority",
        ),
        (
            format!(r#"{{{least},"JwksUrl":"http://b.example/"}}"#),
            "JwksUrl",
        ),
        (
            format!(r#"{{{least},"MetadataUrl":"ftp://b.example/"}}"#),
            "MetadataUrl",
        ),
        (
            format!(
                r#"{{{least},"MetadataUrl":"https://b.example/","JwksUrl":"https://b.example/"}}"#
            ),
            "JwksUrl",
        ),
        (format!(r#"{{{least},"Algorithms":[]}}"#), "Algorithms"),
        (
            format!(r#"{{{least},"Algorithms":["RS256","HS256","none","PS512"]}}"#),
            "Algorithms[1] Algorithms[2] Algorithms[3]",
        ),
        (
            format!(r#"{{{least},"SecretKey":"s","Issuer":"x"}}"#),
            "Issuer SecretKey",
        ),
        (
            format!(
                r#"{{"Authority":"https://a.example/{}","Audience":"v"}}"#,
                "x".repeat(512)
            ),
            "Authority",
        ),
    ];
    for (jwt, expected) in cases {
        assert_eq!(keys(&jwt), expected, "{jwt:.200}");
    }
    // Without the provider, what is set for it is only said to be useless.
    let config = r#"{"Security":{"AgentAuth":{"Jwt":{"Authority":"","Audience":""}}}}"#;
    let (_, problems) = read(config, &World::new());
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].key, "Security.AgentAuth.Jwt");
    assert_eq!(problems[0].severity, Severity::Warning);
}
