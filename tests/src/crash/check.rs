//! Holds what a database has against what was noted, and its parts against each other.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use super::notes::{Acknowledged, Notes};
use super::rows::{Audit, Rows};

/// Something that is lost, twice there, or not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    /// A path, an id, or the part of a table.
    pub(super) about: String,
    /// What is wrong with it.
    pub(super) problem: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.about, self.problem)
    }
}

impl Complaint {
    pub(super) fn new(about: &str, problem: impl Into<String>) -> Self {
        Self {
            about: about.to_owned(),
            problem: problem.into(),
        }
    }
}

/// Everything that is wrong; nothing if each acknowledged decision is there, whole and
/// once, with its explanation, its history and its counters, nothing was forwarded
/// without its row, and nothing else is half there.
pub(super) fn complaints(rows: &Rows, notes: &Notes) -> Vec<Complaint> {
    let mut by_path: HashMap<&str, Vec<&Audit>> = HashMap::new();
    for row in &rows.audit {
        by_path.entry(&row.path).or_default().push(row);
    }
    let found = |path: &str| by_path.get(path).map_or(&[][..], Vec::as_slice);
    let mut complaints = Vec::new();
    for (path, noted) in &notes.acknowledged {
        complaints.extend(acknowledged(path, noted, found(path)));
    }
    for (path, times) in &notes.forwarded {
        complaints.extend(forwarded(path, *times, found(path)));
    }
    complaints.extend(parts(rows));
    complaints.extend(counters(rows));
    complaints
}

fn acknowledged(path: &str, noted: &Acknowledged, found: &[&Audit]) -> Option<Complaint> {
    let decision = noted.decision;
    let complain = |problem: String| {
        let problem = format!("acknowledged as {decision}: {problem}");
        Some(Complaint::new(path, problem))
    };
    let [row] = found else {
        return complain(format!("{} rows in AuditTrail instead of one", found.len()));
    };
    let named = noted.audit_id.as_ref().unwrap_or(&row.id);
    for (column, expected, is) in [
        ("DecisionType", decision.code(), &row.decision),
        ("AgentId", &noted.agent, &row.agent),
        ("Id", named, &row.id),
    ] {
        if expected != is {
            return complain(format!("{column} is `{is}` instead of `{expected}`"));
        }
    }
    if !row.target.ends_with(path) {
        return complain(format!("TargetUrl is `{}`", row.target));
    }
    None
}

fn forwarded(path: &str, times: u32, found: &[&Audit]) -> Option<Complaint> {
    let problem = match found {
        _ if times > 1 => format!("forwarded {times} times"),
        [row] if row.decision == "0" => return None,
        [row] => format!("forwarded, but DecisionType is {}", row.decision),
        _ => format!(
            "forwarded: {} rows in AuditTrail instead of one",
            found.len()
        ),
    };
    Some(Complaint::new(path, problem))
}

/// The tables that get a row for each decision agree one to one.
fn parts(rows: &Rows) -> Vec<Complaint> {
    let line = |agent: &str, decision: &str, path: &str, time: &str| {
        format!("{path} at {time} by {agent}, DecisionType {decision}")
    };
    let audit = &rows.audit;
    let ids = || audit.iter().map(|row| row.id.clone());
    let held = audit.iter().filter(|row| row.decision == "2");
    let lines = audit
        .iter()
        .map(|row| line(&row.agent, &row.decision, &row.path, &row.time));
    let remembered = rows
        .history
        .iter()
        .map(|row| line(&row.agent, &row.decision, &row.path, &row.time));
    let mut complaints = pairs("AuditExplanation", ids(), rows.explained.iter().cloned());
    complaints.extend(pairs("AgentHistory", lines, remembered));
    let held = held.map(|row| row.id.clone());
    complaints.extend(pairs("HeldRequest", held, rows.held.iter().cloned()));
    complaints
}

/// Each key is once in the audit and once in the other table.
fn pairs(
    other: &str,
    audit: impl Iterator<Item = String>,
    others: impl Iterator<Item = String>,
) -> Vec<Complaint> {
    let mut counts: HashMap<String, (u32, u32)> = HashMap::new();
    for key in audit {
        counts.entry(key).or_default().0 += 1;
    }
    for key in others {
        counts.entry(key).or_default().1 += 1;
    }
    let odd = counts.into_iter().filter(|(_, counts)| *counts != (1, 1));
    odd.map(|(key, (in_audit, in_other))| {
        let problem = format!("{in_audit} in AuditTrail, {in_other} in {other}");
        Complaint::new(&key, problem)
    })
    .collect()
}

/// Each minute and each hour of an agent counts the rows that lie in it.
fn counters(rows: &Rows) -> Vec<Complaint> {
    type Count = (u64, u64);
    let mut counts: HashMap<(&str, &str, &str), (Count, Count)> = HashMap::new();
    for row in &rows.audit {
        for span in ["60", "3600"] {
            let key = (row.agent.as_str(), span, beginning(span, &row.time));
            let (expected, _) = counts.entry(key).or_default();
            expected.0 += 1;
            expected.1 += u64::from(row.decision != "0");
        }
    }
    for row in &rows.activity {
        let key = (
            row.agent.as_str(),
            row.span.as_str(),
            beginning(&row.span, &row.start),
        );
        let (_, counted) = counts.entry(key).or_default();
        counted.0 += row.requests;
        counted.1 += row.violations;
    }
    let odd = counts
        .into_iter()
        .filter(|(_, (expected, counted))| expected != counted);
    odd.map(|((agent, span, start), (expected, counted))| {
        let about = format!("{agent}, {span} s from {start}");
        let problem = format!(
            "AgentActivity counts {counted:?} requests and violations, AuditTrail has {expected:?}"
        );
        Complaint::new(&about, problem)
    })
    .collect()
}

/// The minute or the hour that a time lies in: both engines write `YYYY-MM-DD HH:MM`
/// with one letter between.
fn beginning<'t>(span: &str, time: &'t str) -> &'t str {
    let length = if span == "60" { 16 } else { 13 };
    time.get(..length).unwrap_or(time)
}
