//! Writes Prometheus text.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use crate::Histogram;

/// Prometheus text, version 0.0.4. Families are written one after the other; each name
/// is to be used once.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// The media type of the text.
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// A family of numbers that only grow; their names end in `_total`.
    pub fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "counter", help)
    }

    /// A family of numbers that go up and down.
    pub fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "gauge", help)
    }

    /// A family of durations; its name ends in `_seconds`.
    pub fn histogram(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "histogram", help)
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        let text = &mut self.0;
        // Writing to a text never fails, here and below.
        let _ = write!(
            text,
            "# HELP {name} {help}.\n# TYPE {name} {kind}\n",
            help = Escaped(help)
        );
        Family { text, name }
    }

    /// The text so far.
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// A family that samples are added to.
pub struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Family<'_> {
    /// Adds a number under these labels.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.line("", labels, None, value);
        self
    }

    /// Adds a histogram under these labels.
    pub fn observed(&mut self, labels: &[(&str, &str)], histogram: &Histogram) -> &mut Self {
        let (buckets, total) = histogram.cumulative();
        for (bound, count) in buckets {
            self.line("_bucket", labels, Some(bound), count);
        }
        self.line("_bucket", labels, Some("+Inf"), total);
        self.line("_sum", labels, None, Seconds(histogram.sum()));
        self.line("_count", labels, None, total);
        self
    }

    fn line(
        &mut self,
        ending: &str,
        labels: &[(&str, &str)],
        bound: Option<&str>,
        value: impl Display,
    ) {
        let _ = write!(self.text, "{}{ending}", self.name);
        let bound = bound.map(|bound| ("le", bound));
        let mut opening = '{';
        for (name, value) in labels.iter().copied().chain(bound) {
            let _ = write!(self.text, "{opening}{name}=\"{}\"", Escaped(value));
            opening = ',';
        }
        let closing = if opening == ',' { "}" } else { "" };
        let _ = writeln!(self.text, "{closing} {value}");
    }
}

/// A duration, written in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Seconds(pub Duration);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0.as_secs(), self.0.subsec_nanos())
    }
}

/// Text with what ends a value or a line escaped.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            letter => f.write_char(letter),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn what_is_written_can_be_read() {
        let histogram = Histogram::default();
        histogram.observe(Duration::from_millis(2));
        let mut exposition = Exposition::default();
        exposition.gauge("a", "One").sample(&[], 7).sample(
            &[("odd", "a\\b\"c\nd")],
            Seconds(Duration::from_millis(1500)),
        );
        exposition
            .histogram("b_seconds", "Other")
            .observed(&[("x", "y")], &histogram);
        let text = exposition.into_text();
        let Ok(parsed) = parse(&text) else {
            panic!("{text}")
        };
        for (name, labels, value) in [
            ("a", vec![], 7.0),
            ("a", vec![("odd", "a\\b\"c\nd")], 1.5),
            ("b_seconds_bucket", vec![("x", "y"), ("le", "0.001")], 0.0),
            ("b_seconds_bucket", vec![("x", "y"), ("le", "0.0025")], 1.0),
            ("b_seconds_bucket", vec![("x", "y"), ("le", "+Inf")], 1.0),
            ("b_seconds_count", vec![("x", "y")], 1.0),
            ("b_seconds_sum", vec![("x", "y")], 0.002),
        ] {
            assert_eq!(
                parsed.value(name, &labels),
                Some(value),
                "{name} {labels:?}\n{text}"
            );
        }
        assert_eq!(parsed.value("a", &[("odd", "z")]), None);
    }
}
