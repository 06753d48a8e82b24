//! What a reviewer is shown of a held request: what will run, and all there is to decide
//! about it. What the agent wrote stands in places of its own, cut in segments
//! ([`segments`]), so that nothing of it passes for the gateway's words.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use vectra_decision::rules::is_secret_header;
use vectra_domain::{Approval, AuditRecord, HeldRequest, HeldStatus};

use super::decided;
use crate::gateway::Gateway;
use crate::problem::Refusal;
use crate::proxy::{Exact, IDEMPOTENCY_KEY, Opened, Piece, Unopened, pieces};
use crate::secret::{hex, sha256_hex};
use crate::visible::{segments, segments_within};

/// Hexadecimal digits of the SHA-256 of a value that is not shown: enough to tell whether it
/// is a known one.
const TOLD: usize = 16;

/// A text with more marks than this is shown in hexadecimal: it is none to read.
const MAX_MARKS: usize = 4_096;

/// The parts of an explanation that are shown.
const EXPLAINED: [&str; 5] = ["stage", "rule", "policy", "risk", "intent"];

impl<U> Gateway<'_, U> {
    /// All of a held request.
    pub(super) fn detail(&self, held: &HeldRequest) -> Result<Value, Refusal> {
        let (integrity, opened) = match self.open_held(held) {
            Ok(opened) => ("intact".to_owned(), Some(opened)),
            // The database empties what has expired.
            Err(Unopened::Changed(_))
                if held.sealed.is_empty() && held.status == HeldStatus::Expired =>
            {
                (
                    "it has expired, and its content was not kept".to_owned(),
                    None,
                )
            }
            Err(Unopened::Changed(why)) => (why, None),
            Err(Unopened::NoKey(error)) => {
                self.log(&format!("held request {}: {error}", held.id));
                let why = "it does not open: the gateway does not have the key it is sealed with";
                (why.to_owned(), None)
            }
            Err(Unopened::Database(refusal)) => return Err(refusal),
        };
        let record = match &opened {
            Some(_) => None,
            None => self.with_schema(|| self.ports.audit.find(held.audit_id))?,
        };
        let record = opened
            .as_ref()
            .map(|opened| &opened.record)
            .or(record.as_ref());
        let agent = self.with_schema(|| self.ports.agents.find(held.agent_id))?;
        let needed = opened.as_ref().map(|opened| opened.needed);
        let more = json!({
            "needed": needed.unwrap_or(self.settings.held.approvals),
            "approvals": self.shown_approvals(held)?,
            "integrity": integrity,
            "agent": {
                "id": held.agent_id,
                "name": agent.as_ref().map(|agent| agent.name.as_str()),
                "ownerId": agent.as_ref().map(|agent| agent.owner_id.as_deref()),
                "status": agent.as_ref().map(|agent| agent.status),
                "trustScore": agent.as_ref().map(|agent| agent.trust_score.get()),
            },
            "decision": record.map(decision),
            "request": opened.as_ref().map(|opened| self.request(opened)),
        });
        Ok(with(decided(held, self.ports.clock.now()), more))
    }

    fn shown_approvals(&self, held: &HeldRequest) -> Result<Vec<Value>, Refusal> {
        let approvals = self.approvals(held, self.data_keys().ok().as_ref())?;
        let shown = |(approval, counts): &(Approval, bool)| {
            let comment = json!({ "comment": approval.comment });
            with(approved(approval, *counts), comment)
        };
        Ok(approvals.iter().map(shown).collect())
    }

    /// The answer to an approval: how the request stands, and nothing of what it asks for.
    pub(super) fn standing(&self, held: &HeldRequest, needed: u32) -> Result<Value, Refusal> {
        let approvals = self.approvals(held, self.data_keys().ok().as_ref())?;
        let approvals = approvals.iter();
        let approvals = approvals.map(|(approval, counts)| approved(approval, *counts));
        let more = json!({ "needed": needed, "approvals": approvals.collect::<Vec<_>>() });
        Ok(with(decided(held, self.ports.clock.now()), more))
    }

    /// What will run, credentials masked.
    fn request(&self, opened: &Opened) -> Value {
        let Exact {
            method,
            url,
            headers,
            body,
        } = &opened.request;
        json!({
            "method": method.as_str(),
            "url": shown_url(url, &self.settings.proxy.masked_parameters),
            "headers": headers.iter().map(header).collect::<Vec<_>>(),
            "body": shown_body(headers, body),
        })
    }
}

/// An object with the members of another.
fn with(mut shown: Value, more: Value) -> Value {
    if let (Value::Object(shown), Value::Object(more)) = (&mut shown, more) {
        shown.extend(more);
    }
    shown
}

/// An approval without its comment.
fn approved(approval: &Approval, counts: bool) -> Value {
    json!({
        "operator": approval.operator_name,
        "approvedAt": approval.approved_at.to_string(),
        "valid": counts,
    })
}

/// The URL in segments; what is masked is a segment of its own, so that nothing that the
/// agent wrote passes for it.
fn shown_url(url: &str, names: &[String]) -> Value {
    let mut shown = Vec::new();
    for piece in pieces(url, names) {
        match piece {
            Piece::Secret(value) => shown.push(masked(value.as_bytes())),
            Piece::Shown(text) => {
                if let Value::Array(segments) = segments(text) {
                    shown.extend(segments);
                }
            }
        }
    }
    Value::Array(shown)
}

/// What is told of a value that is not shown.
fn masked(value: &[u8]) -> Value {
    let sha256: String = sha256_hex(value).chars().take(TOLD).collect();
    json!({ "masked": true, "bytes": value.len(), "sha256": sha256 })
}

/// Why it was held, from the record that nobody can change.
fn decision(record: &AuditRecord) -> Value {
    let explanation: Value = serde_json::from_str(&record.explanation).unwrap_or_default();
    let parts = EXPLAINED.iter().filter_map(|name| {
        let part = explanation.get(name)?.clone();
        Some(((*name).to_owned(), part))
    });
    let reason = ("reason".to_owned(), json!(record.entry.reason));
    Value::Object(parts.chain([reason]).collect())
}

fn header((name, value): (&HeaderName, &HeaderValue)) -> Value {
    // What an upstream tells repetitions by is no secret, though it is called a key.
    if is_secret_header(name.as_str()) && name != IDEMPOTENCY_KEY {
        let named = json!({ "name": name.as_str(), "value": [] });
        return with(named, masked(value.as_bytes()));
    }
    let text = String::from_utf8_lossy(value.as_bytes());
    let mut shown = json!({
        "name": name.as_str(),
        "value": segments(&text),
        "masked": false,
    });
    if let (Some(shown), std::borrow::Cow::Owned(_)) = (shown.as_object_mut(), &text) {
        // It is no text: what it is exactly.
        shown.insert("hex".to_owned(), hex(value.as_bytes()).into());
    }
    shown
}

/// The body: a text if it is one that can be read, else in hexadecimal.
fn shown_body(headers: &HeaderMap, body: &[u8]) -> Value {
    let encoded = headers.contains_key(http::header::CONTENT_ENCODING);
    let text = std::str::from_utf8(body)
        .ok()
        .filter(|text| !encoded && !text.contains('\0'))
        .and_then(|text| segments_within(text, MAX_MARKS));
    let (kind, name, shown) = match text {
        _ if body.is_empty() => return json!({ "kind": "none", "bytes": 0 }),
        Some(segments) => ("text", "segments", segments),
        None => ("hex", "hex", hex(body).into()),
    };
    json!({
        "kind": kind,
        name: shown,
        "bytes": body.len(),
        "sha256": sha256_hex(body),
    })
}
