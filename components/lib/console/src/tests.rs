#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;

use super::*;

fn text(file: &File) -> &'static str {
    std::str::from_utf8(file.bytes).unwrap()
}

/// What stands between this and the next quote.
fn quoted_after<'t>(text: &'t str, before: &str) -> Vec<&'t str> {
    let mut parts = text.split(before);
    parts.next();
    parts.filter_map(|part| part.split('"').next()).collect()
}

#[test]
fn every_file_of_the_folder_is_served() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pages");
    let there: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let served: BTreeSet<String> = FILES.iter().map(|file| file.name.to_owned()).collect();
    assert_eq!(there, served);
}

#[test]
fn nothing_that_a_file_wants_is_missing_or_comes_from_elsewhere() {
    let mut seen = 0;
    for file in FILES {
        let wanted = match file.media_type {
            HTML => [
                quoted_after(text(file), "src=\""),
                quoted_after(text(file), "href=\"console/"),
            ]
            .concat(),
            SCRIPT => quoted_after(text(file), "from \""),
            _ => Vec::new(),
        };
        for name in wanted {
            seen += 1;
            let name = name.trim_start_matches("./").trim_start_matches("console/");
            assert!(
                find(name).is_some(),
                "`{}` wants `{name}`, which is not served",
                file.name
            );
        }
    }
    assert!(seen > 30, "only {seen} names were found");
}

/// The policy of the page forbids most of it; what is not there needs no policy.
#[test]
fn no_file_parses_markup_runs_text_keeps_anything_or_names_another_host() {
    let forbidden = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "createContextualFragment",
        "DOMParser",
        "eval(",
        "new Function",
        "setTimeout(\"",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "document.cookie",
        "caches.",
        "serviceWorker",
        "postMessage",
        "javascript:",
        "style=\"",
        "<script>",
        "onclick=\"",
        "@import",
        "url(",
    ];
    for file in FILES {
        for word in forbidden {
            assert!(!text(file).contains(word), "`{}` holds `{word}`", file.name);
        }
        // The name of an XML namespace is no address that is asked, and the dry run has an example.
        let text = text(file)
            .replace("http://www.w3.org/2000/svg", "")
            .replace("https://api.example/", "");
        assert!(!text.contains("://"), "`{}` names a host", file.name);
    }
}

#[test]
fn finds_names_exactly() {
    assert_eq!(find("main.js").unwrap().media_type, SCRIPT);
    for name in [
        "",
        "Main.js",
        "main.js/",
        "../Cargo.toml",
        "main.js?x",
        "main",
    ] {
        assert_eq!(find(name), None, "{name}");
    }
}
