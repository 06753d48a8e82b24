//! The request as a policy and a classifier are asked about it.

use http::{HeaderMap, header};
use vectra_decision::{Body, IntentQuestion, PolicyRequest, intent_text};

use super::Proxied;
use super::mask::{is_json, mask};

/// As a policy sees it.
pub(super) fn policy_request(proxied: &Proxied) -> PolicyRequest {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let inspected = matches!(proxied.inspection, Body::Inspected(_));
    PolicyRequest {
        method: proxied.method.as_str().to_owned(),
        path: proxied.target.path.clone(),
        normalised_path: proxied.target.normalised.clone(),
        target_url: proxied.target.canonical_url(),
        headers: proxied
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body: inspected.then(|| String::from_utf8_lossy(&proxied.body).into_owned()),
        body_unread: proxied.inspection.is_unread(),
    }
}

/// What a classifier is asked. It may be somebody else's model: values of the query
/// parameters `masked` are not told.
pub(super) fn question(proxied: &Proxied, masked: &[String]) -> IntentQuestion {
    let body = String::from_utf8_lossy(&proxied.body);
    let is_json = is_json(&proxied.headers);
    IntentQuestion {
        method: proxied.method.as_str().to_owned(),
        path: mask(&proxied.target.path, masked),
        content_type: content_type(&proxied.headers),
        text: is_json
            .then(|| flattened(&body))
            .flatten()
            .unwrap_or_else(|| body.into_owned()),
    }
}

/// A JSON body in lines, unless that leaves out what may say something.
fn flattened(body: &str) -> Option<String> {
    intent_text(body)
        .filter(|flattened| flattened.whole)
        .map(|flattened| flattened.text)
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::CONTENT_TYPE)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use vectra_decision::Body;

    use super::flattened;

    #[test]
    fn what_flattening_would_hide_from_a_classifier_is_asked_about_as_it_is() {
        for (body, expected) in [
            (r#"{"op":"x","id":"7"}"#, Some("op x")),
            (r#"{"op":"x","id":{"op":"drop"}}"#, None),
            (r#"{"op":["x",{"op":"drop"}]}"#, None),
            (r#"["drop"]"#, None),
            ("drop", None),
        ] {
            assert_eq!(flattened(body).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_policy_is_told_of_a_body_that_it_cannot_be_shown() {
        for (body, unread) in [
            (Body::None, false),
            (Body::Inspected(0), false),
            (Body::Inspected(7), false),
            (Body::Uninspected(0), true),
            (Body::Uninspected(7), true),
            (Body::Undecodable("not UTF-8".to_owned()), true),
        ] {
            assert_eq!(body.is_unread(), unread, "{body:?}");
        }
    }
}
