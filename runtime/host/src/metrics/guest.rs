//! The bundle's own numbers: asked for seldom, believed only if they are well-formed.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use vectra_metrics::{Exposition, Parsed, parse};

use crate::{Capabilities, Host};

/// How long the bundle may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer, or that there is none, holds for others who ask.
const FRESH: Duration = Duration::from_secs(1);
/// Largest text, in bytes.
const LARGEST: usize = 1 << 20;

/// What the bundle said last. Who asks next waits for who asks now.
#[derive(Default)]
pub(crate) struct Scrape(Mutex<Option<Said>>);

/// What it said, and when.
struct Said {
    at: Instant,
    text: Option<Arc<str>>,
}

/// A bundle that has numbers, and whether it told them.
pub(super) enum Guest {
    /// It has none.
    Silent,
    /// It did not.
    Down,
    /// It did.
    Up(Arc<str>),
}

impl<C: Capabilities> Host<C> {
    pub(super) async fn guest_metrics(&self) -> Guest {
        if !self.is_hosted() {
            return Guest::Silent;
        }
        let mut last = self.scrape.0.lock().await;
        let text = match &*last {
            Some(said) if said.at.elapsed() < FRESH => said.text.clone(),
            _ => {
                let text = self.ask().await;
                let at = Instant::now();
                last.insert(Said { at, text }).text.clone()
            }
        };
        text.map_or(Guest::Down, Guest::Up)
    }

    /// Calls `metrics.render`, once the bundle has started.
    async fn ask(&self) -> Option<Arc<str>> {
        if self.closed.load(Relaxed) {
            return None;
        }
        let text = match timeout(PATIENCE, self.render()).await {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => {
                warn(&error.to_string());
                return None;
            }
            Err(_) => {
                warn("they did not come in time");
                return None;
            }
        };
        (!text.is_empty()).then(|| text.into())
    }
}

fn warn(message: &str) {
    tracing::warn!(
        error.message = message,
        "the component's metrics are left out"
    );
}

/// Puts the bundle's text behind the host's, if both together are one.
pub(super) fn append(mut host: Exposition, guest: Guest) -> String {
    let text = match guest {
        Guest::Silent => return host.into_text(),
        Guest::Down => None,
        Guest::Up(text) => match fits(host.as_text(), &text) {
            Ok(()) => Some(text),
            Err(problem) => {
                warn(&problem);
                None
            }
        },
    };
    host.gauge(UP, "Whether the component's own metrics follow")
        .sample(&[], u8::from(text.is_some()));
    let mut all = host.into_text();
    all.push_str(text.as_deref().unwrap_or_default());
    all
}

/// The name of the number that says whether the bundle's are there.
const UP: &str = "vectra_guest_metrics_up";

fn fits(host: &str, guest: &str) -> Result<(), String> {
    if guest.len() > LARGEST {
        return Err(format!("they have {} bytes", guest.len()));
    }
    let read = |text: &str| parse(text).map_err(|error| error.to_string());
    let (own, theirs): (Parsed, Parsed) = (read(host)?, read(guest)?);
    let reserved = theirs.families.contains_key(UP).then(|| UP.to_owned());
    match theirs.clash_with(&own).or(reserved) {
        Some(name) => Err(format!("`{name}` is a name of the host's")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_makes_one_text_with_the_hosts_is_appended() {
        for (text, fits) in [
            ("theirs_total 1\n", true),
            (
                "# HELP theirs Any.\n# TYPE theirs gauge\ntheirs{a=\"b\"} 1\n",
                true,
            ),
            ("own 2\n", false),
            ("own{a=\"b\"} 2\n", false),
            ("vectra_guest_metrics_up 1\n", false),
            ("theirs_total 1", false),
            ("no text at all\n", false),
        ] {
            let mut host = Exposition::default();
            host.gauge("own", "One").sample(&[], 1);
            let all = append(host, Guest::Up(text.into()));
            assert_eq!(
                all.contains("theirs"),
                fits && text.contains("theirs"),
                "{text}"
            );
            let parsed = parse(&all).unwrap_or_default();
            let up = parsed.value("vectra_guest_metrics_up", &[]);
            assert_eq!(up, Some(if fits { 1.0 } else { 0.0 }), "{text}");
            assert_eq!(parsed.value("own", &[]), Some(1.0), "{text}");
        }
        let large = "# \n".repeat(LARGEST / 3 + 1);
        assert!(fits("", &large).is_err());
    }
}
