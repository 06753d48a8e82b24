use super::*;

fn limit(prefix: &str, concurrent: u32) -> PathLimit {
    PathLimit {
        prefix: prefix.parse().unwrap(),
        concurrent,
    }
}

#[test]
fn a_prefix_covers_whole_segments_as_they_were_sent() {
    for (prefix, path, covered) in [
        ("/tokens", "/tokens", true),
        ("/tokens", "/Tokens", true),
        ("/TOKENS", "/tokens", true),
        ("/tokens", "/tokens/", true),
        ("/tokens", "/tokens/x", true),
        ("/tokens", "/tokensx", false),
        ("/tokens", "/token", false),
        ("/tokens", "//tokens", false),
        ("/tokens", "/x/tokens", false),
        ("/tokens", "/%74okens", false),
        ("/tokens", "/tokens%2Fx", false),
        ("/tokens", "/", false),
        ("/tokens", "", false),
        ("/tokens", "*", false),
        ("/%74okens", "/%74OKENS", true),
        ("/a/b", "/a/B/c", true),
        ("/a/b", "/a", false),
        ("/a/b", "/a/bc", false),
    ] {
        let prefix: PathPrefix = prefix.parse().unwrap();
        assert_eq!(prefix.covers(path), covered, "{prefix} {path}");
    }
}

#[test]
fn text_that_begins_no_path_is_refused() {
    let long = format!("/{}", "x".repeat(LONGEST));
    for text in [
        "", "/", "tokens", "/tokens/", "//tokens", "/a//b", "/a b", "/a?b", "/a#b", "/ä", "/a\n",
        &long,
    ] {
        assert_eq!(
            text.parse::<PathPrefix>(),
            Err(PathPrefixError(text.into()))
        );
    }
}

#[test]
fn the_longest_prefix_counts() {
    let limits = vec![limit("/a", 1), limit("/a/b", 2), limit("/c", 3)];
    let paths = Paths::new(limits).unwrap().unwrap();
    for (path, prefix) in [
        ("/a", Some("/a")),
        ("/A/x", Some("/a")),
        ("/a/b", Some("/a/b")),
        ("/a/B/x", Some("/a/b")),
        ("/c", Some("/c")),
        ("/d", None),
    ] {
        let found = paths.find(path).map(|lane| lane.prefix.to_string());
        assert_eq!(found.as_deref(), prefix, "{path}");
    }
}

#[test]
fn limits_that_cannot_be_kept_are_refused() {
    for (limits, part) in [
        (vec![limit("/a", 0)], "from 1 to 1024"),
        (vec![limit("/a", 1025)], "from 1 to 1024"),
        (vec![limit("/a", 1), limit("/A", 2)], "two limits"),
    ] {
        let error = Paths::new(limits).err().unwrap().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert!(Paths::new(Vec::new()).unwrap().is_none());
}
