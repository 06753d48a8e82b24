//! `vectra token`.

use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::json;

use super::{Caller, Command};
use crate::connection::Remote;
use crate::failure::Failure;
use crate::http::Call;
use crate::key;
use crate::secret::{self, SecretError};
use crate::session::View;
use crate::values;

/// The variable that an agent's secret is taken from.
const SECRET_VARIABLE: &str = "VECTRA_AGENT_SECRET";

/// What agents prove themselves with
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  TOKEN=$(vectra token get --agent 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11 --secret-file secret)"
)]
pub enum Token {
    /// Gets a token with an agent's secret; needs no key
    Get(Remote<Get>),
    /// Ends all tokens of an agent that are out
    Revoke(Remote<Revoke>),
    /// Makes a key to sign tokens with: a line for VECTRA_TOKEN_SECRET
    NewKey(NewKey),
}

impl Token {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::Get(command) => command.run(),
            Self::Revoke(command) => command.run(),
            Self::NewKey(command) => command.run(),
        }
    }
}

/// `vectra token get`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  TOKEN=$(vectra token get --agent 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11 --secret-file secret)\n\n\
        The secret is that of --secret-file (`-`: the standard input), else of VECTRA_AGENT_SECRET."
)]
pub struct Get {
    /// The agent's id
    #[arg(long, value_name = "ID", value_parser = values::agent_id)]
    agent: String,
    /// Its secret (`-`: the standard input) [default: VECTRA_AGENT_SECRET]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

impl Command for Get {
    const CALLER: Caller = Caller::Anyone;

    fn call(&self) -> Result<Call, Failure> {
        let secret = match &self.secret_file {
            Some(path) => secret::read(path)?,
            None => key::variable(SECRET_VARIABLE).ok_or(SecretError::Missing(SECRET_VARIABLE))?,
        };
        let body = json!({ "agentId": self.agent, "clientSecret": secret });
        Ok(Call::new(Method::POST, &["tokens"]).json(body))
    }

    fn view(&self) -> View {
        View::Bare("accessToken")
    }
}

/// `vectra token revoke`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra token revoke 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11")]
pub struct Revoke {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    agent: String,
}

impl Command for Revoke {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::new(
            Method::DELETE,
            &["agents", &self.agent, "tokens"],
        ))
    }

    fn view(&self) -> View {
        View::Done(format!("the tokens of {} are revoked", self.agent))
    }
}

/// `vectra token new-key`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra token new-key --ed25519\n\n\
        Asks no gateway. Of the lines of VECTRA_TOKEN_SECRET the first signs and all verify: put the new one above the\n\
        old one, and take that away when its last token has expired. Whoever has the key can make tokens: keep it secret.")]
pub struct NewKey {
    /// A key of EdDSA instead of HS256
    #[arg(long)]
    ed25519: bool,
}

impl NewKey {
    fn run(&self) -> ExitCode {
        let mut bytes = [0; 32];
        match getrandom::fill(&mut bytes) {
            Ok(()) => {
                println!("{}", self.line(bytes));
                ExitCode::SUCCESS
            }
            Err(error) => Failure::Random(error).told(),
        }
    }

    fn line(&self, bytes: [u8; 32]) -> String {
        match self.ed25519 {
            true => format!("ed25519:{}", STANDARD.encode(bytes)),
            false => URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_32_bytes_as_text() {
        let line = |ed25519| NewKey { ed25519 }.line([0xfb; 32]);
        assert_eq!(line(false), "-_v7".repeat(10) + "-_s");
        assert_eq!(line(false).len(), 43);
        assert_eq!(line(true).len(), "ed25519:".len() + 44);
        let bytes = line(true);
        let bytes = STANDARD.decode(bytes.strip_prefix("ed25519:").unwrap());
        assert_eq!(bytes.unwrap(), [0xfb; 32]);
    }
}
