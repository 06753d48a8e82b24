//! Meaning, asked of a language model. A local server plays the model, as well and as
//! badly as models can.

#[path = "semantic/answers.rs"]
mod answers;
#[path = "semantic/configured.rs"]
mod configured;
#[path = "semantic/injected.rs"]
mod injected;
#[path = "semantic/model.rs"]
mod model;

use serde_json::{Value, json};
use vectra_tests::agent::Agent;
use vectra_tests::client::Response;
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra, lay_over};
use vectra_tests::upstream::Upstream;

use model::{Model, Says};

/// The key of the model's provider.
const KEY: &str = "sk-a-key-of-tests-only-4711";

/// Everything that a policy denies.
const STRICT: &str = r#"{ "name": "strict", "owner": "tests", "default": "Allow", "rules": [
    { "name": "no-payments", "priority": 1, "effect": "Deny",
      "conditions": [{ "field": "path", "operator": "startswith", "value": "/payments" }] } ] }"#;

/// A gateway with the model's bundle, the model, and an upstream.
struct World {
    model: Model,
    upstream: Upstream,
    vectra: Vectra,
    agent: Agent,
    home: Home,
}

impl World {
    /// `semantic` is laid over what stands under `Semantic`.
    async fn start(semantic: Value, policy: Option<&str>) -> Self {
        let model = Model::start().await.unwrap();
        let upstream = Upstream::start().await.unwrap();
        let mut settings = json!({
            "System": { "Bundle": "llm", "RateLimit": { "Enabled": false } },
            "HumanInTheLoop": { "Threshold": 1, "MaxPendingPerAgent": 100 },
            "Security": { "InternalHosts": [model.host()] },
            "Semantic": {
                "Enabled": true, "DefaultProvider": "OpenAi", "TimeoutSeconds": 1,
                "Providers": { "OpenAi": { "Endpoint": format!("http://{}/v1", model.host()) } },
            },
        });
        lay_over(&mut settings, &json!({ "Semantic": semantic }));
        let home = Home::new(Setup {
            settings,
            policies: [("strict.json".to_owned(), STRICT.to_owned())].into(),
            allowed_upstreams: vec![upstream.host()],
            environment: [
                ("VECTRA_SEMANTIC_KEY".to_owned(), KEY.to_owned()),
                ("RUST_LOG".to_owned(), "debug".to_owned()),
            ]
            .into(),
            ..Setup::default()
        })
        .unwrap();
        let vectra = home.up().await.unwrap();
        let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", policy).await;
        Self {
            model,
            upstream,
            agent: agent.unwrap(),
            vectra,
            home,
        }
    }

    /// Sends a request whose meaning the model is asked for.
    async fn send(&self, method: &str, path: &str, body: &Value) -> Response {
        let url = format!("http://{}{path}", self.upstream.host());
        let request = self.agent.proxied(method, &url).json(body);
        request.send(self.vectra.address()).await.unwrap()
    }

    /// The status that a new request gets when the model says this.
    async fn status(&self, path: &str, says: Says) -> u16 {
        self.model.says(says);
        self.send("POST", path, &json!({ "note": "hello" }))
            .await
            .status
    }

    /// Ends the gateway; asserts that neither its output nor its database hold the key.
    /// Gives all that it has written, as text.
    async fn end(self) -> String {
        let (_, output) = self.vectra.stop().await.unwrap();
        assert!(!output.contains(KEY), "the key was told:\n{output}");
        let mut file = std::fs::read(self.home.database()).unwrap();
        file.extend(std::fs::read(self.home.path("vectra.db-wal")).unwrap_or_default());
        let holds = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(
            holds(&self.agent.id) && !holds(KEY),
            "the key is in the database"
        );
        format!("{output}\n{}", String::from_utf8_lossy(&file))
    }
}
