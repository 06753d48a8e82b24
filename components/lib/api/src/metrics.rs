//! The gateway's counters as Prometheus text (version 0.0.4).

use std::fmt::Write;

use vectra_domain::repository::{HeldRequestRepository, Ledger, Schema};
use vectra_domain::{Counter, Timestamp};

use crate::VERSION;

/// Where the counters come from.
pub struct Sources<'a> {
    /// The tables' version.
    pub schema: &'a dyn Schema,
    /// Decisions.
    pub ledger: &'a dyn Ledger,
    /// Requests that wait for a human.
    pub held: &'a dyn HeldRequestRepository,
    /// The present.
    pub now: Timestamp,
}

/// Everything as text. What the database does not tell is left out, and
/// `vectra_database_up` is 0 then.
#[must_use]
pub fn render(sources: &Sources<'_>) -> String {
    let mut text = Text::default();
    // The host has a version of its own.
    text.family("vectra_gateway_info", "gauge", "The gateway's version.");
    text.sample("vectra_gateway_info", &[("version", VERSION)], 1);
    let version = sources.schema.version();
    let counters = sources.ledger.counters();
    let pending = sources.held.count_pending(sources.now);
    let up = version.is_ok() && counters.is_ok() && pending.is_ok();
    text.family(
        "vectra_database_up",
        "gauge",
        "1 if the database told everything that is asked here.",
    );
    text.sample("vectra_database_up", &[], u64::from(up));
    if let Ok(version) = version {
        text.family("vectra_schema_version", "gauge", "Version of the tables.");
        text.sample("vectra_schema_version", &[], u64::from(version));
    }
    if let Ok(counters) = counters {
        decisions(&mut text, &counters);
    }
    if let Ok(pending) = pending {
        text.family(
            "vectra_held_requests",
            "gauge",
            "Requests that wait for a human.",
        );
        text.sample(
            "vectra_held_requests",
            &[("status", "pending")],
            u64::from(pending),
        );
    }
    text.0
}

/// Names are as `proxy::record` makes them: `outcome/stage`, with `/shadow-outcome` for
/// what would have been; `limited` is the database's own.
fn decisions(text: &mut Text, counters: &[Counter]) {
    text.family(
        "vectra_decisions_total",
        "counter",
        "Decisions recorded, by outcome, by the stage that decided or objected, and by what \
would have been decided where it was only tried out.",
    );
    for counter in counters {
        let mut parts = counter.name.split('/');
        let (Some(outcome), Some(stage)) = (parts.next(), parts.next()) else {
            continue;
        };
        let shadow = parts.next().and_then(|part| part.strip_prefix("shadow-"));
        let labels = [
            ("outcome", outcome),
            ("stage", stage),
            ("shadow", shadow.unwrap_or_default()),
        ];
        text.sample("vectra_decisions_total", &labels, counter.count);
    }
    text.family(
        "vectra_refused_total",
        "counter",
        "Requests that were refused without a decision, by what refused them.",
    );
    let limited = counters.iter().find(|counter| counter.name == "limited");
    let count = limited.map_or(0, |counter| counter.count);
    text.sample("vectra_refused_total", &[("reason", "rate_limit")], count);
}

/// Text in the making; writing to a String does not fail.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{}\"", escaped(text));
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
