//! The ways to read a request.

mod target;

use std::borrow::Cow;

use super::budget::Budget;
use super::facts::{Actual, Facts, Method};
use super::field::Field;
use super::scalar::{Number, Scalar};
use crate::path::readings;
use target::Target;

/// Most ways to read one request.
const VIEWS: usize = 64;

/// One way to read a request: as it was sent, normalised, or as an upstream may read it.
pub(super) struct View<'f, 'q> {
    facts: &'f Facts<'q>,
    method: Cow<'q, str>,
    path: Cow<'q, str>,
    target_url: Cow<'q, str>,
    target: Option<Target>,
}

impl<'f, 'q> View<'f, 'q> {
    /// All the ways to read a request, the one that was sent first; or why they cannot
    /// be told.
    pub(super) fn all(facts: &'f Facts<'q>) -> Result<Vec<Self>, String> {
        let upper = facts.method.to_ascii_uppercase();
        let mut methods = vec![Cow::Borrowed(facts.method)];
        if upper != facts.method {
            methods.push(Cow::Owned(upper));
        }
        // Many servers take the method from such a field.
        for named in facts.named_methods() {
            match named {
                Method::Named(named) if !methods.iter().any(|known| *known == named) => {
                    methods.push(Cow::Owned(named));
                }
                Method::Named(_) => {}
                Method::Unknown(why) => return Err(why),
            }
        }
        let paths = readings(facts.path, facts.normalised_path);
        if methods.len() * paths.len() > VIEWS {
            return Err("method: too many are named".to_owned());
        }
        let mut views = Vec::new();
        for method in methods {
            for path in &paths {
                let target_url = target_url(facts, path);
                views.push(Self {
                    facts,
                    method: method.clone(),
                    path: path.clone(),
                    target: Target::parse(&target_url),
                    target_url,
                });
            }
        }
        Ok(views)
    }

    /// How much asking about the request may still cost.
    pub(super) const fn budget(&self) -> &'f Budget {
        &self.facts.budget
    }

    /// The method.
    pub(super) fn method(&self) -> &str {
        &self.method
    }

    /// The path, if all of it is known.
    pub(super) fn path(&self) -> Option<&str> {
        (!self.facts.masked).then_some(self.path.as_ref())
    }

    /// The hosts, if the target can be read.
    pub(super) fn hosts(&self) -> Option<&[String]> {
        self.target.as_ref().map(|target| target.hosts.as_slice())
    }

    /// All the values a field has, at least one.
    pub(super) fn values<'v>(&'v self, field: &Field) -> Vec<Actual<'v>> {
        let text = |text: &'v str| vec![Actual::Scalar(Scalar::Text(text))];
        match field {
            Field::Method => text(&self.method),
            Field::Path => self.maybe_masked(&self.path),
            Field::TargetUrl => self.maybe_masked(&self.target_url),
            Field::TargetScheme | Field::TargetHost | Field::TargetPort => self.target(field),
            other => self.facts.values(other),
        }
    }

    /// Only values of the query are ever masked.
    fn maybe_masked<'v>(&self, text: &'v str) -> Vec<Actual<'v>> {
        vec![match text.find('?') {
            Some(query) if self.facts.masked => {
                Actual::Start(text.get(..=query).unwrap_or_default())
            }
            _ => Actual::Scalar(Scalar::Text(text)),
        }]
    }

    fn target(&self, field: &Field) -> Vec<Actual<'_>> {
        let Some(target) = &self.target else {
            return vec![Actual::Unreadable("the target is not an absolute URL")];
        };
        let text = |text| Actual::Scalar(Scalar::Text(text));
        match field {
            Field::TargetScheme => vec![text(&target.scheme)],
            Field::TargetHost => target.hosts.iter().map(|host| text(host)).collect(),
            _ => vec![Actual::Scalar(Scalar::Number(Number::Integer(i128::from(
                target.port,
            ))))],
        }
    }
}

/// The target with this path in place of the one it was sent with, scheme and host in
/// lower case if the path is not that one.
fn target_url<'q>(facts: &Facts<'q>, path: &str) -> Cow<'q, str> {
    if path == facts.path {
        return Cow::Borrowed(facts.target_url);
    }
    match facts.target_url.strip_suffix(facts.path) {
        Some(origin) => Cow::Owned(origin.to_ascii_lowercase() + path),
        None => Cow::Borrowed(facts.target_url),
    }
}
