//! What the original wrote of a request's target: a path with its query, or for
//! requests that were held a whole URL.

/// What stands in place of what may be secret.
const MASK: &str = "***";

/// A target with what may be secret masked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Masked {
    pub text: String,
    /// Whether anything was masked.
    pub changed: bool,
}

/// Masks the values of all query parameters, a fragment, and a URL's user and
/// password. The original masked nothing, and what is once in the audit cannot be
/// taken out again: so no list of names decides here.
pub(crate) fn mask(target: &str) -> Masked {
    let (before, fragment) = split_at(target, '#');
    let (place, query) = split_at(before, '?');
    let mut text = without_user(place);
    if let Some(query) = query {
        text.push('?');
        for part in query.split_inclusive(['&', ';']) {
            let pair = part.trim_end_matches(['&', ';']);
            match pair.split_once('=') {
                Some((name, value)) if !value.is_empty() => {
                    text.push_str(name);
                    text.push('=');
                    text.push_str(MASK);
                }
                _ => text.push_str(pair),
            }
            text.push_str(part.get(pair.len()..).unwrap_or_default());
        }
    }
    if fragment.is_some() {
        text.push('#');
        text.push_str(MASK);
    }
    let changed = text != target;
    Masked { text, changed }
}

/// The path and query of a target.
pub(crate) fn path(target: &str) -> &str {
    let Some((_, rest)) = split_url(target) else {
        return target;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.get(end..) {
        Some(path) if !path.is_empty() => path,
        _ => "/",
    }
}

fn without_user(place: &str) -> String {
    let Some((scheme, rest)) = split_url(place) else {
        return place.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{MASK}@{host}{path}"),
        None => place.to_owned(),
    }
}

fn split_url(target: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = target.split_once("://")?;
    let valid = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    valid.then_some((scheme, rest))
}

fn split_at(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_whatever_may_be_secret() {
        let cases = [
            ("", "", false),
            ("/a/b", "/a/b", false),
            ("/a?x", "/a?x", false),
            ("/a?x=", "/a?x=", false),
            ("/a?token=s", "/a?token=***", true),
            (
                "/a?page=2&token=s=t;y=1",
                "/a?page=***&token=***;y=***",
                true,
            ),
            ("/a?x=***", "/a?x=***", false),
            ("/a#access_token=s", "/a#***", true),
            ("/a?x=1#f", "/a?x=***#***", true),
            ("https://h/a?k=v", "https://h/a?k=***", true),
            ("https://u:p@h:8443/a", "https://***@h:8443/a", true),
            ("https://u:p@ss@h", "https://***@h", true),
            ("https://h/a@b", "https://h/a@b", false),
            ("/go/https://u@h/?é=ü", "/go/https://u@h/?é=***", true),
        ];
        for (target, expected, changed) in cases {
            let masked = mask(target);
            assert_eq!(masked.text, expected, "{target}");
            assert_eq!(masked.changed, changed, "{target}");
        }
    }

    #[test]
    fn takes_the_path_out_of_a_url() {
        let cases = [
            ("/a?b=c", "/a?b=c"),
            ("https://h/a?b=c", "/a?b=c"),
            ("https://h", "/"),
            ("HTTP://h?b", "?b"),
            ("", ""),
            ("/go/https://h/a", "/go/https://h/a"),
        ];
        for (target, expected) in cases {
            assert_eq!(path(target), expected, "{target}");
        }
    }
}
