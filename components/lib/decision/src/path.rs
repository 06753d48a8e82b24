//! The ways in which servers read a path.
//!
//! Servers differ in what they do before they follow dot segments: some take `//` for `/`
//! and drop what follows a `;` in each segment. For them `/pub//../admin` and
//! `/pub/a/..;/../admin` are `/admin`, though RFC 3986 §5.2.4 makes other paths of them.

use std::borrow::Cow;

/// All the ways to read a path with its query, each once: as it was sent, normalised, and
/// each of these two as lenient servers read it.
pub(crate) fn readings<'p>(sent: &'p str, normalised: &'p str) -> Vec<Cow<'p, str>> {
    let mut readings = vec![Cow::Borrowed(sent)];
    let others = [
        Some(Cow::Borrowed(normalised)),
        // Of the path as it was sent: normalising follows dot segments too early for them.
        lenient(sent).map(Cow::Owned),
        lenient(normalised).map(Cow::Owned),
    ];
    for path in others.into_iter().flatten() {
        if !readings.contains(&path) {
            readings.push(path);
        }
    }
    readings
}

/// Whether servers differ in how they read a path.
pub(crate) fn is_ambiguous(path: &str) -> bool {
    path.contains("//") || path.contains(';')
}

/// A path with its query as lenient servers read it: unreserved characters decoded, `//`
/// merged and `;…` cut, and only then dot segments removed; none if they all agree on it.
fn lenient(path: &str) -> Option<String> {
    let (path, query) = match path.find('?') {
        Some(at) => path.split_at_checked(at)?,
        None => (path, ""),
    };
    if !is_ambiguous(path) {
        return None;
    }
    let path = decode_unreserved(path);
    let mut segments = Vec::new();
    let mut ends_open = false;
    for segment in path.split('/') {
        let bare = segment.split(';').next().unwrap_or_default();
        ends_open = matches!(bare, "" | "." | "..");
        match bare {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    let mut read = String::with_capacity(path.len() + query.len());
    for segment in &segments {
        read.push('/');
        read.push_str(segment);
    }
    if ends_open || segments.is_empty() {
        read.push('/');
    }
    read.push_str(&decode_unreserved(query));
    Some(read)
}

/// Decodes letters, digits and `-._~` (RFC 3986 §6.2.2.2); the digits of what stays
/// encoded are in upper case (§6.2.2.1).
fn decode_unreserved(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let byte = after
            .get(..2)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    decoded.push(char::from(byte));
                } else {
                    decoded.push_str(&format!("%{byte:02X}"));
                }
                rest = after.get(2..).unwrap_or_default();
            }
            // It stands for itself, and must not encode what is decoded behind it.
            None => {
                decoded.push_str("%25");
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::{lenient, readings};

    #[test]
    fn reads_a_path_as_lenient_servers_do() {
        for (path, expected) in [
            ("/admin/", None),
            ("/a?x=//;", None),
            ("//admin/", Some("/admin/")),
            ("/.;/admin/", Some("/admin/")),
            ("/x/..;/admin", Some("/admin")),
            ("/..;a=b/..;/admin", Some("/admin")),
            ("/admin;v=1/x;y", Some("/admin/x")),
            ("/admin;v=1/?a=;b//", Some("/admin/?a=;b//")),
            ("/;", Some("/")),
            ("//", Some("/")),
            ("/a/..;", Some("/")),
            ("/a/b/.;", Some("/a/b/")),
            ("/pub//../admin/x", Some("/admin/x")),
            ("/pub/a/..;/../admin/x", Some("/admin/x")),
            ("/pub//../%61dmin", Some("/admin")),
            ("/pub//%2e%2E/adm%69n?%71=%2f", Some("/admin?q=%2F")),
            ("//?q=%%612e", Some("/?q=%25a2e")),
            (
                "//caf%c3%a9/%/%4/%zz/%é",
                Some("/caf%C3%A9/%25/%254/%25zz/%25é"),
            ),
        ] {
            assert_eq!(lenient(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn reads_a_path_in_each_way_once() {
        for (sent, normalised, expected) in [
            ("/a", "/a", vec!["/a"]),
            ("/%61", "/a", vec!["/%61", "/a"]),
            ("//a", "//a", vec!["//a", "/a"]),
            (
                "/pub//../%61/b;c",
                "/pub/a/b;c",
                vec!["/pub//../%61/b;c", "/pub/a/b;c", "/a/b", "/pub/a/b"],
            ),
        ] {
            assert_eq!(readings(sent, normalised), expected, "{sent}");
        }
    }
}
