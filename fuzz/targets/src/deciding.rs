//! Requests that policies are asked about.

use vectra_decision::{
    Agent, Intent, IntentStatus, Meaning, PolicyQuestion, PolicyRequest, Risk, RiskFactor,
};

/// Questions of a few kinds: with JSON and without, with what the request means known,
/// unknown and not asked for.
pub fn questions() -> Vec<PolicyQuestion> {
    let known = Meaning::Known(Intent {
        label: "read".to_owned(),
        confidence: 0.9,
        status: IntentStatus::Classified,
        risk_tags: vec!["destructive".to_owned()],
        explanation: None,
        model: None,
    });
    let json = r#"{"op":"delete","items":[{"n":1},{"n":"x","n":null}]}"#;
    vec![
        question("GET", "/a", "/a", None, Meaning::Unasked),
        question(
            "delete",
            "/%61dmin/x?b=1",
            "/admin/x?b=1",
            Some(json),
            known,
        ),
        question(
            "POST",
            "/export",
            "/export",
            Some("op=delete"),
            Meaning::Unknown,
        ),
    ]
}

fn question(
    method: &str,
    path: &str,
    normalised_path: &str,
    body: Option<&str>,
    intent: Meaning,
) -> PolicyQuestion {
    let factors = [
        "method",
        "path",
        "agent_history",
        "time_of_day",
        "body_size",
        "anomaly",
    ];
    PolicyQuestion {
        request: PolicyRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            normalised_path: normalised_path.to_owned(),
            target_url: format!("https://api.example.com:8443{path}"),
            headers: vec![
                ("x-team".to_owned(), "a".to_owned()),
                ("x-team".to_owned(), "b".to_owned()),
                ("content-type".to_owned(), "application/json".to_owned()),
            ],
            body: body.map(str::to_owned),
            body_unread: false,
        },
        agent: Agent {
            id: "6f1c2a4e-0000-4000-8000-000000000001".to_owned(),
            trust_score: 0.5,
            policy_name: Some("p".to_owned()),
        },
        risk: Risk {
            score: 0.25,
            factors: factors
                .map(|name| RiskFactor {
                    name: name.to_owned(),
                    score: 0.5,
                    weight: 0.1,
                })
                .into(),
        },
        intent,
    }
}
