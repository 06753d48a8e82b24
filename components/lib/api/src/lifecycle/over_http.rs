//! `POST /lifecycle/tick`: the lifecycle, for hosts that do not call it.
//!
//! What it does without files it would do anyway, so it is no act of an operator; files
//! decide what agents may do, and are one.

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use vectra_domain::repository::MAX_PAGE;

use super::{Event, File, check_keys, check_webhook, start};
use crate::RequestBody;
use crate::acts::{Done, Order};
use crate::auth::operator::Identity;
use crate::fields::{Fields, check_text, is_json, typed};
use crate::gateway::{Answer, Gateway, json as answer};
use crate::ports::Upstream;
use crate::problem::{Kind, Refusal};
use crate::secret::hex;

/// Largest body, in bytes: all policies of a folder.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// Most files: each is a change of its own, and a request has an end.
const MAX_FILES: usize = 1_000;
/// Longest name of a file, in characters.
const MAX_NAME: usize = 255;
/// How the files of policies end.
const SUFFIX: &str = ".json";
/// Rows of each kind that are handled unless more or less are asked for.
const BUDGET: u32 = 500;

/// What is asked for.
pub(crate) struct Asked {
    files: Option<Vec<File>>,
    budget: u32,
}

/// The same as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    files: Option<Vec<WrittenFile>>,
    budget: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    name: String,
    content: String,
}

impl Asked {
    /// Reads a request, which need not have a body.
    pub(crate) fn read(headers: &HeaderMap, body: impl RequestBody) -> Result<Self, Refusal> {
        let body = Fields::read_at_most(body, MAX_BODY)?;
        if !body.is_empty() && !is_json(headers) {
            return Err(Refusal::new(Kind::UnsupportedMediaType));
        }
        let written = match body.is_empty() {
            true => Written::default(),
            false => typed(&body)?,
        };
        let budget = written.budget.unwrap_or(BUDGET);
        if !(1..=MAX_PAGE).contains(&budget) {
            let message = format!("must be an integer from 1 to {MAX_PAGE}");
            return Err(Refusal::field("budget", message));
        }
        let files = written.files.map(files).transpose()?;
        Ok(Self { files, budget })
    }
}

/// Files as the lifecycle takes them.
fn files(written: Vec<WrittenFile>) -> Result<Vec<File>, Refusal> {
    if written.len() > MAX_FILES {
        return Err(Refusal::field(
            "files",
            format!("are more than {MAX_FILES}"),
        ));
    }
    let mut names = std::collections::BTreeSet::new();
    for (at, file) in written.iter().enumerate() {
        let refused = |why: String| Refusal::field(&format!("files[{at}].name"), why);
        check_text(&file.name, 1..=MAX_NAME).map_err(refused)?;
        if !file.name.ends_with(SUFFIX) || file.name.contains(['/', '\\']) {
            let message = format!("must be the name of a file that ends in {SUFFIX}");
            return Err(refused(message));
        }
        if !names.insert(file.name.as_str()) {
            return Err(refused("stands here twice".to_owned()));
        }
    }
    let read = |file: WrittenFile| File {
        name: file.name,
        content: Ok(file.content),
    };
    Ok(written.into_iter().map(read).collect())
}

impl<U> Gateway<'_, U> {
    /// `POST /lifecycle/tick`.
    pub(crate) fn tick_over_http<B>(
        &self,
        by: &Identity,
        action: String,
        headers: &HeaderMap,
        asked: Asked,
    ) -> Answer<U::Body>
    where
        U: Upstream<B>,
    {
        let Asked { files, budget } = asked;
        let Some(files) = files else {
            return self.ticked::<B>(Vec::new(), budget);
        };
        let order = Order::new(None, noted(&files), move || {
            Ok(Done {
                response: self.ticked::<B>(self.took(files)?, budget)?,
                target: "policies".to_owned(),
            })
        });
        self.act(by, action, headers, order)
    }

    /// Brings the policies that come from files up to these.
    fn took(&self, files: Vec<File>) -> Result<Vec<Event>, Refusal> {
        let (now, ports) = (self.ports.clock.now(), &self.ports);
        let mut events = start(
            files,
            now,
            ports.schema,
            ports.policies,
            ports.policy_engine,
        )?;
        events.extend(check_keys(ports.secrets));
        events.extend(check_webhook(self.settings, ports.secrets));
        Ok(events)
    }

    /// Does what is due and tells all that was done.
    fn ticked<B>(&self, mut events: Vec<Event>, budget: u32) -> Answer<U::Body>
    where
        U: Upstream<B>,
    {
        let progress = self.tick::<B>(budget)?;
        events.extend(progress.events);
        let shown: Vec<Value> = events.iter().map(|event| self.shown(event)).collect();
        let told = json!({ "events": shown, "more": progress.more });
        Ok(answer(StatusCode::OK, &told))
    }

    /// An event as callers see it; why something could not be done is for the log alone.
    fn shown(&self, event: &Event) -> Value {
        let (severity, message) = match event {
            Event::Done(text) => ("info", text.clone()),
            Event::Warning(text) => ("warning", text.clone()),
            Event::Undone { what, .. } => {
                self.log(&event.to_string());
                ("warning", what.clone())
            }
        };
        json!({ "severity": severity, "message": message })
    }
}

/// What is noted of files: how many, and one digest over all names and texts.
fn noted(files: &[File]) -> Map<String, Value> {
    let mut digest = Sha256::new();
    for file in files {
        for text in [
            file.name.as_str(),
            file.content.as_deref().unwrap_or_default(),
        ] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    Map::from_iter([
        ("files".to_owned(), files.len().into()),
        ("contentHash".to_owned(), hex(&digest.finalize()).into()),
    ])
}
