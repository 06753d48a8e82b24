//! `vectra hitl show`.

use clap::Args;
use serde_json::{Value, json};

use super::super::Command;
use super::wrap::{field, line, written};
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, Session, View};
use crate::values;

/// What is shown, and where it stands in the answer.
const FIELDS: &[(&str, &str)] = &[
    ("id", "/id"),
    ("status", "/status"),
    ("integrity", "/integrity"),
    ("digest", "/digest"),
    ("held", "/createdAt"),
    ("expires", "/expiresAt"),
    ("agent", "/agent/name"),
    ("agent id", "/agentId"),
    ("owner", "/agent/ownerId"),
    ("state", "/agent/status"),
    ("trust", "/agent/trustScore"),
    ("stage", "/decision/stage"),
    ("rule", "/decision/rule"),
    ("reason", "/decision/reason"),
    ("policy", "/decision/policy/name"),
    ("revision", "/decision/policy/revision"),
    ("risk", "/decision/risk/score"),
    ("factors", "/decision/risk/factors"),
    ("intent", "/decision/intent"),
    ("decided by", "/decidedBy"),
    ("decided at", "/decidedAt"),
    ("comment", "/comment"),
];
/// The widest title.
const WIDTH: usize = 10;
/// Bytes of a body in a line, in hexadecimal.
const ROW: usize = 16;

/// `vectra hitl show`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra hitl show 018f4d2e-7c1b-7a3d-9e5f-0123456789ab")]
pub struct Show {
    /// The held request, as `vectra hitl list` shows it
    #[arg(value_name = "ID", value_parser = values::held_id)]
    id: String,
}

impl Command for Show {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["hitls", &self.id]))
    }

    fn view(&self) -> View {
        View::Record(Record::of(&[]))
    }

    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let held = session.value(&self.call()?).await?;
        session.tell(&lines(&held), &held)
    }
}

/// All of a held request, in lines.
pub(super) fn lines(held: &Value) -> Vec<String> {
    let fields = FIELDS.iter().filter_map(|(title, place)| {
        let value = match held.pointer(place)? {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(field(title, WIDTH, &value))
    });
    let mut lines: Vec<String> = fields.flatten().collect();
    lines.extend(approvals(held));
    lines.push(String::new());
    match held.get("request").filter(|request| request.is_object()) {
        Some(request) => {
            let told = "What will run. Lines that begin with `agent` are what the agent wrote: \
`agent+` goes on with the line above it, `\\u{202E}` stands for a character that cannot be seen \
or is not what it looks like, `\\\\` for a backslash.";
            lines.extend(paragraph(told));
            lines.extend(content(request));
        }
        None => lines.push("What would run cannot be shown: see integrity.".to_owned()),
    }
    lines
}

fn approvals(held: &Value) -> Vec<String> {
    let approvals = held.get("approvals").and_then(Value::as_array);
    let approvals = approvals.map(Vec::as_slice).unwrap_or_default();
    let text = |approval: &Value, name: &str| {
        let text = approval.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let valid = |approval: &Value| approval.get("valid") == Some(&Value::Bool(true));
    let given = approvals.iter().filter(|approval| valid(approval)).count();
    let needed = held.get("needed").map(Value::to_string).unwrap_or_default();
    let mut lines = field("approvals", WIDTH, &format!("{given} of {needed}"));
    for approval in approvals {
        let by = text(approval, "operator");
        let at = text(approval, "approvedAt");
        let word = if valid(approval) {
            "by"
        } else {
            "NOT VALID, as if by"
        };
        let comment = text(approval, "comment");
        let told = match comment.is_empty() {
            true => format!("{word} {by}, {at}"),
            false => format!("{word} {by}, {at}: {comment}"),
        };
        lines.extend(field("", WIDTH, &told));
    }
    lines
}

fn content(request: &Value) -> Vec<String> {
    let null = Value::Null;
    let member = |name: &str| request.get(name).unwrap_or(&null);
    let mut lines = vec!["method:".to_owned()];
    lines.extend(line(member("method").as_str().unwrap_or_default()));
    lines.push("url:".to_owned());
    lines.extend(written(member("url")));
    for header in member("headers").as_array().into_iter().flatten() {
        let name = header.get("name").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        if header.get("masked") == Some(&Value::Bool(true)) {
            lines.push("header, its value not shown:".to_owned());
            lines.extend(written(&json!([format!("{name}: "), header])));
        } else {
            lines.push("header:".to_owned());
            let mut whole = vec![Value::from(format!("{name}: "))];
            let value = header.get("value").and_then(Value::as_array);
            whole.extend(value.into_iter().flatten().cloned());
            lines.extend(written(&Value::Array(whole)));
        }
        if let Some(hex) = header.get("hex").and_then(Value::as_str) {
            lines.push("the same in hexadecimal:".to_owned());
            lines.extend(rows(hex));
        }
    }
    lines.extend(body(member("body")));
    lines
}

fn body(body: &Value) -> Vec<String> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let bytes = body.get("bytes").map(Value::to_string).unwrap_or_default();
    let sha256 = text("sha256").unwrap_or_default();
    match text("kind") {
        Some("text") => {
            let mut lines = field(
                "body",
                0,
                &format!("{bytes} bytes of text, SHA-256 {sha256}:"),
            );
            lines.extend(written(body.get("segments").unwrap_or(&Value::Null)));
            lines
        }
        Some("hex") => {
            let told = format!("{bytes} bytes in hexadecimal, SHA-256 {sha256}:");
            let mut lines = field("body", 0, &told);
            lines.extend(rows(text("hex").unwrap_or_default()));
            lines
        }
        _ => vec!["no body".to_owned()],
    }
}

/// Rows of bytes, each after its place.
fn rows(hex: &str) -> Vec<String> {
    let digits: Vec<char> = hex.chars().collect();
    let rows = digits.chunks(ROW * 2).enumerate();
    let lines = rows.flat_map(|(at, row)| {
        let pairs = row.chunks(2).map(|pair| pair.iter().collect::<String>());
        let pairs: Vec<String> = pairs.collect();
        line(&format!("{:08x}  {}", at * ROW, pairs.join(" ")))
    });
    lines.collect()
}

/// Our own words in lines of their own.
fn paragraph(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if line.len() + word.len() > 75 {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}
