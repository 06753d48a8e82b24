//! Counters by kind. Each kind has its own field, so that counting looks nothing up.

use std::time::Duration;

use hyper::StatusCode;
use vectra_metrics::{Counter, Histogram};

use crate::LimitReached;
use crate::guest::Failure;
use crate::outbound::ConnectError;
use crate::problem::Refusal;

/// Who made an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    Guest,
    Host,
}

/// Classes of status codes, as labels.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Answers by their source and class.
#[derive(Debug, Default)]
pub(crate) struct Responses {
    guest: [Histogram; CLASSES.len()],
    host: [Histogram; CLASSES.len()],
}

impl Responses {
    /// Counts an answer.
    pub(crate) fn observe(&self, source: Source, status: StatusCode, duration: Duration) {
        let classes = match source {
            Source::Guest => &self.guest,
            Source::Host => &self.host,
        };
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        // There is no class beyond these (RFC 9110 §15), but a code may be anything.
        if let Some(histogram) = classes.get(class).or(classes.last()) {
            histogram.observe(duration);
        }
    }

    /// Those a server can give, with their labels. The host itself only refuses.
    pub(super) fn all(
        &self,
    ) -> impl Iterator<Item = ([(&'static str, &'static str); 2], &Histogram)> {
        let of = |source, classes, from: usize| {
            let all = CLASSES.iter().zip(classes).skip(from);
            all.map(move |(class, histogram)| ([("source", source), ("status", *class)], histogram))
        };
        of("guest", &self.guest, 1).chain(of("host", &self.host, 3))
    }
}

/// Answers of the host's own, by their reasons.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    framing: Counter,
    head: Counter,
    too_large: Counter,
    incomplete: Counter,
    busy: Counter,
    starting: Counter,
    late: Counter,
    failed: Counter,
}

impl Refusals {
    pub(crate) fn of(&self, refusal: Refusal) -> &Counter {
        match refusal {
            Refusal::Framing(_) => &self.framing,
            Refusal::Head => &self.head,
            Refusal::TooLarge => &self.too_large,
            Refusal::Incomplete => &self.incomplete,
            Refusal::Busy => &self.busy,
            Refusal::Starting => &self.starting,
            Refusal::Late => &self.late,
            Refusal::Failed => &self.failed,
        }
    }

    pub(super) fn all(&self) -> [(&'static str, &Counter); 8] {
        [
            ("framing", &self.framing),
            ("head-too-large", &self.head),
            ("body-too-large", &self.too_large),
            ("incomplete", &self.incomplete),
            ("busy", &self.busy),
            ("starting", &self.starting),
            ("late", &self.late),
            ("failed", &self.failed),
        ]
    }
}

/// What ended guests before their time.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    trap: Counter,
    cpu: Counter,
    memory: Counter,
    time: Counter,
}

impl Ends {
    pub(crate) fn of(&self, failure: Failure) -> &Counter {
        match failure {
            Failure::Trap => &self.trap,
            Failure::Limit(LimitReached::Cpu) => &self.cpu,
            Failure::Limit(LimitReached::Memory) => &self.memory,
            Failure::Limit(LimitReached::Time) => &self.time,
        }
    }

    pub(super) fn all(&self) -> [(&'static str, &Counter); 4] {
        [
            ("trap", &self.trap),
            ("cpu", &self.cpu),
            ("memory", &self.memory),
            ("time", &self.time),
        ]
    }
}

/// Connections for guests.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    pub(crate) made: Counter,
    name: Counter,
    prohibited: Counter,
    timed_out: Counter,
    refused: Counter,
}

impl Attempts {
    pub(crate) fn of(&self, error: &ConnectError) -> &Counter {
        match error {
            ConnectError::NoHost | ConnectError::Name(_) | ConnectError::NoAddress => &self.name,
            ConnectError::Prohibited => &self.prohibited,
            ConnectError::TimedOut => &self.timed_out,
            ConnectError::Refused(_) => &self.refused,
        }
    }

    pub(super) fn failed(&self) -> [(&'static str, &Counter); 4] {
        [
            ("name", &self.name),
            ("prohibited", &self.prohibited),
            ("timeout", &self.timed_out),
            ("refused", &self.refused),
        ]
    }
}
