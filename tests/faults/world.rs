//! A gateway over a double, an upstream that counts, and agents.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use anyhow::Result;
use serde_json::{Value, json};
use tokio::task::AbortHandle;
use vectra_host::{File, Host, Server, ServerOptions};
use vectra_tests::agent::must;
use vectra_tests::client::{Request, Response};
use vectra_tests::dist::repository;
use vectra_tests::process::{ADMIN_KEY, base_config, lay_over};
use vectra_tests::upstream::Upstream;

use crate::host::{Doubles, Pace, host};
use crate::stage::{Engine, Stage};

/// How the gateway is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// No limits, and the upstream may be reached.
    Usual,
    /// No request is within the rate limit.
    Limited,
    /// One request of each agent may be held.
    OneHeld,
    /// Two operators must approve what is held.
    TwoApprovals,
    /// The gateway allows the upstream, the host does not.
    Walled,
    /// Nobody listens where the upstream was.
    Down,
}

impl Setting {
    fn config(self, upstream: &str) -> Value {
        let limit = if self == Self::Limited { 0 } else { 1_000_000 };
        let held = i32::from(self == Self::OneHeld);
        let approvals = if self == Self::TwoApprovals { 2 } else { 1 };
        let mut config = base_config();
        let own = json!({
            "System": { "RateLimit": { "DefaultRequestsPerMinute": limit } },
            "HumanInTheLoop": {
                "MaxPendingPerAgent": held,
                "MaxPendingRequests": 0,
                "RequiredApprovals": approvals,
            },
            "Proxy": { "AllowedUpstreams": [upstream] },
            // It is written when the caller has the answer, and nobody could wait for it.
            "Audit": { "RecordOutcomes": false },
        });
        lay_over(&mut config, &own);
        config
    }
}

/// The secret of every agent.
pub const SECRET: &str = "a-client-secret-for-tests";

/// A gateway that serves.
pub struct World {
    pub stage: Arc<Stage>,
    pub upstream: Upstream,
    pub host: Arc<Host<Doubles>>,
    usual: String,
    short: String,
    serving: Vec<AbortHandle>,
    /// The agent that others are copies of.
    pub first_agent: String,
    count: AtomicUsize,
}

impl World {
    /// Makes the tables, the policies of the repository, and an agent.
    pub async fn new(engine: Engine, setting: Setting) -> Result<Self> {
        let stage = Arc::new(Stage::new(engine).await?);
        let upstream = Upstream::start().await?;
        let config = setting.config(&upstream.host()).to_string();
        let allowed = match setting {
            Setting::Walled => Vec::new(),
            _ => vec![upstream.host().parse()?],
        };
        let mut serving = Vec::new();
        let mut serve = async |pace| {
            let host = Arc::new(host(&stage, pace, &config, allowed.clone())?);
            let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
            let server = Server::bind(loopback, ServerOptions::default()).await?;
            let address = server.address().to_string();
            let task = tokio::spawn(server.serve(Arc::clone(&host), std::future::pending()));
            serving.push(task.abort_handle());
            anyhow::Ok((host, address))
        };
        let (host, usual) = serve(Pace::Usual).await?;
        let (_, short) = serve(Pace::Short).await?;
        host.start(policies("as it is")?).await?;
        if setting == Setting::Down {
            upstream.stop().await;
        }
        let mut world = Self {
            stage,
            upstream,
            host,
            usual,
            short,
            serving,
            first_agent: String::new(),
            count: AtomicUsize::new(0),
        };
        let body = json!({ "name": "first", "clientSecret": SECRET });
        let request = Request::new("POST", "/agents")
            .bearer(ADMIN_KEY)
            .json(&body);
        let made = must(world.send(&request, Pace::Usual).await?, 201)?.json()?;
        world.first_agent = made["agentId"].as_str().unwrap().to_owned();
        Ok(world)
    }

    pub async fn send(&self, request: &Request, pace: Pace) -> Result<Response> {
        let address = match pace {
            Pace::Usual => &self.usual,
            Pace::Short => &self.short,
        };
        request.send(address).await
    }

    /// A number that this world has not given before.
    pub fn next(&self) -> usize {
        self.count.fetch_add(1, Relaxed)
    }

    /// Inserts an active agent.
    pub async fn agent(&self, policy: Option<&str>) -> Result<String> {
        let id = format!("00000000-0000-4000-8000-{:012x}", self.next());
        let policy = policy.map_or("NULL".to_owned(), |name| format!("'{name}'"));
        let sql = format!(
            "INSERT INTO Agent (Id, Name, OwnerId, Status, PolicyName, ClientSecretHash, \
             TrustScore, CreatedAt, UpdatedAt) \
             SELECT '{id}', 'copy', OwnerId, 0, {policy}, ClientSecretHash, TrustScore, CreatedAt, \
             NULL FROM Agent WHERE Id = '{}'",
            self.first_agent
        );
        self.run(&sql).await?;
        Ok(id)
    }

    /// Changes the database past the gateway.
    pub async fn run(&self, sql: &str) -> Result<()> {
        self.stage.real().view.run(sql).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for serving in &self.serving {
            serving.abort();
        }
    }
}

/// The policies of the repository, each with a description.
pub fn policies(description: &str) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(repository("policies"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Cases beside a policy are none.
        if !name.ends_with(".json") || name.ends_with(".test.json") {
            continue;
        }
        let mut policy: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        policy["description"] = description.into();
        files.push(File {
            name: name.clone().into_owned(),
            content: Ok(policy.to_string()),
        });
    }
    Ok(files)
}
