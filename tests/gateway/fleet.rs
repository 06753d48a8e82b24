//! Two gateways that share one PostgreSQL, and an upstream.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use vectra_cluster::{Cluster, Durability, Options};
use vectra_tests::agent::Agent;
use vectra_tests::client::Request;
use vectra_tests::dist::dist;
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra, lay_over, postgres_settings};
use vectra_tests::upstream::Upstream;

use crate::postgres::serves;

/// Both of them, ready to serve.
pub struct Fleet {
    // Dropped in this order: gateways before what they use.
    pub gateways: [Vectra; 2],
    pub upstream: Upstream,
    _homes: [Home; 2],
    _cluster: Cluster,
}

impl Fleet {
    /// Starts them with these settings.
    pub async fn start(settings: Value) -> Self {
        let cluster = Cluster::start_with(Options {
            durability: Durability::Fast,
            ..Options::default()
        })
        .unwrap();
        let upstream = Upstream::start().await.unwrap();
        let mut all = postgres_settings(&cluster.url());
        lay_over(&mut all, &settings);
        let home = || {
            Home::new(Setup {
                settings: all.clone(),
                allowed_upstreams: vec![upstream.host()],
                ..Setup::default()
            })
            .unwrap()
        };
        let homes = [home(), home()];
        let bundle = dist("vectra-postgres.wasm").unwrap();
        let gateways = [
            homes[0].up_with(&bundle).await.unwrap(),
            homes[1].up_with(&bundle).await.unwrap(),
        ];
        for gateway in &gateways {
            serves(gateway, &Request::new("GET", "/health")).await;
        }
        Self {
            gateways,
            upstream,
            _homes: homes,
            _cluster: cluster,
        }
    }

    /// Where the first one listens.
    pub fn address(&self) -> &str {
        self.gateways[0].address()
    }

    /// A new agent.
    pub async fn agent(&self, name: &str) -> Agent {
        Agent::register(self.address(), ADMIN_KEY, name, None)
            .await
            .unwrap()
    }
}

/// Waits for the next minute if this one has fewer seconds left: what is counted by the
/// minute must not be cut in two.
pub async fn left_in_minute(seconds: u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let left = Duration::from_secs(60) - Duration::from_millis((now.as_millis() % 60_000) as u64);
    if left < Duration::from_secs(seconds) {
        tokio::time::sleep(left + Duration::from_millis(5)).await;
    }
}
