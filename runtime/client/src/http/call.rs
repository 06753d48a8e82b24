//! What is asked for.

use hyper::Method;
use serde_json::Value;

/// A request, without what is the same for all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    text: Option<String>,
}

impl Call {
    /// A call of a path, each part of which is encoded as it needs it.
    #[must_use]
    pub fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|part| format!("/{}", encoded(part)));
        Self {
            method,
            path: path.collect(),
            query: Vec::new(),
            body: None,
            text: None,
        }
    }

    /// `GET`.
    #[must_use]
    pub fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    /// `POST`.
    #[must_use]
    pub fn post(path: &[&str]) -> Self {
        Self::new(Method::POST, path)
    }

    /// Adds a parameter, if there is a value for it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.query
            .extend(value.map(|value| (name, value.to_owned())));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Sets a body that is JSON already, or nearly so, and is sent as it is written.
    #[must_use]
    pub fn text(mut self, text: String) -> Self {
        self.text = Some(text);
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// What is sent as the body.
    #[must_use]
    pub fn content(&self) -> Option<String> {
        let written = || self.body.as_ref().map(Value::to_string);
        self.text.clone().or_else(written)
    }

    /// Path and query, encoded.
    #[must_use]
    pub fn target(&self) -> String {
        let mut target = self.path.clone();
        for (at, (name, value)) in self.query.iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target.push_str(&format!("{name}={}", encoded(value)));
        }
        target
    }
}

/// A value as it stands in a path or a query.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_values_cannot_leave_their_place() {
        let call = Call::get(&["policies", "a/b?c=d#é"])
            .with("owner", Some("x&y=z w"))
            .with("status", None)
            .with("cursor", Some("1"));
        assert_eq!(
            call.target(),
            "/policies/a%2Fb%3Fc%3Dd%23%C3%A9?owner=x%26y%3Dz%20w&cursor=1"
        );
    }
}
