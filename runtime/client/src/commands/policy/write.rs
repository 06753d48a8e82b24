//! Commands that change policies.

use std::path::PathBuf;

use clap::Args;
use hyper::Method;

use super::super::Command;
use super::file;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, Session, View};
use crate::table::{Column, column};

const PUT: &[Column] = &[
    column("name", "name"),
    column("revision", "revision"),
    column("changed", "changed"),
    column("shadow", "shadow"),
];
const WARNINGS: &[Column] = &[column("place", "place"), column("warning", "message")];

/// `vectra policy put`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra policy put policies/read-only.json")]
pub struct Put {
    /// The file that holds the policy (`-`: the standard input)
    file: PathBuf,
    /// The policy's name, which stands in the file too [default: as the file says]
    #[arg(long)]
    name: Option<String>,
}

impl Put {
    fn put(name: &str, text: String) -> Call {
        Call::new(Method::PUT, &["policies", name]).text(text)
    }
}

impl Command for Put {
    fn call(&self) -> Result<Call, Failure> {
        let name = self.name.as_deref().unwrap_or_default();
        Ok(Self::put(name, file::read(&self.file)?))
    }

    fn view(&self) -> View {
        View::Record(Record {
            columns: PUT,
            once: None,
            below: Some(("warnings", WARNINGS)),
        })
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let call = match self.name {
            Some(_) => self.call()?,
            None => {
                let text = file::read(&self.file)?;
                let (name, _) = file::as_read(session, &text).await?;
                Self::put(&name, text)
            }
        };
        session.perform(&call, &self.view()).await
    }
}

/// `vectra policy retire`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra policy retire read-only")]
pub struct Retire {
    /// The policy's name
    name: String,
    /// Also if agents are bound to it, which are denied from then on
    #[arg(long)]
    force: bool,
}

impl Command for Retire {
    fn call(&self) -> Result<Call, Failure> {
        let force = self.force.then_some("true");
        Ok(Call::new(Method::DELETE, &["policies", &self.name]).with("force", force))
    }

    fn view(&self) -> View {
        View::Done(format!("the policy {} is retired", self.name))
    }
}
