//! Keeps secrets in URLs out of the records (design §5).

use http::{HeaderMap, header};

/// What stands in place of a secret.
const MASK: &str = "***";

/// Masks the values of the named query parameters; names match in any case, also
/// when they are percent-encoded. `names` are lower case.
pub(crate) fn mask(url: &str, names: &[String]) -> String {
    let text = |piece| match piece {
        Piece::Shown(text) => text,
        Piece::Secret(_) => MASK,
    };
    pieces(url, names).into_iter().map(text).collect()
}

/// A piece of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'u> {
    /// What may be shown.
    Shown(&'u str),
    /// The value of a query parameter that may not.
    Secret(&'u str),
}

/// The URL in pieces, cut around what [`mask`] masks: one after the other they are the URL.
pub(crate) fn pieces<'u>(url: &'u str, names: &[String]) -> Vec<Piece<'u>> {
    let query = url.find('?').map_or(url.len(), |at| at + 1);
    let mut pieces = Vec::new();
    // Where what may be shown begins, and where the next part of the query does.
    let (mut shown, mut at) = (0, query);
    // Some servers take `;` for `&`.
    for part in url
        .get(query..)
        .unwrap_or_default()
        .split_inclusive(['&', ';'])
    {
        let pair = part.trim_end_matches(['&', ';']);
        if let Some((name, value)) = pair.split_once('=')
            && is_secret(name, names)
        {
            let begin = at + name.len() + 1;
            pieces.push(Piece::Shown(url.get(shown..begin).unwrap_or_default()));
            pieces.push(Piece::Secret(value));
            shown = begin + value.len();
        }
        at += part.len();
    }
    let rest = url.get(shown..).unwrap_or_default();
    if !rest.is_empty() {
        pieces.push(Piece::Shown(rest));
    }
    pieces
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
            let text = |piece| match piece {
                Piece::Shown(text) | Piece::Secret(text) => text,
            };
            let whole: String = pieces(url, &names).into_iter().map(text).collect();
            assert_eq!(whole, url);
        }
    }

    #[test]
    fn a_secret_is_a_piece_of_its_own_whatever_is_written_beside_it() {
        let names = ["token".to_owned()];
        let (shown, secret) = (Piece::Shown, Piece::Secret);
        let cases: [(&str, &[Piece<'_>]); 4] = [
            ("/a?token=***", &[shown("/a?token="), secret("***")]),
            (
                "/a?token=&x=***",
                &[shown("/a?token="), secret(""), shown("&x=***")],
            ),
            (
                "?token=a=b;;",
                &[shown("?token="), secret("a=b"), shown(";;")],
            ),
            ("", &[]),
        ];
        for (url, expected) in cases {
            assert_eq!(pieces(url, &names), expected, "{url}");
        }
    }
}
