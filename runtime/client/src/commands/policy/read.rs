//! Commands that show policies.

use clap::Args;

use super::super::{Command, Much};
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, View};
use crate::table::{Column, column};

const LISTED: &[Column] = &[
    column("name", "name"),
    column("revision", "revision"),
    column("status", "status"),
    column("source", "source"),
    column("default", "default"),
    column("rules", "ruleCount"),
    column("owner", "owner"),
    column("problem", "problem"),
];
const SHOWN: &[Column] = &[
    column("name", "name"),
    column("revision", "revision"),
    column("status", "status"),
    column("source", "source"),
    column("problem", "problem"),
    column("description", "description"),
    column("owner", "owner"),
    column("created", "createdOn"),
    column("mode", "mode"),
    column("default", "default"),
    column("hash", "contentHash"),
];
const RULES: &[Column] = &[
    column("priority", "priority"),
    column("effect", "effect"),
    column("rule", "name"),
    column("reason", "reason"),
    column("conditions", "conditions"),
];
const REVISIONS: &[Column] = &[
    column("revision", "revision"),
    column("created", "createdAt"),
    column("status", "status"),
    column("source", "source"),
    column("hash", "contentHash"),
    column("problem", "problem"),
];

/// `vectra policy list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra policy list")]
pub struct List {
    #[command(flatten)]
    much: Much,
}

impl Command for List {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["policies"]))
    }

    fn view(&self) -> View {
        View::List(LISTED, self.much.max())
    }
}

/// `vectra policy show`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra policy show read-only --revision 3 -o json")]
pub struct Show {
    /// The policy's name
    name: String,
    /// One of its revisions [default: the newest]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    revision: Option<u32>,
}

impl Command for Show {
    fn call(&self) -> Result<Call, Failure> {
        Ok(revision(&self.name, self.revision))
    }

    fn view(&self) -> View {
        View::Record(Record {
            columns: SHOWN,
            once: None,
            below: Some(("rules", RULES)),
        })
    }
}

/// The call for a revision, or for the newest.
pub(super) fn revision(name: &str, revision: Option<u32>) -> Call {
    let revision = revision.map(|revision| revision.to_string());
    Call::get(&["policies", name]).with("revision", revision.as_deref())
}

/// `vectra policy revisions`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra policy revisions read-only --max 5")]
pub struct Revisions {
    /// The policy's name
    name: String,
    #[command(flatten)]
    much: Much,
}

impl Command for Revisions {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["policies", &self.name, "revisions"]))
    }

    fn view(&self) -> View {
        View::List(REVISIONS, self.much.max())
    }
}
