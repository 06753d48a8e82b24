//! Reads metrics as Prometheus does, only more strictly.

use std::time::Instant;

use vectra_metrics::{Parsed, parse};

use crate::support::{DEADLINE, Response, Vectra, exchange};

/// What was read.
pub struct Scraped {
    pub text: String,
    parsed: Parsed,
}

impl Scraped {
    /// A number that must be there.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let value = self.parsed.value(name, labels);
        value.unwrap_or_else(|| panic!("no {name} {labels:?} in\n{}", self.text))
    }

    /// A number that must be there and has no labels.
    pub fn plain(&self, name: &str) -> f64 {
        self.value(name, &[])
    }

    pub fn has(&self, name: &str) -> bool {
        self.parsed.families.contains_key(name)
    }

    /// Checks every histogram: buckets grow, and the last is the count.
    fn assert_whole(&self) {
        let mut last: Option<(String, f64)> = None;
        for sample in &self.parsed.samples {
            let mut series = sample.labels.clone();
            series.retain(|(name, _)| name != "le");
            let series = |name: &str| format!("{name}{series:?}");
            if let Some(name) = sample.name.strip_suffix("_bucket") {
                if let Some((of, count)) = &last {
                    assert!(*of != series(name) || *count <= sample.value, "{sample:?}");
                }
                last = Some((series(name), sample.value));
            } else if let Some(name) = sample.name.strip_suffix("_count") {
                assert_eq!(last, Some((series(name), sample.value)), "{sample:?}");
            }
        }
    }
}

pub async fn request(vectra: &Vectra, line: &str) -> Response {
    let request = format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    Response::parse(&exchange(vectra.metrics_address(), request.as_bytes()).await)
}

pub async fn scrape(vectra: &Vectra) -> Scraped {
    let response = request(vectra, "GET /metrics").await;
    assert_eq!(response.status, 200, "{response:?}");
    let kind = "content-type: text/plain; version=0.0.4";
    assert!(response.head.contains(kind), "{response:?}");
    let text = response.body;
    let parsed = parse(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    let scraped = Scraped { text, parsed };
    scraped.assert_whole();
    scraped
}

/// Scrapes until something holds.
pub async fn until(vectra: &Vectra, what: &str, holds: impl Fn(&Scraped) -> bool) -> Scraped {
    let begun = Instant::now();
    loop {
        let scraped = scrape(vectra).await;
        if holds(&scraped) {
            return scraped;
        }
        assert!(
            begun.elapsed() < DEADLINE,
            "not in time: {what}\n{}",
            scraped.text
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
