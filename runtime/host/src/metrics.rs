//! What the host counts of its own work, and how it is shown.
//!
//! Labels are few and all from this program or its configuration, never from a request:
//! no path, no client. What is a length or a number in use is not counted but looked at
//! when somebody asks.

mod counts;
mod endpoint;
mod guest;
mod process;

use vectra_metrics::{Counter, Exposition, Gauge, Histogram, Seconds};

use crate::{Capabilities, Host};
pub(crate) use counts::{Attempts, Ends, Refusals, Responses, Source};
pub use endpoint::MetricsServer;
pub(crate) use guest::Scrape;

/// Everything that is counted as it happens.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Answers, and how long their heads took.
    pub(crate) responses: Responses,
    /// Requests between their heads and the ends of their answers.
    pub(crate) in_flight: Gauge,
    /// Clients that left before the head of an answer.
    pub(crate) abandoned: Counter,
    /// Answers of the host's own.
    pub(crate) refusals: Refusals,
    /// Requests that wait for a place.
    pub(crate) waiting: Gauge,
    /// Connections from before their handshakes to their ends.
    pub(crate) connections: Gauge,
    /// Connections that were accepted.
    pub(crate) accepted: Counter,
    /// Connections that the system could not give.
    pub(crate) unaccepted: Counter,
    /// Handshakes that failed.
    pub(crate) handshakes: Counter,
    /// How often all places for connections were taken when the next was to be accepted.
    pub(crate) full: Counter,
    /// Instances alive.
    pub(crate) instances: Gauge,
    /// Instances that were made.
    pub(crate) instantiated: Counter,
    /// How guests ended that did not come to their ends.
    pub(crate) ends: Ends,
    /// Requests of guests, until the heads of their answers.
    pub(crate) outbound: Histogram,
    /// Requests of guests without an answer yet.
    pub(crate) outbound_in_flight: Gauge,
    /// Requests of guests that failed, the connection included.
    pub(crate) outbound_failed: Counter,
    /// Connections for guests.
    pub(crate) attempts: Attempts,
}

impl Metrics {
    fn write(&self, into: &mut Exposition) {
        self.write_requests(into);
        self.write_connections(into);
        self.write_guests(into);
        self.write_outbound(into);
    }

    fn write_requests(&self, into: &mut Exposition) {
        let mut durations = into.histogram(
            "vectra_http_request_duration_seconds",
            "From the head of a request to the head of its answer",
        );
        for (labels, histogram) in self.responses.all() {
            durations.observed(&labels, histogram);
        }
        into.gauge(
            "vectra_http_requests_in_flight",
            "Requests whose answers have not come to their ends",
        )
        .sample(&[], self.in_flight.get());
        into.gauge(
            "vectra_http_requests_waiting",
            "Requests that wait for a place",
        )
        .sample(&[], self.waiting.get());
        into.counter(
            "vectra_http_requests_abandoned_total",
            "Requests whose clients left before the head of an answer",
        )
        .sample(&[], self.abandoned.get());
        let mut refusals = into.counter(
            "vectra_http_refusals_total",
            "Answers of the host in place of the component",
        );
        for (reason, counter) in self.refusals.all() {
            refusals.sample(&[("reason", reason)], counter.get());
        }
    }

    fn write_connections(&self, into: &mut Exposition) {
        into.gauge("vectra_http_connections", "Connections of clients now")
            .sample(&[], self.connections.get());
        into.counter(
            "vectra_http_connections_accepted_total",
            "Connections of clients",
        )
        .sample(&[], self.accepted.get());
        into.counter(
            "vectra_http_connections_failed_total",
            "Connections that were not accepted, or whose TLS handshakes failed",
        )
        .sample(&[("at", "accept")], self.unaccepted.get())
        .sample(&[("at", "handshake")], self.handshakes.get());
        into.counter(
            "vectra_http_connections_full_total",
            "How often further clients had to wait until a connection ended",
        )
        .sample(&[], self.full.get());
    }

    fn write_guests(&self, into: &mut Exposition) {
        into.gauge("vectra_guest_instances", "Instances of the component now")
            .sample(&[], self.instances.get());
        into.counter(
            "vectra_guest_instances_created_total",
            "Instances of the component that were made",
        )
        .sample(&[], self.instantiated.get());
        let mut ends = into.counter(
            "vectra_guest_failures_total",
            "Instances that trapped or were stopped at a limit",
        );
        for (reason, counter) in self.ends.all() {
            ends.sample(&[("reason", reason)], counter.get());
        }
    }

    fn write_outbound(&self, into: &mut Exposition) {
        into.histogram(
            "vectra_outbound_request_duration_seconds",
            "Requests of the component that were answered, until the heads of the answers",
        )
        .observed(&[], &self.outbound);
        into.gauge(
            "vectra_outbound_requests_in_flight",
            "Requests of the component without an answer yet",
        )
        .sample(&[], self.outbound_in_flight.get());
        into.counter(
            "vectra_outbound_requests_failed_total",
            "Requests of the component without an answer, for whatever reason",
        )
        .sample(&[], self.outbound_failed.get());
        into.counter(
            "vectra_outbound_connections_total",
            "Connections that were made for the component",
        )
        .sample(&[], self.attempts.made.get());
        let mut failures = into.counter(
            "vectra_outbound_connections_failed_total",
            "Connections that were not made",
        );
        for (reason, counter) in self.attempts.failed() {
            failures.sample(&[("reason", reason)], counter.get());
        }
    }
}

impl<C: Capabilities> Host<C> {
    /// All numbers as Prometheus text: the host's own, those that the caller adds, and
    /// those of the bundle, if it has any. `vectra_guest_metrics_up` says whether those
    /// are there; they are left out if the bundle does not answer within five seconds, or
    /// with anything but such text under names of its own. It is asked once at a time
    /// and once in a second.
    pub async fn metrics(&self, add: impl FnOnce(&mut Exposition)) -> String {
        let guest = self.guest_metrics().await;
        let mut exposition = Exposition::default();
        self.write_own(&mut exposition);
        add(&mut exposition);
        guest::append(exposition, guest)
    }

    fn write_own(&self, into: &mut Exposition) {
        self.metrics.write(into);
        let places = self.limits().concurrent_requests as usize;
        into.gauge("vectra_http_requests_running", "Requests with a place")
            .sample(&[], places.saturating_sub(self.places.available_permits()));
        into.gauge("vectra_http_requests_running_limit", "Places for requests")
            .sample(&[], places);
        if let Some(paths) = &self.paths {
            paths.write(into);
        }
        if let Some(process) = process::read() {
            into.counter("process_cpu_seconds_total", "Time on a core")
                .sample(&[], Seconds(process.cpu));
            into.gauge("process_resident_memory_bytes", "Memory in use")
                .sample(&[], process.resident);
            into.gauge("process_start_time_seconds", "Start, in seconds since 1970")
                .sample(&[], Seconds(process.started));
            into.gauge("process_threads", "Threads")
                .sample(&[], process.threads);
        }
    }
}
