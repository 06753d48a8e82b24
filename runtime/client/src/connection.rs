//! Which gateway is asked, how, and how its answer is shown.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::commands::{Caller, Command};
use crate::failure::Failure;
use crate::http::{Address, Client, Limits, Way};
use crate::key::{self, Key};
use crate::session::Session;

/// The variable that the address is taken from.
const URL_VARIABLE: &str = "VECTRA_URL";
/// Where a gateway listens by default.
const URL: &str = "http://127.0.0.1:7080";

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: columns, without what is seldom wanted
    Table,
    /// For programs: the gateway's JSON
    Json,
}

/// What all commands have that ask a gateway.
#[derive(Debug, Args)]
#[command(next_help_heading = "The gateway and its answer")]
pub struct Connection {
    /// The gateway [default: VECTRA_URL, else http://127.0.0.1:7080]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A file that holds the operator's key [default: VECTRA_KEY, else the file vectra.db.secrets/admin_key of this folder]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Certificates (PEM) that vouch for the gateway, in place of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Lets keys and secrets go to another machine in clear, over http://
    #[arg(long)]
    insecure: bool,
    /// How the answer is shown
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    output: Format,
}

impl Connection {
    fn open(self, caller: Caller) -> Result<Session, Failure> {
        let address = match self.url {
            Some(url) => Address::parse(&url).map_err(|error| Failure::address("--url", error)),
            None => match key::variable(URL_VARIABLE) {
                Some(url) => {
                    Address::parse(&url).map_err(|error| Failure::address(URL_VARIABLE, error))
                }
                None => Address::parse(URL).map_err(|error| Failure::address("--url", error)),
            },
        }?;
        if address.way() == Way::Clear && !self.insecure {
            return Err(Failure::Clear(address.authority().to_owned()));
        }
        let key = match caller {
            Caller::Operator => Some(Key::find(self.key_file.as_deref())?),
            Caller::Anyone => None,
        };
        let secret = key.as_ref().map(|key| key.secret.as_str());
        let client = Client::new(address, secret, self.ca, Limits::default())?;
        Ok(Session::new(client, key, self.output))
    }
}

/// A command and the gateway that it is for.
#[derive(Debug, Args)]
pub struct Remote<C: Args> {
    #[command(flatten)]
    command: C,
    #[command(flatten)]
    connection: Connection,
}

impl<C: Args + Command> Remote<C> {
    /// Runs the command, and says in one line why it fails if it does.
    pub(crate) fn run(self) -> ExitCode {
        match self.attempt() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.told(),
        }
    }

    fn attempt(self) -> Result<(), Failure> {
        let session = self.connection.open(C::CALLER)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::Runtime)?;
        let outcome = runtime.block_on(self.command.run(&session));
        // A name that is still being looked up is not waited for.
        runtime.shutdown_background();
        outcome
    }
}
