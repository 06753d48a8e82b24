//! Calls, and their answers on the standard output.

use std::io::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::connection::Format;
use crate::failure::Failure;
use crate::http::{Answer, Call, Client};
use crate::key::Key;
use crate::table::{self, Column};
use crate::text;

/// Items that the gateway gives at once.
const PAGE: usize = 200;
/// Bytes of a list that are held.
const MAX_LIST: usize = 64 << 20;

/// How an answer is shown to people.
#[derive(Debug)]
pub enum View {
    /// As a list, of at most so many items.
    List(&'static [Column], usize),
    /// As one thing.
    Record(Record),
    /// As the bare value of this field.
    Bare(&'static str),
    /// There is nothing in it; this is what was done.
    Done(String),
}

/// How one thing is shown.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// Its fields.
    pub columns: &'static [Column],
    /// A field that the gateway never tells again.
    pub once: Option<&'static str>,
    /// A field that is a list, and what of its items is shown.
    pub below: Option<(&'static str, &'static [Column])>,
}

impl Record {
    /// Fields and no more.
    pub const fn of(columns: &'static [Column]) -> Self {
        Self {
            columns,
            once: None,
            below: None,
        }
    }

    /// With a field that the gateway never tells again.
    pub const fn once(columns: &'static [Column], field: &'static str) -> Self {
        Self {
            columns,
            once: Some(field),
            below: None,
        }
    }
}

/// The beginning of a list. Serialised, it is as one page of the gateway's.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Items {
    /// Items as they came.
    pub items: Vec<Box<RawValue>>,
    /// Where more of them begin.
    pub next_cursor: Option<String>,
}

impl Items {
    /// The items' values.
    pub fn values(&self) -> Result<Vec<Value>, Failure> {
        let values = self.items.iter().map(|item| read(item.get().as_bytes()));
        values.collect()
    }
}

/// A gateway, its key, and how answers are shown.
pub struct Session {
    client: Client,
    key: Option<Key>,
    format: Format,
}

impl Session {
    /// One of these.
    pub fn new(client: Client, key: Option<Key>, format: Format) -> Self {
        Self {
            client,
            key,
            format,
        }
    }

    /// Makes a call and shows its answer.
    pub async fn perform(&self, call: &Call, view: &View) -> Result<(), Failure> {
        if let View::List(columns, max) = view {
            let items = self.items(call, *max).await?;
            return self.show_list(&items, columns);
        }
        let answer = self.ask(call).await?;
        self.show(&answer.body, view)
    }

    /// The answer, if it is no refusal.
    pub async fn ask(&self, call: &Call) -> Result<Answer, Failure> {
        let answer = self.client.send(call).await;
        let answer = answer.map_err(|error| Failure::unanswered(call, error))?;
        match answer.status.is_success() {
            true => Ok(answer),
            false => {
                let key = self.key.as_ref().map(|key| key.secret.as_str());
                let secrets: Vec<_> = key.into_iter().chain(secrets(call)).collect();
                let origin = self.key.as_ref().map(|key| &key.origin);
                Err(Failure::refused(call, &answer, &secrets, origin))
            }
        }
    }

    /// The answer's JSON.
    pub async fn value(&self, call: &Call) -> Result<Value, Failure> {
        read(&self.ask(call).await?.body)
    }

    /// Shows what was made of answers: lines for people, or JSON.
    pub fn tell(&self, lines: &[String], json: &Value) -> Result<(), Failure> {
        match self.format {
            Format::Json => print(&format!("{}\n", text::json(&json.to_string()))),
            Format::Table => {
                let lines = lines.iter().map(|line| text::line(line, usize::MAX) + "\n");
                print(&lines.collect::<String>())
            }
        }
    }

    /// A list's first items, page by page.
    pub async fn items(&self, call: &Call, max: usize) -> Result<Items, Failure> {
        let mut all = Items::default();
        let mut bytes = 0_usize;
        while all.items.len() < max {
            let limit = PAGE.min(max - all.items.len()).to_string();
            let page = call
                .clone()
                .with("limit", Some(&limit))
                .with("cursor", all.next_cursor.as_deref());
            let page: Items = read(&self.ask(&page).await?.body)?;
            // Otherwise a mistaken gateway would be asked for ever.
            if page.next_cursor.is_some()
                && (page.items.is_empty() || page.next_cursor == all.next_cursor)
            {
                return Err(Failure::Answer("the list does not go on".to_owned()));
            }
            let more = page.items.iter().map(|item| item.get().len());
            bytes = bytes.saturating_add(more.sum());
            if bytes > MAX_LIST {
                let text = "the list is too large: ask for less with --max";
                return Err(Failure::Answer(text.to_owned()));
            }
            all.items.extend(page.items);
            all.next_cursor = page.next_cursor;
            if all.next_cursor.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// Shows an answer that is no list.
    pub fn show(&self, body: &[u8], view: &View) -> Result<(), Failure> {
        print(&shown(self.format, body, view)?)?;
        if let View::Record(Record {
            once: Some(field), ..
        }) = view
        {
            let value: Value = read(body)?;
            if value.get(field).is_some() {
                eprintln!("the `{field}` is not shown again: keep it now");
            }
        }
        Ok(())
    }

    fn show_list(&self, items: &Items, columns: &[Column]) -> Result<(), Failure> {
        print(&shown_list(self.format, items, columns)?)?;
        if items.next_cursor.is_some() {
            let shown = items.items.len();
            eprintln!("these are the first {shown}, there are more: see --max");
        }
        Ok(())
    }
}

/// The secrets in a call's body: a client secret, the values of an upstream's fields.
pub(crate) fn secrets(call: &Call) -> impl Iterator<Item = &str> {
    let member = |name| call.body().and_then(|body| body.get(name));
    let fields = member("headers").and_then(Value::as_object);
    let values = fields.into_iter().flat_map(serde_json::Map::values);
    let given = member("clientSecret").into_iter().chain(values);
    given.filter_map(Value::as_str)
}

fn shown(format: Format, body: &[u8], view: &View) -> Result<String, Failure> {
    Ok(match (format, view) {
        (Format::Table, View::Done(text)) => format!("{}\n", text::line(text, usize::MAX)),
        (Format::Json, View::Done(_)) => String::new(),
        (Format::Json, _) => {
            let json: &RawValue = read(body)?;
            format!("{}\n", text::json(json.get()))
        }
        (Format::Table, View::Record(record)) => as_record(record, &read(body)?)?,
        (Format::Table, View::Bare(field)) => {
            let value: Value = read(body)?;
            let value = value.get(field).and_then(Value::as_str);
            let value = value.ok_or_else(|| Failure::Answer(format!("there is no `{field}`")))?;
            format!("{}\n", text::line(value, usize::MAX))
        }
        (Format::Table, View::List(columns, _)) => {
            table::list(columns, &read::<Items>(body)?.values()?)
        }
    })
}

fn shown_list(format: Format, items: &Items, columns: &[Column]) -> Result<String, Failure> {
    Ok(match format {
        Format::Table => table::list(columns, &items.values()?),
        Format::Json => {
            let json = serde_json::to_string(items).map_err(|error| not_json(&error))?;
            format!("{}\n", text::json(&json))
        }
    })
}

fn as_record(record: &Record, item: &Value) -> Result<String, Failure> {
    if !item.is_object() {
        return Err(Failure::Answer("it is no object".to_owned()));
    }
    let mut shown = table::record(record.columns, item);
    if let Some((field, columns)) = record.below
        && let Some(Value::Array(items)) = item.get(field)
    {
        shown.push('\n');
        shown.push_str(&table::list(columns, items));
    }
    Ok(shown)
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| not_json(&error))
}

/// Says where, not what: the answer may hold a secret.
fn not_json(error: &serde_json::Error) -> Failure {
    let (line, column) = (error.line(), error.column());
    Failure::Answer(format!(
        "it is not as expected at line {line}, column {column}"
    ))
}

fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    let printed = output.write_all(text.as_bytes());
    printed
        .and_then(|()| output.flush())
        .map_err(Failure::Output)
}

#[cfg(test)]
mod tests;
