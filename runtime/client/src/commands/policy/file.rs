//! Policies in files, as their authors wrote them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::http::Call;
use crate::session::Session;

/// Longest file that is read, in bytes; the gateway has a limit of its own.
const MAX: u64 = 4 << 20;

/// The text of a file; `-` is the standard input.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let limit = MAX.saturating_add(1);
    let read = match path.as_os_str() == "-" {
        true => io::stdin().lock().take(limit).read_to_string(&mut text),
        false => File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text)),
    };
    let cause = match read {
        Ok(length) if length as u64 <= MAX => return Ok(text),
        Ok(_) => format!("it has more than {MAX} bytes"),
        Err(error) => error.to_string(),
    };
    Err(Failure::File {
        path: path.to_owned(),
        cause,
    })
}

/// A policy as the gateway reads it: its name, and the document in its one form. Only
/// the gateway knows how, so it is asked.
pub(super) async fn as_read(session: &Session, text: &str) -> Result<(String, Value), Failure> {
    let call = Call::post(&["decisions", "evaluate"]).json(json!({ "policy": text, "cases": [] }));
    let answer: Value = session.value(&call).await?;
    let missing = || Failure::Answer("there is no `policy`".to_owned());
    let policy = answer.get("policy").ok_or_else(missing)?;
    let name = policy.get("name").and_then(Value::as_str);
    let document = policy.get("document");
    match (name, document) {
        (Some(name), Some(document)) => Ok((name.to_owned(), document.clone())),
        _ => Err(missing()),
    }
}
