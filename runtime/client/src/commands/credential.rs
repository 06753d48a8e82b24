//! `vectra credential`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::{Map, Value, json};

use super::{Command, Much};
use crate::connection::Remote;
use crate::failure::Failure;
use crate::http::Call;
use crate::secret;
use crate::session::{Record, View};
use crate::table::{Column, column};
use crate::values;

const COLUMNS: &[Column] = &[
    column("id", "credentialId"),
    column("origin", "origin"),
    column("headers", "headerNames"),
    column("created", "createdAt"),
    column("changed", "updatedAt"),
];

/// Secrets that the gateway adds to what it sends, so that agents never hold them
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLE)]
pub enum Credential {
    /// Lists what is bound to which origin, without the values
    List(Remote<List>),
    /// Binds header fields to an origin
    Add(Remote<Add>),
    /// Replaces the header fields of an origin
    Replace(Remote<Replace>),
    /// Removes what is bound to an origin
    Remove(Remote<Remove>),
}

impl Credential {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::List(command) => command.run(),
            Self::Add(command) => command.run(),
            Self::Replace(command) => command.run(),
            Self::Remove(command) => command.run(),
        }
    }
}

const EXAMPLE: &str = "Example:\n  vectra credential add https://api.example --header authorization \
--value-file key.txt";

/// Header fields, their values in files: an argument can be seen by others.
#[derive(Debug, Args)]
pub struct Fields {
    /// Name of a header field, up to 8 times
    #[arg(long, value_name = "NAME", required = true)]
    header: Vec<String>,
    /// A file that holds its value, one for each --header in their order [default: `-`, the standard input, for a single one]
    #[arg(long, value_name = "FILE")]
    value_file: Vec<PathBuf>,
}

impl Fields {
    fn read(&self) -> Result<Value, Failure> {
        let input = [PathBuf::from("-")];
        let files: &[PathBuf] = match (self.header.as_slice(), self.value_file.as_slice()) {
            ([_], []) => &input,
            (_, files) => files,
        };
        if files.len() != self.header.len() {
            return Err(Failure::Values);
        }
        let mut fields = Map::new();
        for (name, file) in self.header.iter().zip(files) {
            let value = secret::read(Path::new(file))?;
            fields.insert(name.clone(), value.into());
        }
        Ok(fields.into())
    }
}

/// `vectra credential list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra credential list")]
pub struct List {
    #[command(flatten)]
    much: Much,
}

impl Command for List {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["credentials"]))
    }

    fn view(&self) -> View {
        View::List(COLUMNS, self.much.max())
    }
}

/// `vectra credential add`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Add {
    /// Scheme, host and port, such as https://api.example
    origin: String,
    #[command(flatten)]
    fields: Fields,
}

impl Command for Add {
    fn call(&self) -> Result<Call, Failure> {
        let body = json!({ "origin": self.origin, "headers": self.fields.read()? });
        Ok(Call::post(&["credentials"]).json(body))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}

/// `vectra credential replace`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra credential replace 018f4d2e-7c1b-7a3d-9e5f-0123456789ab --header authorization --value-file key.txt"
)]
pub struct Replace {
    /// Their id, as `vectra credential list` shows it
    #[arg(value_parser = values::credential_id)]
    id: String,
    #[command(flatten)]
    fields: Fields,
}

impl Command for Replace {
    fn call(&self) -> Result<Call, Failure> {
        let body = json!({ "headers": self.fields.read()? });
        Ok(Call::new(Method::PUT, &["credentials", &self.id]).json(body))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}

/// `vectra credential remove`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra credential remove 018f4d2e-7c1b-7a3d-9e5f-0123456789ab")]
pub struct Remove {
    /// Their id, as `vectra credential list` shows it
    #[arg(value_parser = values::credential_id)]
    id: String,
}

impl Command for Remove {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::new(Method::DELETE, &["credentials", &self.id]))
    }

    fn view(&self) -> View {
        View::Done(format!("the credentials {} are removed", self.id))
    }
}
