//! Numbers that are counted without locks, and Prometheus text (version 0.0.4).
//!
//! [`Counter`], [`Gauge`] and [`Histogram`] are atomics: who counts takes no lock and
//! makes nothing. Everything else happens when somebody asks, in [`Exposition`], which
//! also takes numbers that are kept elsewhere, such as the length of a queue.
//!
//! ```
//! use std::time::Duration;
//! use vectra_metrics::{Counter, Exposition, Histogram};
//!
//! let (refused, waits) = (Counter::default(), Histogram::default());
//! refused.add(1);
//! waits.observe(Duration::from_millis(3));
//!
//! let mut exposition = Exposition::default();
//! exposition.counter("door_refused_total", "Who was sent away").sample(&[], refused.get());
//! exposition.histogram("door_wait_seconds", "How long one waits").observed(&[("door", "front")], &waits);
//! let text = exposition.into_text();
//! assert!(text.contains("\ndoor_refused_total 1\n"));
//! assert_eq!(vectra_metrics::parse(&text).unwrap().value("door_wait_seconds_count", &[("door", "front")]), Some(1.0));
//! ```
//!
//! Why no library: the histogram of `prometheus-client` takes a lock per observation, and
//! it writes OpenMetrics, where counters are declared without their `_total`; with
//! `prometheus` the numbers that are read only when asked for, which are most of ours,
//! need collectors that build a tree of owned messages first.

mod exposition;
mod histogram;
mod number;
mod text;

pub use exposition::{Exposition, Family, Seconds};
pub use histogram::Histogram;
pub use number::{Counter, Gauge, Held};
pub use text::{Malformed, Parsed, Sample, parse};
