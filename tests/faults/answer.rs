//! Whether an answer is a documented one.

use serde_json::Value;
use vectra_tests::client::Response;

use crate::catalogue::INTERNAL;
use crate::documented::{Documented, documented};
use crate::endpoints::{Endpoint, Reading};
use crate::plan::{Armed, Extent, Fault, Place};
use crate::texts::Meaning;

/// Words of the layers below, which are nobody's business.
const INTERNAL_WORDS: [&str; 8] = [
    INTERNAL,
    "SQLSTATE",
    "SqlState",
    "constraint",
    "outcome unknown",
    "unexpected value",
    "spin:",
    "database failed",
];

/// A request and the fault that it met.
pub struct Met<'a> {
    pub endpoint: &'a Endpoint,
    pub armed: &'a Armed,
    pub meaning: Meaning,
    /// Whether the statement that failed changes anything.
    pub changes: bool,
}

impl Met<'_> {
    /// The statuses that it may be answered with; none if any that is documented.
    fn expected(&self) -> Option<Vec<u16>> {
        let clean = self.endpoint.status;
        Some(match (&self.armed.fault, self.meaning) {
            (Fault::Silent(_), _) => vec![503],
            (Fault::Trap(_), _) => vec![500],
            _ if self.is_afterthought() => match self.armed.extent {
                Extent::Once => vec![clean],
                Extent::Onwards => vec![503, clean],
            },
            (Fault::Misshapen(_), _) => return None,
            (_, Meaning::Refused) => vec![400, 503],
            (_, Meaning::Missing) => vec![404, 503],
            (_, Meaning::NoTables) => match self.armed.extent {
                Extent::Once => vec![503, clean],
                Extent::Onwards => vec![503],
            },
            (_, Meaning::Taken) => match self.endpoint.reading {
                Reading::Once => vec![409, 503],
                Reading::Again => vec![503, clean],
            },
            (_, Meaning::Failure | Meaning::Busy | Meaning::Unknown) => {
                match self.endpoint.reading {
                    Reading::Once => vec![503],
                    Reading::Again => vec![503, clean],
                }
            }
        })
    }

    /// Whether what failed comes when the answer stands already.
    pub fn is_afterthought(&self) -> bool {
        let (Place::Statement(at) | Place::Open(at)) = self.armed.place;
        let Endpoint {
            afterthought,
            answered,
            ..
        } = self.endpoint;
        *afterthought == Some(at) || answered.is_some_and(|from| at >= from)
    }

    /// Whether the host has ended the request: it gives no code.
    fn ended_by_host(&self) -> bool {
        matches!(self.armed.fault, Fault::Silent(_) | Fault::Trap(_))
    }

    /// Everything that is wrong with the answer.
    pub fn problems(&self, response: &Response) -> Vec<String> {
        let mut problems = Vec::new();
        let status = response.status;
        let body = String::from_utf8_lossy(&response.body).into_owned();
        let expected = self.expected();
        if expected
            .as_ref()
            .is_some_and(|those| !those.contains(&status))
        {
            problems.push(format!("{status} instead of {expected:?}: {body}"));
        }
        let headers = response.headers.iter().map(|(_, value)| value.as_str());
        for text in headers.chain([body.as_str()]) {
            for word in INTERNAL_WORDS {
                if text.contains(word) {
                    problems.push(format!("`{word}` stands in the answer: {text}"));
                }
            }
        }
        if status >= 400 && !(self.ended_by_host() && status == 500) {
            match documented(self.endpoint.route, status) {
                Some(documented) => problems.extend(self.refusal(response, documented)),
                None => problems.push(format!("{status} is not documented")),
            }
        }
        problems
    }

    fn refusal(&self, response: &Response, documented: &Documented) -> Vec<String> {
        let mut problems = Vec::new();
        let status = response.status;
        let document: Value = response.json().unwrap_or_default();
        let media = response.values("content-type").join(",");
        if media == "application/problem+json" {
            if document["status"] != status || !document["title"].is_string() {
                problems.push(format!("no problem document: {document}"));
            }
        } else if !documented.media.contains(&media) {
            problems.push(format!("{status} comes as `{media}`"));
        }
        for name in &documented.headers {
            let may_miss = match name.as_str() {
                "Retry-After" => status == 503 && !self.is_busy(),
                // Only a call that was counted gets them.
                "RateLimit" | "RateLimit-Policy" => true,
                _ => false,
            };
            if response.values(name).is_empty() && !may_miss {
                problems.push(format!("{status} comes without {name}"));
            }
        }
        let counted = ["RateLimit", "RateLimit-Policy"].map(|name| response.values(name).len());
        if counted[0] != counted[1] {
            problems.push(format!("{status} tells half of a quota"));
        }
        if self.ended_by_host() {
            return problems;
        }
        if self.meaning == Meaning::Unknown
            && self.changes
            && !response.values("Retry-After").is_empty()
        {
            problems.push("to be tried again, although it may have been done".to_owned());
        }
        let codes = &documented.description;
        match document["errorCode"].as_str() {
            Some(code) if codes.contains("VEC") && !codes.contains(code) => {
                problems.push(format!("{status} {code} is not documented"));
            }
            None if codes.contains("VEC") && status == 503 && self.endpoint.status != 503 => {
                problems.push(format!("{status} comes without a code"));
            }
            _ => {}
        }
        problems
    }

    fn is_busy(&self) -> bool {
        let busy = self.meaning == Meaning::Busy && matches!(self.armed.fault, Fault::Said(..));
        busy && !self.is_afterthought()
    }
}
