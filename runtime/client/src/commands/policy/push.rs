//! `vectra policy push`: the policies of a folder, for gateways that read none.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::super::{Command, lifecycle};
use super::file;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Session, View};

/// How the files of policies end, and those of cases among them.
const SUFFIX: &str = ".json";
const CASES: &str = ".test.json";

/// `vectra policy push`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra policy push policies\n\n\
        For hosts that read no folder themselves, such as Spin. Every file is tried first: if one\n\
        is broken nothing is changed. A policy that an earlier push brought and whose file is gone\n\
        is retired. `vectra up` does all this with its own folder whenever it starts.")]
pub struct Push {
    /// The folder that holds the policies (*.json; *.test.json are left out)
    folder: PathBuf,
    /// Also if it holds none, so that all policies that came from files are retired
    #[arg(long)]
    empty: bool,
}

/// A file and its name.
struct Found {
    name: String,
    path: PathBuf,
    text: String,
}

impl Command for Push {
    fn call(&self) -> Result<Call, Failure> {
        Ok(push(&self.files()?))
    }

    fn view(&self) -> View {
        lifecycle::VIEW
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let files = self.files()?;
        for found in &files {
            let tried = file::as_read(session, &found.text).await;
            tried.map_err(|failure| match failure.code() {
                1 => unusable(&found.path, failure.to_string()),
                _ => failure,
            })?;
        }
        session.perform(&push(&files), &self.view()).await
    }
}

impl Push {
    /// The folder's policies, in the order of their names.
    fn files(&self) -> Result<Vec<Found>, Failure> {
        let unreadable = |error: std::io::Error| unusable(&self.folder, error.to_string());
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().unwrap_or_default();
            let Some(name) = name.to_str().map(str::to_owned) else {
                return Err(unusable(&path, "its name is no text".to_owned()));
            };
            if name.ends_with(SUFFIX) && !name.ends_with(CASES) && !path.is_dir() {
                let text = file::read(&path)?;
                files.push(Found { name, path, text });
            }
        }
        if files.is_empty() && !self.empty {
            let cause = format!("no file in it ends with `{SUFFIX}`; --empty retires all");
            return Err(unusable(&self.folder, cause));
        }
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(files)
    }
}

fn unusable(path: &Path, cause: String) -> Failure {
    Failure::File {
        path: path.to_owned(),
        cause,
    }
}

fn push(files: &[Found]) -> Call {
    let file = |found: &Found| json!({ "name": found.name, "content": found.text });
    let files: Vec<Value> = files.iter().map(file).collect();
    lifecycle::tick().json(json!({ "files": files }))
}
