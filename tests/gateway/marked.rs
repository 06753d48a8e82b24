//! Secrets that can be told from everything else go into every endpoint, in every place
//! where one could stand, and are looked for in everything that comes out.

use serde_json::{Value, json};
use vectra_api::ROUTES;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::{Request, Response};
use vectra_tests::process::{ADMIN_KEY, DATA_KEY, Home, Setup, TOKEN_SECRET, Vectra};
use vectra_tests::upstream::Upstream;

/// What every marked secret holds.
const MARK: &str = "m4rk3d";

/// A secret for one place.
fn marked(place: &str) -> String {
    format!("{MARK}-{place}-0123456789")
}

/// The bodies that are sent to each endpoint; all that a caller could get wrong.
fn bodies() -> Vec<(&'static str, String)> {
    let secret = marked("body");
    let fields = json!({
        "name": "marked", "role": "Auditor", "clientSecret": secret, "requestsPerMinute": 9,
        "policyName": null, "password": secret,
    });
    let form = format!(
        "grant_type=client_credentials&client_id={MARK}-client&client_secret={secret}&scope="
    );
    vec![
        (
            "application/json",
            json!({ "clientSecret": secret }).to_string(),
        ),
        (
            "application/json",
            json!({ "name": "marked", "clientSecret": secret }).to_string(),
        ),
        ("application/json", fields.to_string()),
        (
            "application/json",
            json!({ "clientSecret": { "inner": secret } }).to_string(),
        ),
        (
            "application/json",
            json!({ "clientSecret": format!("{secret}\n") }).to_string(),
        ),
        ("application/json", format!("{{\"clientSecret\":\"{secret}")),
        ("application/json", format!("\"{secret}\"")),
        ("text/plain", secret.clone()),
        ("application/x-www-form-urlencoded", form),
    ]
}

/// Who calls: the header fields of each.
fn callers(agent: &Agent) -> Vec<Vec<(&'static str, String)>> {
    let authorization = |value: String| vec![("Authorization", value)];
    vec![
        authorization(format!("Bearer {ADMIN_KEY}")),
        authorization(format!("Bearer vop_{}", marked("key"))),
        authorization(format!("Bearer {}", marked("token"))),
        authorization(format!("Basic {}", marked("basic"))),
        authorization(format!("Bearer {}", agent.token)),
        vec![
            ("Vectra-Authorization", format!("Bearer {}", agent.token)),
            ("Authorization", format!("Bearer {}", marked("own"))),
        ],
        Vec::new(),
    ]
}

/// The path of a route with its parameter filled in.
fn filled(path: &str, agent: &Agent, upstream: &Upstream) -> String {
    let target = format!("http://{}/items", upstream.host());
    path.replace("{agentId}", &agent.id)
        .replace("{target}", &target)
        .replace("{name}", "no-such-policy")
        .replace("{operatorId}", &agent.id)
        .replace("{id}", &agent.id)
}

/// Everything that can be sent to one endpoint.
fn requests(method: &str, path: &str, agent: &Agent) -> Vec<Request> {
    let method = if method == "ANY" { "POST" } else { method };
    let mut target = format!("{path}?api_key={}", marked("query"));
    if !path.starts_with("/proxy/") {
        // A parameter that is none of a list's; the audit of a call keeps such ones.
        target.push_str(&format!("&limit={}", marked("limit")));
    }
    let mut requests = Vec::new();
    for caller in callers(agent) {
        for (kind, body) in bodies() {
            for target in [path, &target] {
                let mut request = Request::new(method, target)
                    .header("Content-Type", kind)
                    .header("X-Api-Key", &marked("header"))
                    .header("Cookie", &marked("cookie"));
                for (name, value) in &caller {
                    request = request.header(name, value);
                }
                request.body = body.clone().into_bytes();
                requests.push(request);
            }
        }
    }
    requests
}

/// A new agent, since some endpoints end it.
async fn agent(vectra: &Vectra) -> Agent {
    Agent::register(vectra.address(), ADMIN_KEY, "marked", None)
        .await
        .unwrap()
}

fn text(response: &Response) -> String {
    format!(
        "{:?} {}",
        response.headers,
        String::from_utf8_lossy(&response.body)
    )
}

/// Secrets that the gateway made and told once.
fn told(response: &Response) -> Vec<String> {
    let Ok(Value::Object(body)) = response.json() else {
        return Vec::new();
    };
    let secret = ["clientSecret", "key", "accessToken", "access_token"];
    let found = secret.iter().filter_map(|name| body.get(*name)?.as_str());
    found.map(str::to_owned).collect()
}

#[tokio::test]
async fn no_secret_comes_out_of_any_endpoint_log_or_database() {
    let upstream = Upstream::start().await.unwrap();
    let home = Home::new(Setup {
        settings: json!({
            "System": { "RateLimit": { "Enabled": false } },
            // Most of what is sent to /tokens fails, from one address.
            "Security": { "AgentAuth": { "BcryptCost": 4, "Lockout": { "FailuresPerAddress": 10_000 } } },
        }),
        allowed_upstreams: vec![upstream.host()],
        environment: [("RUST_LOG".to_owned(), "debug".to_owned())].into(),
        ..Setup::default()
    })
    .unwrap();
    let vectra = home.up().await.unwrap();
    let mut secrets = vec![
        ADMIN_KEY.to_owned(),
        TOKEN_SECRET.to_owned(),
        DATA_KEY.to_owned(),
    ];
    let mut answered = 0;
    for route in ROUTES {
        let agent = agent(&vectra).await;
        secrets.extend([agent.secret.clone(), agent.token.clone()]);
        let path = filled(route.path, &agent, &upstream);
        for request in requests(route.method, &path, &agent) {
            let response = request.send(vectra.address()).await.unwrap();
            let (shown, made) = (text(&response), told(&response));
            let place = format!("{} {}: {}", route.method, route.path, response.status);
            assert!(!shown.contains(MARK), "{place}: {shown}");
            for secret in &secrets {
                assert!(!shown.contains(secret.as_str()), "{place}: {shown}");
            }
            secrets.extend(made);
            answered += 1;
        }
    }
    assert!(answered > 1_000, "{answered}");
    // Those who read everything read no secret either.
    for path in [
        "/agents",
        "/operators",
        "/audit",
        "/audit/acts",
        "/audit/refusals",
        "/circuits",
    ] {
        let request = Request::new("GET", &format!("{path}?limit=200")).bearer(ADMIN_KEY);
        let shown = text(&must(request.send(vectra.address()).await.unwrap(), 200).unwrap());
        assert!(!shown.contains(MARK), "{path}: {shown}");
        let found = secrets
            .iter()
            .find(|secret| shown.contains(secret.as_str()));
        assert_eq!(found, None, "{path}");
    }

    let (status, output) = vectra.stop().await.unwrap();
    assert!(status.success(), "{output}");
    let mut file = std::fs::read(home.database()).unwrap();
    file.extend(std::fs::read(home.path("vectra.db-wal")).unwrap_or_default());
    let kept = String::from_utf8_lossy(&file);
    assert!(kept.contains("POST /agents"), "not even the acts are found");
    secrets.push(MARK.to_owned());
    for secret in &secrets {
        assert!(
            !output.contains(secret.as_str()),
            "`{secret}` was told:\n{output}"
        );
        assert!(
            !kept.contains(secret.as_str()),
            "`{secret}` is in the database"
        );
    }
}
