//! Makes the request of an endpoint, and what must be there before it.

#[path = "fixture/rows.rs"]
mod rows;

use anyhow::Result;
use vectra_tests::agent::must;
use vectra_tests::client::Request;
use vectra_tests::process::{ADMIN_KEY, TOKEN_SECRET};
use vectra_tests::token::Mint;

use crate::endpoints::{Endpoint, Standing, Who};
use crate::host::Pace;
use crate::plan::Interlude;
use crate::world::{SECRET, World};

/// A request that is ready to be sent.
pub struct Fixture {
    pub request: Request,
    /// The agent that it concerns.
    pub agent: String,
    /// The path that only this request has, if it is to be forwarded.
    pub path: String,
    pub interlude: Option<Interlude>,
}

impl Fixture {
    pub async fn new(world: &World, endpoint: &Endpoint) -> Result<Self> {
        let agent = world.agent(endpoint.policy).await?;
        let number = world.next();
        let path = format!("/items/{number}");
        // Those of requests before, which failed.
        for table in ["Lockout", "UpstreamCircuit"] {
            let clear = format!("DELETE FROM {table}");
            world.run(&clear).await?;
        }
        let (mut held, mut interlude) = (Held::default(), None);
        match endpoint.standing {
            Standing::Active => {}
            Standing::HoldsOne => held = hold(world, &agent).await?,
            Standing::HoldsThree => {
                for _ in 0..3 {
                    held = hold(world, &agent).await?;
                }
            }
            Standing::DeletedMeanwhile => {
                interlude = Some(Interlude {
                    after: 1,
                    sql: rows::status(&agent, 3),
                });
            }
            Standing::Deleted => world.run(&rows::status(&agent, 3)).await?,
            Standing::Quarantined => world.run(&rows::status(&agent, 2)).await?,
            Standing::Limited => world.run(&rows::refusal(&agent)).await?,
            Standing::CircuitOpen | Standing::ProbeDue => {
                let due = endpoint.standing == Standing::ProbeDue;
                let opens_at = if due { rows::LONG_AGO } else { rows::NOT_SOON };
                let circuit = rows::open_circuit(&world.upstream.host(), &agent, opens_at);
                world.run(&circuit).await?;
            }
        }
        let operator = rows::Operator::new(number);
        world.run(&operator.sql).await?;
        let credential = rows::Credential::new(number);
        if endpoint.target.contains("{credential}") {
            world.run(&credential.sql).await?;
        }
        let fill = |text: &str| {
            text.replace("{agent}", &agent)
                .replace("{credential}", &credential.id)
                .replace("{secret}", SECRET)
                .replace("{held}", &held.id)
                .replace("{audit}", &held.audit_id)
                .replace("{upstream}", &world.upstream.host())
                .replace("{path}", &path)
                .replace("{operator}", &operator.id)
                .replace("{name}", &format!("name {number}"))
        };
        let mut request = Request::new(endpoint.method, &fill(endpoint.target));
        request = match endpoint.who {
            Who::Nobody => request,
            Who::Operator => request.bearer(ADMIN_KEY),
            Who::Auditor => request.bearer(&operator.key),
            Who::Agent => request.bearer(&token(&agent)?),
        };
        if !endpoint.body.is_empty() {
            request = request.json(&serde_json::from_str(&fill(endpoint.body))?);
        }
        Ok(Self {
            request,
            agent,
            path,
            interlude,
        })
    }
}

/// A held request.
#[derive(Default)]
pub struct Held {
    pub id: String,
    audit_id: String,
}

/// Has a request of the agent held.
pub async fn hold(world: &World, agent: &str) -> Result<Held> {
    let (upstream, path) = (world.upstream.host(), world.next());
    let request = Request::new("DELETE", &format!("/proxy/http://{upstream}/held/{path}"));
    let request = request.bearer(&token(agent)?);
    let answer = must(world.send(&request, Pace::Usual).await?, 202)?.json()?;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    Ok(Held {
        id: text("id"),
        audit_id: text("auditId"),
    })
}

/// A token of the agent, as the gateway would make it.
pub fn token(agent: &str) -> Result<String> {
    let mint = Mint {
        name: String::new(),
        subject: agent.to_owned(),
        expires_in: 600,
        issuer: "vectra".to_owned(),
        audience: "vectra-agents".to_owned(),
        secret: None,
        algorithm: "HS256".to_owned(),
    };
    mint.token(TOKEN_SECRET)
}
