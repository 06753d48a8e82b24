//! `X-Request-Id`: the name a client gave its request, or one that is made here, by
//! which an answer is found in a log.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

/// The field.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over, in bytes.
const LONGEST: usize = 128;

/// The client's id, if there is exactly one and it is nothing but letters, digits, `.`,
/// `_` and `-`: it goes into logs.
pub(crate) fn of(fields: &HeaderMap) -> Option<HeaderValue> {
    let mut values = fields.get_all(REQUEST_ID).iter();
    let value = values.next()?;
    (values.next().is_none() && is_proper(value.as_bytes())).then(|| value.clone())
}

fn is_proper(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

/// An id that nobody had before: 128 random bits as hexadecimal digits. Nothing, should
/// the system give no random numbers.
pub(crate) fn fresh() -> Option<HeaderValue> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    let digits = format!("{:032x}", u128::from_ne_bytes(bytes));
    HeaderValue::try_from(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_over_only_what_can_stand_in_a_log() {
        let (longest, longer) = ("x".repeat(LONGEST), "x".repeat(LONGEST + 1));
        for (values, taken) in [
            (vec!["a"], true),
            (vec!["A-b_c.9"], true),
            (vec![longest.as_str()], true),
            (vec![longer.as_str()], false),
            (vec![""], false),
            (vec!["a b"], false),
            (vec!["a\"b"], false),
            (vec!["ä"], false),
            (vec!["a", "b"], false),
            (vec![], false),
        ] {
            let mut fields = HeaderMap::new();
            for value in &values {
                if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                    fields.append(REQUEST_ID, value);
                }
            }
            assert_eq!(of(&fields).is_some(), taken, "{values:?}");
        }
    }

    #[test]
    fn those_that_are_made_are_proper_and_differ() {
        let (one, other) = (fresh(), fresh());
        assert_ne!(one, other);
        assert!(one.is_some_and(|id| is_proper(id.as_bytes())));
    }
}
