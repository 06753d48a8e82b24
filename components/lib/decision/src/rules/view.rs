//! The request as a rule reads it.

mod body;
mod target;

use std::borrow::Cow;

use super::field::Field;
use super::scalar::{Number, Scalar};
use crate::PolicyQuestion;
use crate::json::Value;
pub(super) use body::Body;
use target::Target;

/// One of the values a field has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Actual<'v> {
    /// The request has none.
    Missing,
    /// A value of the request itself.
    Scalar(Scalar<'v>),
    /// A value of the JSON body, not `null`.
    Json(&'v Value<'v>),
    /// It cannot be read; why.
    Unreadable(&'static str),
}

/// Fields that name another method than the request's own.
const OVERRIDES: [&str; 3] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// One way to read a request: as it was sent, or normalised.
pub(super) struct View<'q> {
    question: &'q PolicyQuestion,
    body: &'q Body<'q>,
    method: Cow<'q, str>,
    path: &'q str,
    target_url: Cow<'q, str>,
    target: Option<Target>,
}

impl<'q> View<'q> {
    /// All the ways to read a request, the one that was sent first.
    pub(super) fn all(question: &'q PolicyQuestion, body: &'q Body<'q>) -> Vec<Self> {
        let request = &question.request;
        let upper = request.method.to_ascii_uppercase();
        let mut paths = vec![request.path.as_str()];
        if request.normalised_path != request.path {
            paths.push(&request.normalised_path);
        }
        let mut methods = vec![Cow::Borrowed(request.method.as_str())];
        if upper != request.method {
            methods.push(Cow::Owned(upper));
        }
        // Many servers take the method from such a field. Hosts bound their number.
        for (name, value) in &request.headers {
            let named = value.trim().to_ascii_uppercase();
            if OVERRIDES.contains(&name.as_str()) && !methods.iter().any(|known| *known == named) {
                methods.push(Cow::Owned(named));
            }
        }
        let mut views = Vec::new();
        for method in methods {
            for path in &paths {
                let target_url = target_url(question, path);
                views.push(Self {
                    question,
                    body,
                    method: method.clone(),
                    path,
                    target: Target::parse(&target_url),
                    target_url,
                });
            }
        }
        views
    }

    /// All the values a field has, at least one.
    pub(super) fn values<'v>(&'v self, field: &Field) -> Vec<Actual<'v>> {
        let text = |text: &'v str| vec![Actual::Scalar(Scalar::Text(text))];
        match field {
            Field::Method => text(&self.method),
            Field::Path => text(self.path),
            Field::TargetUrl => text(&self.target_url),
            Field::AgentId => text(&self.question.agent.id),
            Field::PolicyName => match &self.question.agent.policy_name {
                Some(name) => text(name),
                None => vec![Actual::Missing],
            },
            Field::TrustScore => number(self.question.agent.trust_score),
            Field::RiskScore => number(self.question.risk.score),
            Field::TargetScheme | Field::TargetHost | Field::TargetPort => self.target(field),
            Field::Header(name) => self.header(name),
            Field::Body => match self.body.text() {
                Some(body) => text(body),
                None => vec![Actual::Missing],
            },
            Field::BodyPath(path) => or_missing(self.body.at(path)),
        }
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

    fn header(&self, name: &str) -> Vec<Actual<'_>> {
        let values: Vec<Actual<'_>> = self
            .question
            .request
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| Actual::Scalar(Scalar::Text(value)))
            .collect();
        or_missing(values)
    }
}

fn or_missing(values: Vec<Actual<'_>>) -> Vec<Actual<'_>> {
    if values.is_empty() {
        vec![Actual::Missing]
    } else {
        values
    }
}

fn number<'v>(number: f64) -> Vec<Actual<'v>> {
    vec![Actual::Scalar(Scalar::Number(Number::Float(number)))]
}

/// The target with this path in place of the one it was sent with, scheme and host in
/// lower case if the path is the normalised one.
fn target_url<'q>(question: &'q PolicyQuestion, path: &str) -> Cow<'q, str> {
    let request = &question.request;
    if path == request.path {
        return Cow::Borrowed(&request.target_url);
    }
    match request.target_url.strip_suffix(&request.path) {
        Some(origin) => Cow::Owned(origin.to_ascii_lowercase() + path),
        None => Cow::Borrowed(&request.target_url),
    }
}
