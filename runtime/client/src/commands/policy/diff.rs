//! `vectra policy diff`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use similar::TextDiff;

use super::super::Command;
use super::{file, read};
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, Session, View};

/// What the gateway tells of a policy beside its document.
const STATE: [&str; 5] = ["revision", "status", "source", "problem", "contentHash"];

/// `vectra policy diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra policy diff read-only policies/read-only.json\n\n\
        Both are compared in their one form: comments and the order of fields do not count."
)]
pub struct Diff {
    /// The policy's name
    name: String,
    /// What is compared with the newest revision (`-`: the standard input) [default: the revision before]
    file: Option<PathBuf>,
    /// The revision on the left [default: the one before the other]
    #[arg(long, value_name = "NUMBER", conflicts_with = "file", value_parser = clap::value_parser!(u32).range(1..))]
    from: Option<u32>,
    /// The revision on the right [default: the newest]
    #[arg(long, value_name = "NUMBER", conflicts_with = "file", value_parser = clap::value_parser!(u32).range(1..))]
    to: Option<u32>,
}

/// One side.
struct Side {
    title: String,
    text: String,
}

impl Diff {
    async fn sides(&self, session: &Session) -> Result<(Side, Side), Failure> {
        let (newest, right) = self.revision(session, self.to).await?;
        let Some(path) = &self.file else {
            let before = self.from.unwrap_or(newest.saturating_sub(1));
            if before == 0 {
                let text = format!("there is no revision before {newest}");
                return Err(Failure::NotFound(text));
            }
            let (_, left) = self.revision(session, Some(before)).await?;
            return Ok((left, right));
        };
        let (name, document) = file::as_read(session, &file::read(path)?).await?;
        if name != self.name {
            let cause = format!("it holds the policy `{name}`");
            return Err(Failure::File {
                path: path.clone(),
                cause,
            });
        }
        let file = Side {
            title: path.display().to_string(),
            text: pretty(&document)?,
        };
        Ok((right, file))
    }

    /// A revision, or the newest, and its number.
    async fn revision(
        &self,
        session: &Session,
        wanted: Option<u32>,
    ) -> Result<(u32, Side), Failure> {
        let mut policy = session.value(&read::revision(&self.name, wanted)).await?;
        let revision = policy.get("revision").and_then(Value::as_u64);
        let revision = revision.and_then(|revision| u32::try_from(revision).ok());
        let revision =
            revision.ok_or_else(|| Failure::Answer("there is no `revision`".to_owned()))?;
        if let Value::Object(members) = &mut policy {
            members.retain(|name, _| !STATE.contains(&name.as_str()));
        }
        let side = Side {
            title: format!("{} revision {revision}", self.name),
            text: pretty(&policy)?,
        };
        Ok((revision, side))
    }
}

impl Command for Diff {
    fn call(&self) -> Result<Call, Failure> {
        Ok(read::revision(&self.name, self.to))
    }

    fn view(&self) -> View {
        View::Record(Record::of(&[]))
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let (left, right) = self.sides(session).await?;
        let lines = between(&left, &right);
        let json = json!({ "from": left.title, "to": right.title, "lines": lines });
        session.tell(&lines, &json)
    }
}

/// The lines of a unified diff; none if the two are the same.
fn between(left: &Side, right: &Side) -> Vec<String> {
    let diff = TextDiff::from_lines(&left.text, &right.text);
    let mut unified = diff.unified_diff();
    let shown = unified.header(&left.title, &right.title).to_string();
    shown.lines().map(str::to_owned).collect()
}

/// A document with one value a line.
fn pretty(document: &Value) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(document);
    let text = text.map_err(|error| Failure::Answer(error.to_string()))?;
    Ok(text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(title: &str, document: &Value) -> Side {
        Side {
            title: title.to_owned(),
            text: pretty(document).unwrap(),
        }
    }

    #[test]
    fn shows_the_lines_that_differ_and_nothing_if_none_does() {
        let one = side("p revision 1", &json!({ "default": "Deny", "name": "p" }));
        let two = side("p.json", &json!({ "default": "Allow", "name": "p" }));
        assert!(between(&one, &one).is_empty());
        assert_eq!(
            between(&one, &two),
            [
                "--- p revision 1",
                "+++ p.json",
                "@@ -1,4 +1,4 @@",
                " {",
                "-  \"default\": \"Deny\",",
                "+  \"default\": \"Allow\",",
                "   \"name\": \"p\"",
                " }",
            ]
        );
    }
}
