//! The request as a rule reads it.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::field::Field;
use super::scalar::{Number, Scalar};
use crate::PolicyQuestion;
use crate::json::{Comments, Value, parse};

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

/// One way to read a request: as it was sent, or normalised.
pub(super) struct View<'q> {
    question: &'q PolicyQuestion,
    body: &'q Body<'q>,
    method: Cow<'q, str>,
    path: &'q str,
    target_url: Cow<'q, str>,
    target: Option<Target>,
}

struct Target {
    scheme: String,
    /// As sent in lower case, and without a final dot if it has one.
    hosts: Vec<String>,
    port: u16,
}

/// The body, parsed when a condition first wants that.
pub(super) struct Body<'q> {
    text: Option<&'q str>,
    json: OnceCell<Option<Value<'q>>>,
}

impl<'q> Body<'q> {
    pub(super) const fn new(question: &'q PolicyQuestion) -> Self {
        Self {
            text: match &question.request.body {
                Some(text) => Some(text.as_str()),
                None => None,
            },
            json: OnceCell::new(),
        }
    }

    fn json(&self, text: &'q str) -> Option<&Value<'q>> {
        self.json
            .get_or_init(|| parse(text, Comments::Accepted).ok())
            .as_ref()
    }
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
        let mut views = Vec::new();
        for method in methods {
            for path in &paths {
                let target_url = target_url(question, path);
                views.push(Self {
                    question,
                    body,
                    method: method.clone(),
                    path,
                    target: target(&target_url),
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
            Field::Body => match self.body.text {
                Some(body) => text(body),
                None => vec![Actual::Missing],
            },
            Field::BodyPath(path) => self.body_path(path),
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

    fn body_path(&self, path: &[String]) -> Vec<Actual<'_>> {
        let Some(text) = self.body.text.filter(|text| !text.trim().is_empty()) else {
            return vec![Actual::Missing];
        };
        let Some(body) = self.body.json(text) else {
            return vec![Actual::Unreadable("the body is not JSON")];
        };
        let mut values = Vec::new();
        walk(body, path, &mut values);
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

/// Collects what a path leads to: every repeated name, every element of a list that is
/// not asked for by its number, and a missing value for each branch that ends early.
fn walk<'v>(value: &'v Value<'v>, path: &[String], found: &mut Vec<Actual<'v>>) {
    let Some((name, rest)) = path.split_first() else {
        found.push(match value {
            Value::Null => Actual::Missing,
            other => Actual::Json(other),
        });
        return;
    };
    match value {
        Value::Object(properties) => {
            let before = found.len();
            for (_, value) in properties.iter().filter(|(known, _)| known == name) {
                walk(value, rest, found);
            }
            if found.len() == before {
                found.push(Actual::Missing);
            }
        }
        Value::Array(items) => match name.parse::<usize>() {
            Ok(index) => match items.get(index) {
                Some(item) => walk(item, rest, found),
                None => found.push(Actual::Missing),
            },
            Err(_) => items.iter().for_each(|item| walk(item, path, found)),
        },
        _ => found.push(Actual::Missing),
    }
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

fn target(url: &str) -> Option<Target> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    // A user's name in front of the host would make it unclear which host is meant.
    if authority.is_empty() || authority.contains(['@', '\\']) {
        return None;
    }
    let port_at = match authority.rfind(']') {
        Some(bracket) => authority.get(bracket..)?.find(':').map(|at| bracket + at),
        None => authority.find(':'),
    };
    let (host, port) = match port_at {
        Some(at) => (authority.get(..at)?, authority.get(at + 1..)?),
        None => (authority, ""),
    };
    let host = host.to_ascii_lowercase();
    let mut hosts = vec![host.clone()];
    if let Some(bare) = host.strip_suffix('.') {
        hosts.push(bare.to_owned());
    }
    Some(Target {
        scheme,
        hosts,
        port: if port.is_empty() {
            default_port
        } else {
            port.parse().ok()?
        },
    })
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn reads_scheme_host_and_port_of_a_target() {
        for (url, expected) in [
            ("http://Example.com/a", Some(("http", "example.com", 80))),
            ("HTTPS://example.com", Some(("https", "example.com", 443))),
            (
                "https://example.com:8443?x",
                Some(("https", "example.com", 8443)),
            ),
            ("http://[::1]:8080/", Some(("http", "[::1]", 8080))),
            ("http://[::1]/", Some(("http", "[::1]", 80))),
            ("http://example.com:/", Some(("http", "example.com", 80))),
            ("http://user@example.com/", None),
            ("http://example.com\\@evil/", None),
            ("http://example.com:99999/", None),
            ("ftp://example.com/", None),
            ("http:///x", None),
            ("/relative", None),
        ] {
            let read = target(url);
            let read = read.as_ref().map(|target| {
                (
                    target.scheme.as_str(),
                    target.hosts[0].as_str(),
                    target.port,
                )
            });
            assert_eq!(read, expected, "{url}");
        }
    }
}
