//! The path factor: what a path and its query suggest.

/// Score of a path in which nothing is found.
const BASE: f64 = 0.1;

/// Score of a path with a version segment, `/v[0-9]+/`.
const VERSION: f64 = 0.2;

/// What to look for, without regard to case, and its score (OB §13). Prefixes
/// count: `/environment` is found by `/env`.
const MARKS: [(&str, f64); 13] = [
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
pub(super) fn score(path: &str) -> f64 {
    let mut highest = BASE;
    for start in slashes(path.as_bytes()) {
        if is_version(start) {
            highest = VERSION.max(highest);
        }
        for (mark, score) in MARKS {
            if begins_with(start, mark.as_bytes()) {
                highest = score.max(highest);
            }
        }
    }
    highest
}

/// The rest of the path from each slash on; every mark begins with one.
fn slashes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/')
        .filter_map(|(index, _)| path.get(index..))
}

fn begins_with(text: &[u8], mark: &[u8]) -> bool {
    text.get(..mark.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(mark))
}

fn is_version(text: &[u8]) -> bool {
    let Some(rest) = text.get(2..).filter(|_| begins_with(text, b"/v")) else {
        return false;
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && rest.get(digits) == Some(&b'/')
}

#[cfg(test)]
mod tests {
    use super::score;

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
            assert_eq!(score(path), expected, "{path}");
        }
    }
}
