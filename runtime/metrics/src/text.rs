//! Reads Prometheus text, strictly: what is accepted here, every scraper accepts.

mod line;

use std::collections::{HashMap, HashSet};

use thiserror::Error;

/// A text is not what it should be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line} {problem}")]
pub struct Malformed {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// One line with a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its name, with `_bucket`, `_sum` or `_count`.
    pub name: String,
    /// Its labels, as they were written.
    pub labels: Vec<(String, String)>,
    /// The number.
    pub value: f64,
}

/// What a text holds.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Its families and what they are; those without a `TYPE` are `untyped`.
    pub families: HashMap<String, String>,
    /// Its numbers, in their order.
    pub samples: Vec<Sample>,
}

impl Parsed {
    /// The number of this name and exactly these labels, in whatever order.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let matches = |sample: &&Sample| {
            sample.name == name
                && sample.labels.len() == labels.len()
                && labels.iter().all(|(name, value)| {
                    let mut of = sample.labels.iter();
                    of.any(|label| label.0 == *name && label.1 == *value)
                })
        };
        self.samples.iter().find(matches).map(|sample| sample.value)
    }

    /// A name of this text that is one of another's too, if there is one: together they
    /// would be no text.
    pub fn clash_with(&self, other: &Self) -> Option<String> {
        let taken: HashSet<&str> = other.names().collect();
        let clash = self.names().find(|name| taken.contains(name));
        clash.map(str::to_owned)
    }

    /// The names of families and samples, each once or more.
    fn names(&self) -> impl Iterator<Item = &str> {
        let samples = self.samples.iter().map(|sample| sample.name.as_str());
        self.families.keys().map(String::as_str).chain(samples)
    }
}

/// Reads a text. Every family is in one piece, its `TYPE` comes first and once, no number
/// is there twice, no counter is negative.
///
/// # Errors
/// [`Malformed`], for the first line that is wrong.
pub fn parse(text: &str) -> Result<Parsed, Malformed> {
    let mut reading = Reading::default();
    for (line, content) in (1..).zip(text.split_inclusive('\n')) {
        content
            .strip_suffix('\n')
            .ok_or("has no end")
            .and_then(|content| reading.take(content))
            .map_err(|problem| Malformed { line, problem })?;
    }
    Ok(reading.parsed)
}

/// How far a text was read.
#[derive(Default)]
struct Reading {
    parsed: Parsed,
    /// The family that the present lines belong to.
    family: String,
    /// Families that samples were seen of.
    begun: HashSet<String>,
    /// Samples that were seen, with their labels sorted.
    seen: HashSet<(String, Vec<(String, String)>)>,
}

impl Reading {
    fn take(&mut self, content: &str) -> Result<(), &'static str> {
        let Some(comment) = content.strip_prefix('#') else {
            return match content.is_empty() {
                true => Ok(()),
                false => self.sample(line::sample(content)?),
            };
        };
        let mut words = comment.trim_start().splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some("HELP"), Some(name), _) => self.enter(name),
            (Some("TYPE"), Some(name), Some(kind)) => self.declare(name, kind),
            (Some("HELP" | "TYPE"), ..) => Err("says of nothing what it is"),
            _ => Ok(()),
        }
    }

    /// Begins a family, or goes on with it.
    fn enter(&mut self, name: &str) -> Result<(), &'static str> {
        if !line::is_name(name) {
            return Err("has no proper name");
        }
        if self.family != name && self.begun.contains(name) {
            return Err("belongs to a family that had ended");
        }
        name.clone_into(&mut self.family);
        Ok(())
    }

    fn declare(&mut self, name: &str, kind: &str) -> Result<(), &'static str> {
        self.enter(name)?;
        if !["counter", "gauge", "histogram", "summary", "untyped"].contains(&kind) {
            return Err("has no known type");
        }
        if self.begun.contains(name) {
            return Err("comes behind a number of its family");
        }
        match self.parsed.families.insert(name.into(), kind.into()) {
            None => Ok(()),
            Some(_) => Err("gives a type for the second time"),
        }
    }

    fn sample(&mut self, sample: Sample) -> Result<(), &'static str> {
        let kind = self.parsed.families.get(&self.family).map(String::as_str);
        let rest = sample.name.strip_prefix(&self.family);
        let is_part = match kind {
            Some("histogram") => matches!(rest, Some("_bucket" | "_sum" | "_count")),
            Some("summary") => matches!(rest, Some("" | "_sum" | "_count")),
            _ => false,
        };
        if !is_part {
            self.enter(&sample.name)?;
            let families = &mut self.parsed.families;
            let kind = families.entry(sample.name.clone());
            match kind.or_insert_with(|| "untyped".into()).as_str() {
                "histogram" => return Err("is a part that no histogram has"),
                "counter" if sample.value.is_nan() || sample.value < 0.0 => {
                    return Err("is a counter below zero");
                }
                _ => {}
            }
        }
        self.begun.insert(self.family.clone());
        let mut labels = sample.labels.clone();
        labels.sort_unstable();
        if !self.seen.insert((sample.name.clone(), labels)) {
            return Err("is there twice");
        }
        self.parsed.samples.push(sample);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
