//! What came of an import, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use vectra_host::{Count, Note};

/// Places shown of each reason.
const SHOWN: usize = 20;
/// Reasons, and names of policies, that are kept.
const KEPT: usize = 1_000;

/// Everything the steps said, added up and bounded.
#[derive(Default)]
pub(super) struct Report {
    /// In the order in which they were first said.
    counts: Vec<Count>,
    reasons: BTreeMap<String, Places>,
    policies: BTreeSet<String>,
    more: bool,
}

/// Where a reason holds.
#[derive(Default)]
struct Places {
    number: u64,
    first: Vec<String>,
}

impl Report {
    /// Adds what one step said.
    pub(super) fn add(&mut self, counts: Vec<Count>, notes: Vec<Note>, policies: Vec<String>) {
        for count in counts {
            match self.counts.iter_mut().find(|one| one.what == count.what) {
                Some(one) => one.number = one.number.saturating_add(count.number),
                None => self.counts.push(count),
            }
        }
        for note in notes {
            if self.reasons.len() >= KEPT && !self.reasons.contains_key(&note.reason) {
                self.more = true;
                continue;
            }
            let places = self.reasons.entry(note.reason).or_default();
            places.number += 1;
            if places.first.len() < SHOWN {
                places.first.push(match note.value {
                    Some(value) => format!("{}: `{value}`", note.place),
                    None => note.place,
                });
            }
        }
        self.policies.extend(policies);
        while self.policies.len() > KEPT {
            self.policies.pop_last();
            self.more = true;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for count in &self.counts {
            writeln!(f, "{}: {}", count.what, count.number)?;
        }
        if !self.policies.is_empty() {
            writeln!(
                f,
                "\npolicies that agents are assigned to; each needs its file, or those agents are denied:"
            )?;
            for name in &self.policies {
                writeln!(f, "  {name}")?;
            }
        }
        for (reason, places) in &self.reasons {
            writeln!(f, "\n{reason} ({})", places.number)?;
            for place in &places.first {
                writeln!(f, "  {place}")?;
            }
            let hidden = places.number.saturating_sub(places.first.len() as u64);
            if hidden > 0 {
                writeln!(f, "  and {hidden} more")?;
            }
        }
        if self.more {
            writeln!(f, "\nmore than this was found, and is not shown")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(place: &str, reason: &str, value: Option<&str>) -> Note {
        Note {
            place: place.to_owned(),
            reason: reason.to_owned(),
            value: value.map(str::to_owned),
        }
    }

    fn count(what: &str, number: u64) -> Count {
        Count {
            what: what.to_owned(),
            number,
        }
    }

    #[test]
    fn adds_up_what_the_steps_say() {
        let mut report = Report::default();
        let first = vec![
            note("row 1", "no time", Some("soon")),
            note("row 2", "no time", None),
        ];
        report.add(
            vec![count("rows", 2), count("lost", 0)],
            first,
            vec!["b".into(), "a".into()],
        );
        report.add(
            vec![count("rows", 3)],
            vec![note("row 3", "a blob", None)],
            vec!["a".into()],
        );
        let expected = "rows: 5\nlost: 0\n\
            \npolicies that agents are assigned to; each needs its file, or those agents are denied:\n  a\n  b\n\
            \na blob (1)\n  row 3\n\
            \nno time (2)\n  row 1: `soon`\n  row 2\n";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn keeps_and_shows_only_so_much() {
        let mut report = Report::default();
        let rows = (0..50).map(|row| note(&format!("row {row}"), "no time", None));
        report.add(Vec::new(), rows.collect(), Vec::new());
        assert!(report.to_string().ends_with("  row 19\n  and 30 more\n"));
        let notes = (0..2_000).map(|row| note("row", &format!("reason {row}"), None));
        let policies = (0..2_000).map(|policy| format!("policy {policy}"));
        report.add(Vec::new(), notes.collect(), policies.collect());
        assert_eq!(report.reasons.len(), KEPT);
        assert_eq!(report.policies.len(), KEPT);
        assert!(
            report
                .to_string()
                .ends_with("\nmore than this was found, and is not shown\n")
        );
    }
}
