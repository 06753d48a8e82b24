//! Targets of proxied requests. An input is what follows `/proxy/`.
//!
//! * Nothing panics.
//! * A target that is accepted is `http` or `https` without a user, in lower case, and
//!   its path begins with a slash, without what servers read in different ways.
//! * Normalising leaves no dot segment and nothing to normalise; the URL's one form has
//!   itself as its one form, the path as it was sent.

use crate::text;
use vectra_api::target_forms;

/// What must hold of one input; of one that is not text, of its beginning that is.
pub fn run(input: &[u8]) {
    let target = text(input);
    let Some([path, normalised, url]) = target_forms(&format!("/proxy/{target}")) else {
        return;
    };
    assert!(target.len() <= 8 * 1024 && target.is_ascii());
    assert!(target.ends_with(path.as_str()) || path == "/" || target.ends_with(&path[1..]));
    let origin = url.strip_suffix(path.as_str()).expect("the path as sent");
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
        .expect("http or https");
    assert_eq!(authority, authority.to_ascii_lowercase());
    assert!(
        !authority.contains(['@', '/', '?', '#', '\\', '%']),
        "{authority}"
    );
    assert!(!authority.is_empty());

    for path in [&path, &normalised] {
        assert!(path.starts_with('/'));
        let path = path.split('?').next().unwrap_or_default();
        let upper = path.to_ascii_uppercase();
        for ambiguous in ["%2F", "%5C", "%00", "\\", "#"] {
            assert!(!upper.contains(ambiguous), "{path}");
        }
        for segment in upper.split('/') {
            let dots = segment.replace("%2E", ".");
            assert!(dots == segment || !matches!(&*dots, "." | ".."), "{path}");
        }
    }
    let plain = normalised.split('?').next().unwrap_or_default();
    assert!(
        !plain
            .split('/')
            .any(|segment| matches!(segment, "." | ".."))
    );

    let again = target_forms(&format!("/proxy/{url}")).expect("its one form is a target");
    assert_eq!(again, [path, normalised.clone(), url.clone()]);
    let plainly = format!("{origin}{normalised}");
    let again = target_forms(&format!("/proxy/{plainly}")).expect("normalised, it is a target");
    assert_eq!(again, [normalised.clone(), normalised, plainly]);
}
