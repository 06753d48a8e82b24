//! What came of it, counted: its size does not grow with the rows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use vectra_decision::{DecisionType, Objection};
use vectra_domain::AuditTrail;

/// Reasons that are told, the most frequent first.
const REASONS: usize = 20;
/// Different reasons that are counted; those of policies name their fields.
const MOST_REASONS: usize = 1_000;
/// The reason in place of those that are not told.
const OTHERS: &str = "other reasons";

/// What came of one row.
pub(super) enum Seen {
    /// It would be decided as it was.
    Unchanged,
    /// It would be decided otherwise.
    Changed {
        then: String,
        now: String,
        rule: Option<String>,
    },
    /// It cannot be told.
    NotReplayable(Vec<String>),
}

/// What came of all of them.
pub(super) struct Tally {
    /// Rows that were read, also those of other policies.
    pub(super) read: u64,
    examined: u64,
    unchanged: u64,
    changed: BTreeMap<String, u64>,
    not_replayable: u64,
    reasons: BTreeMap<String, u64>,
    first: Vec<Change>,
    limit: usize,
}

/// One of the first changes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    audit_id: String,
    timestamp: String,
    from: String,
    to: String,
    /// The rule that decides or objects.
    rule: Option<String>,
}

impl Tally {
    /// Nothing yet; `limit` changes are told one by one.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            read: 0,
            examined: 0,
            unchanged: 0,
            changed: BTreeMap::new(),
            not_replayable: 0,
            reasons: BTreeMap::new(),
            first: Vec::new(),
            limit,
        }
    }

    /// Counts what came of a row.
    pub(super) fn add(&mut self, row: &AuditTrail, seen: Seen) {
        self.examined += 1;
        match seen {
            Seen::Unchanged => self.unchanged += 1,
            Seen::NotReplayable(reasons) => {
                self.not_replayable += 1;
                for reason in reasons {
                    let known = self.reasons.contains_key(&reason);
                    let has_room = self.reasons.len() < MOST_REASONS;
                    let counted = if known || has_room {
                        reason
                    } else {
                        OTHERS.to_owned()
                    };
                    raise(&mut self.reasons, counted, 1);
                }
            }
            Seen::Changed { then, now, rule } => {
                raise(&mut self.changed, format!("{then}->{now}"), 1);
                if self.first.len() < self.limit {
                    self.first.push(Change {
                        audit_id: row.id.to_string(),
                        timestamp: row.timestamp.to_string(),
                        from: then,
                        to: now,
                        rule,
                    });
                }
            }
        }
    }

    /// As it is shown; `next` is where further rows begin.
    pub(super) fn shown(self, next: Option<String>) -> Value {
        json!({
            "read": self.read,
            "examined": self.examined,
            "unchanged": self.unchanged,
            "changed": self.changed,
            "notReplayable": {
                "count": self.not_replayable,
                "reasons": most_frequent(self.reasons),
            },
            "first": self.first,
            "nextCursor": next,
        })
    }
}

/// The most frequent reasons, and how often there was another.
fn most_frequent(reasons: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let mut sorted: Vec<(String, u64)> = reasons.into_iter().collect();
    sorted.sort_by_key(|(_, count)| Reverse(*count));
    let others = sorted.split_off(sorted.len().min(REASONS));
    let mut shown: BTreeMap<String, u64> = sorted.into_iter().collect();
    for (_, count) in others {
        raise(&mut shown, OTHERS.to_owned(), count);
    }
    shown
}

fn raise(counts: &mut BTreeMap<String, u64>, name: String, by: u64) {
    let count = counts.entry(name).or_default();
    *count = count.saturating_add(by);
}

/// An outcome, and what would have been were it not only tried out.
pub(super) fn label(outcome: DecisionType, shadow: Option<&Objection>) -> String {
    let name = |outcome| match outcome {
        DecisionType::Allow => "Allow",
        DecisionType::Deny => "Deny",
        DecisionType::Hitl => "Hitl",
    };
    match shadow {
        Some(objection) => format!("{} (shadow {})", name(outcome), name(objection.outcome)),
        None => name(outcome).to_owned(),
    }
}
