//! Bounds on the requests under way at once below a path.
//!
//! The host does not know what is expensive: a bundle says it, or whoever runs it.
//! Requests below such a path wait in a queue of their own, without a general place,
//! and their guests compute only where others leave time ([`Background`]).

mod lane;

use std::fmt;
use std::io;
use std::str::FromStr;

use thiserror::Error;
use vectra_metrics::Exposition;

use crate::background::Background;
use lane::Lane;
pub(crate) use lane::Slot;

/// Most requests that a path may be given (the most that run at all).
const MOST: u32 = 1024;
/// Longest prefix, in bytes.
const LONGEST: usize = 1024;

/// The first segments of a path, as in `/tokens`. Two that differ only in the case of
/// ASCII letters are the same.
#[derive(Clone, Debug)]
pub struct PathPrefix(String);

/// The text is not a prefix of a path.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not the beginning of a path, as in `/tokens`: `/`, names and no `/` at the end")]
pub struct PathPrefixError(String);

impl PathPrefix {
    /// Whether a path (without its query) has these first segments. They are compared
    /// as they were sent: what is written in another way, with `%`, is another path.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let mut given = path.split('/');
        self.0.split('/').all(|wanted| {
            given
                .next()
                .is_some_and(|given| wanted.eq_ignore_ascii_case(given))
        })
    }
}

impl FromStr for PathPrefix {
    type Err = PathPrefixError;

    fn from_str(text: &str) -> Result<Self, PathPrefixError> {
        let names = text.strip_prefix('/').unwrap_or_default();
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte))
        };
        match text.len() <= LONGEST && names.split('/').all(is_name) {
            true => Ok(Self(text.to_owned())),
            false => Err(PathPrefixError(text.to_owned())),
        }
    }
}

impl PartialEq for PathPrefix {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for PathPrefix {}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A bound on the requests under way at once below a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathLimit {
    /// Which requests.
    pub prefix: PathPrefix,
    /// How many of them, 1 to 1,024.
    pub concurrent: u32,
}

/// These limits cannot be kept.
#[derive(Debug, Error)]
pub enum PathLimitError {
    /// No prefix.
    #[error(transparent)]
    Prefix(#[from] PathPrefixError),
    /// More than can run, or none.
    #[error("the limit of `{0}` must be from 1 to {MOST}")]
    Range(PathPrefix),
    /// Two limits for the same.
    #[error("`{0}` has two limits")]
    Twice(PathPrefix),
    /// No threads to be had.
    #[error("cannot start threads: {0}")]
    Threads(#[from] io::Error),
}

/// The paths that have limits, and the threads that run their guests.
pub(crate) struct Paths {
    /// Longer prefixes before shorter ones.
    lanes: Vec<Lane>,
    pub(crate) background: Background,
}

impl Paths {
    /// Starts the threads; nothing if there are no limits.
    pub(crate) fn new(limits: Vec<PathLimit>) -> Result<Option<Self>, PathLimitError> {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut guests: usize = 0;
        for PathLimit { prefix, concurrent } in limits {
            if !(1..=MOST).contains(&concurrent) {
                return Err(PathLimitError::Range(prefix));
            }
            if lanes.iter().any(|lane| lane.prefix == prefix) {
                return Err(PathLimitError::Twice(prefix));
            }
            guests = guests.saturating_add(concurrent as usize);
            lanes.push(Lane::new(prefix, concurrent));
        }
        if lanes.is_empty() {
            return Ok(None);
        }
        lanes.sort_by_key(|lane| std::cmp::Reverse(lane.prefix.0.len()));
        Ok(Some(Self {
            lanes,
            background: Background::start(guests)?,
        }))
    }

    /// The lane of a path: the one with the longest prefix counts.
    pub(crate) fn find(&self, path: &str) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.prefix.covers(path))
    }

    /// Says how the lanes are used. Their names are those of the limits, not of requests.
    pub(crate) fn write(&self, into: &mut Exposition) {
        type Number = fn(&Lane) -> u64;
        let gauges: [(&str, &str, Number); 3] = [
            (
                "vectra_lane_requests_running",
                "Requests with a slot of the lane",
                Lane::running,
            ),
            (
                "vectra_lane_requests_running_limit",
                "Slots of the lane",
                Lane::slots,
            ),
            (
                "vectra_lane_requests_waiting",
                "Requests that wait for a slot",
                Lane::waiting,
            ),
        ];
        for (name, help, number) in gauges {
            let mut gauge = into.gauge(name, help);
            for lane in &self.lanes {
                gauge.sample(&[("lane", &lane.prefix.0)], number(lane));
            }
        }
        let mut refused = into.counter(
            "vectra_lane_refusals_total",
            "Requests that found no slot and no place to wait, or waited too long",
        );
        for lane in &self.lanes {
            refused.sample(&[("lane", &lane.prefix.0)], lane.refused.get());
        }
    }
}

#[cfg(test)]
mod tests;
