//! Keeps secrets in URLs out of the records (design §5).

use http::{HeaderMap, header};

/// What stands in place of a secret.
const MASK: &str = "***";

/// Masks the values of the named query parameters; names match in any case, also
/// when they are percent-encoded. `names` are lower case.
pub(super) fn mask(url: &str, names: &[String]) -> String {
    let Some((path, query)) = url.split_once('?') else {
        return url.to_owned();
    };
    let mut masked = String::with_capacity(url.len());
    masked.push_str(path);
    masked.push('?');
    // Some servers take `;` for `&`.
    for part in query.split_inclusive(['&', ';']) {
        let pair = part.trim_end_matches(['&', ';']);
        match pair.split_once('=') {
            Some((name, _)) if is_secret(name, names) => {
                masked.push_str(name);
                masked.push('=');
                masked.push_str(MASK);
            }
            _ => masked.push_str(pair),
        }
        masked.push_str(part.get(pair.len()..).unwrap_or_default());
    }
    masked
}

fn is_secret(name: &str, names: &[String]) -> bool {
    let name = name.replace('+', " ");
    let plain = percent_encoding::percent_decode_str(&name)
        .decode_utf8_lossy()
        .to_lowercase();
    names.contains(&plain)
}

/// Whether a body says that it is JSON (OB §4.4).
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.contains("application/json") || kind.contains("+json")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_the_values_of_named_parameters() {
        let names = ["token".to_owned(), "api_key".to_owned()];
        let cases = [
            ("/a", "/a"),
            ("/a?x=1", "/a?x=1"),
            ("/a?token=s", "/a?token=***"),
            ("/a?x=1&TOKEN=s&y", "/a?x=1&TOKEN=***&y"),
            ("/a?%74oken=s", "/a?%74oken=***"),
            ("/a?api%5Fkey=s=t", "/a?api%5Fkey=***"),
            ("/a?x=1;token=s;y=2", "/a?x=1;token=***;y=2"),
            ("/a?mytoken=s", "/a?mytoken=s"),
        ];
        for (url, expected) in cases {
            assert_eq!(mask(url, &names), expected);
        }
    }
}
