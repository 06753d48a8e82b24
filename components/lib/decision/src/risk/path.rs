//! The path factor: what a path and its query suggest.

use crate::PathMark;

/// Score of a path in which nothing is found.
const BASE: f64 = 0.1;

/// What to look for and its score (OB §13), in the language of [`PathMark`]. Prefixes
/// count: `/environment` is found by `/env`.
const MARKS: [(&str, f64); 14] = [
    ("/v#/", 0.2),
    ("/internal/", 0.6),
    ("/config", 0.7),
    ("/settings", 0.7),
    ("/env", 0.7),
    ("/admin/", 0.8),
    ("/delete", 0.85),
    ("/remove", 0.85),
    ("/drop", 0.85),
    ("/export", 0.9),
    ("/dump", 0.9),
    ("/bulk", 0.9),
    ("/users/all", 0.95),
    ("/users/export", 0.95),
];

/// Score of a path with its query: the highest of what is found in it.
pub(super) fn score(marks: &Option<Vec<PathMark>>, path: &str) -> f64 {
    let path = path.as_bytes();
    match marks {
        None => highest(path, MARKS.into_iter()),
        Some(marks) => highest(
            path,
            marks.iter().map(|mark| (mark.pattern.as_str(), mark.score)),
        ),
    }
}

fn highest<'m>(path: &[u8], marks: impl Iterator<Item = (&'m str, f64)>) -> f64 {
    let mut highest = BASE;
    for (pattern, score) in marks {
        // The cheaper question first: most marks cannot raise what is found already.
        if score > highest && is_found(path, pattern.as_bytes()) {
            highest = score;
        }
    }
    highest
}

/// Longest pattern, in bytes.
pub(super) const LONGEST: usize = 100;

/// Whether a pattern is found anywhere in the path. All places are tried at once: bit
/// `n` of `reached` says that the pattern's first `n` bytes end here.
fn is_found(path: &[u8], pattern: &[u8]) -> bool {
    if pattern.is_empty() || pattern.len() > LONGEST {
        return false;
    }
    let found = 1_u128 << pattern.len();
    let mut reached = skip(1, pattern);
    let plain = pattern.first().filter(|first| !b"*#".contains(first));
    for byte in path {
        if reached & found != 0 {
            return true;
        }
        // Most bytes begin nothing.
        if reached == 1 && plain.is_some_and(|first| !first.eq_ignore_ascii_case(byte)) {
            continue;
        }
        let mut next = 1;
        for (at, wanted) in pattern.iter().enumerate() {
            if reached >> at & 1 == 0 {
                continue;
            }
            let (stay, go) = match wanted {
                b'*' => (*byte != b'/', false),
                b'#' => (byte.is_ascii_digit(), byte.is_ascii_digit()),
                _ => (false, wanted.eq_ignore_ascii_case(byte)),
            };
            next |= u128::from(stay) << at | u128::from(go) << (at + 1);
        }
        reached = skip(next, pattern);
    }
    reached & found != 0
}

/// A run of anything may be empty.
fn skip(mut reached: u128, pattern: &[u8]) -> u128 {
    for (at, wanted) in pattern.iter().enumerate() {
        if *wanted == b'*' {
            reached |= (reached >> at & 1) << (at + 1);
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::score;
    use crate::PathMark;

    #[test]
    fn takes_the_highest_of_what_is_found() {
        for (path, expected) in [
            ("", 0.1),
            ("/api/data", 0.1),
            ("/v1/items", 0.2),
            ("/V22/items", 0.2),
            ("/v1", 0.1),
            ("/v/items", 0.1),
            ("/v1x/items", 0.1),
            ("/internal/x", 0.6),
            ("/internal", 0.1),
            ("/config", 0.7),
            ("/configuration", 0.7),
            ("/settings", 0.7),
            ("/environment", 0.7),
            ("/admin", 0.1),
            ("/x/ADMIN/y", 0.8),
            ("/delete", 0.85),
            ("/remove/1", 0.85),
            ("/dropbox", 0.85),
            ("/exporter", 0.9),
            ("/dump", 0.9),
            ("/bulk-load", 0.9),
            ("/users/all", 0.95),
            ("/Users/Export", 0.95),
            ("/v1/admin/export", 0.9),
            ("/search?next=/admin/", 0.8),
            ("/search?q=admin", 0.1),
            ("//admin//", 0.8),
            ("/%61dmin/", 0.1),
            ("/ä/dump", 0.9),
        ] {
            assert_eq!(score(&None, path), expected, "{path}");
        }
    }

    #[test]
    fn configured_marks_take_the_place_of_those_built_in() {
        for (pattern, path, found) in [
            ("/secret", "/a/SECRET/b", true),
            ("/secret", "/admin/", false),
            ("/v#/x", "/v12/x", true),
            ("/v#/x", "/v/x", false),
            ("/v#1", "/v21", true),
            ("/users/*/keys", "/users/7/keys", true),
            ("/users/*/keys", "/users//keys", true),
            ("/users/*/keys", "/users/7/8/keys", false),
            ("a*b*c", "xaxxbxxc", true),
            ("a*b*c", "a/bc", false),
            ("a*b#c", "ab1xb2c", true),
            ("##", "/1", false),
            ("##", "/12", true),
            ("*", "/", true),
            ("#", "/a1", true),
            ("#", "/a", false),
            ("", "/a", false),
            ("/ä", "/Ä", false),
        ] {
            let marks = Some(vec![PathMark {
                pattern: pattern.to_owned(),
                score: 0.77,
            }]);
            let expected = if found { 0.77 } else { 0.1 };
            assert_eq!(score(&marks, path), expected, "{pattern} in {path}");
        }
    }
}
