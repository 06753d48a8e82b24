//! One client: a connection that is kept, and one request at a time on it.

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::DEADLINE;
use crate::agent::Agent;

/// What became of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Its answer began.
    Answered {
        /// Status.
        status: u16,
        /// The row that the answer names, if it does.
        audit_id: Option<String>,
    },
    /// No answer began.
    Unanswered,
}

/// A client of the gateway.
pub(super) struct Client {
    gateway: String,
    target: String,
    agent: Agent,
    sender: Option<SendRequest<Empty<Bytes>>>,
}

impl Client {
    pub(super) fn new(gateway: &str, upstream: &str, agent: &Agent) -> Self {
        Self {
            gateway: gateway.to_owned(),
            target: format!("/proxy/http://{upstream}"),
            agent: agent.clone(),
            sender: None,
        }
    }

    /// The id of the agent whose token it has.
    pub(super) fn agent(&self) -> &str {
        &self.agent.id
    }

    /// Connects unless it is connected.
    pub(super) async fn connect(&mut self) -> Result<()> {
        if let Some(sender) = &mut self.sender
            && sender.ready().await.is_ok()
        {
            return Ok(());
        }
        let stream = timeout(DEADLINE, TcpStream::connect(&self.gateway))
            .await
            .context("no connection in time")??;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends with its sender.
        tokio::spawn(connection);
        self.sender = Some(sender);
        Ok(())
    }

    /// Asks for a path of the upstream. After an error the connection is given up.
    pub(super) async fn get(&mut self, path: &str) -> Outcome {
        let outcome = timeout(DEADLINE, self.exchange(path)).await;
        match outcome {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => {
                self.sender = None;
                Outcome::Unanswered
            }
        }
    }

    async fn exchange(&mut self, path: &str) -> Result<Outcome> {
        let sender = self.sender.as_mut().context("it is not connected")?;
        let request = Request::get(format!("{}{path}", self.target))
            .header("host", &self.gateway)
            .header("authorization", format!("Bearer {}", self.agent.token))
            .body(Empty::new())?;
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        // With its head the answer is given, whatever becomes of its body.
        let Ok(body) = response.into_body().collect().await else {
            self.sender = None;
            let audit_id = None;
            return Ok(Outcome::Answered { status, audit_id });
        };
        let body: Option<Value> = serde_json::from_slice(&body.to_bytes()).ok();
        let audit_id = body.as_ref().and_then(|body| body.get("auditId")?.as_str());
        Ok(Outcome::Answered {
            status,
            audit_id: audit_id.map(str::to_owned),
        })
    }
}
