use regex::RegexBuilder;

use super::*;

fn pattern(source: &str) -> Result<Pattern<'static>, String> {
    Pattern::new(source, &Work::default())
}

#[test]
fn plain_texts_and_expressions_find_the_same() {
    let texts = [
        "",
        "/export",
        "/EXPORT/x",
        "/Bulk",
        "bulk",
        "/reports/export.csv",
        "/ſettings",
        "/\u{212a}ey",
        "/äöü",
        "a b",
    ];
    for source in [
        "/export|/bulk",
        "/settings",
        "/key",
        "a b",
        "x",
        "-|=",
        "a&b",
    ] {
        let plain = pattern(source).unwrap();
        assert!(matches!(plain, Pattern::Texts(_)), "{source}");
        let regex = pattern(&format!("(?:{source})")).unwrap();
        assert!(matches!(regex, Pattern::Automaton(_)), "{source}");
        for text in texts {
            assert_eq!(plain.finds(text), regex.finds(text), "{source} in {text}");
        }
    }
}

#[test]
fn searches_anywhere_without_regard_to_case() {
    for (source, text, expected) in [
        ("^/v[0-9]+/", "/V12/x", true),
        ("^/v[0-9]+/", "/x/v1/", false),
        (r"\.csv$", "/a.CSV", true),
        ("ä", "Ä", true),
        ("(?-i:a)", "A", false),
        ("a|", "zzz", true),
        ("", "", true),
        ("^$", "", true),
        ("^$", "a", false),
        (r"(?-u:\b)drop(?-u:\b)", "a drop b", true),
        (r"(?-u:\b)drop(?-u:\b)", "raindrops", false),
        (r"(?m)^b", "a\nb", true),
        ("a.c", "a\nc", false),
    ] {
        assert_eq!(
            pattern(source).unwrap().finds(text),
            Some(expected),
            "{source} in {text}"
        );
    }
}

/// Against the engine that such expressions are written for.
#[test]
fn finds_what_a_regular_expression_engine_finds() {
    let sources = [
        "^/v[0-9]+/",
        r"\d{2,4}",
        r"\w@x\.com",
        "[^/]+/x$",
        "(a|ab)(c|bcd)(d*)",
        "^(a+)+$",
        "k",
        "straße",
        r"^\s*$",
        "x*",
        "[k-s]{3}",
        r"\.(csv|xlsx?)$",
        "a?b+?c",
        "(?s)a.c",
        r"union\s+select",
        "^/api/(users|orders)/[0-9a-f-]{36}$",
        "é|ö",
        r"[^\x00-\x7f]",
        r"\S+\s\S+",
        "(?i)ABC|(?-i)def",
    ];
    let texts = [
        "",
        "a",
        "abcd",
        "aaaaab",
        "/V2/x",
        "/api/users/6f1c2a4e-0000-4000-8000-000000000001",
        "K\u{212a}k",
        "STRASSE straSSe STRAßE",
        "  ",
        "x@y.COM",
        "ab\ncd",
        "a\nc",
        "😀é",
        "Ö",
        "1 22 333",
        "UNION \t SELECT",
        "/x/y/x",
        "t.CSV",
        "t.xls",
        "lmn",
        "DEF",
        "def",
        "abc",
    ];
    for source in sources {
        let ours = pattern(source).unwrap_or_else(|why| panic!("{source}: {why}"));
        let theirs = RegexBuilder::new(source)
            .case_insensitive(true)
            .build()
            .unwrap();
        for text in texts {
            assert_eq!(
                ours.finds(text),
                Some(theirs.is_match(text)),
                "{source} in {text}"
            );
        }
    }
}

#[test]
fn refuses_malformed_and_huge_expressions() {
    for source in [
        "(",
        "[z-a]",
        r"\q",
        r"(a)\1",
        "(?=a)",
        r"\w{2,3000}",
        "a{1000}{1000}",
        "(a|b)*a(a|b){20}",
        r"\bdrop\b",
    ] {
        assert!(pattern(source).is_err(), "{source}");
    }
    let message = pattern("(").unwrap_err();
    assert!(!message.contains('\n'), "{message}");
}

#[test]
fn knows_with_what_text_every_match_begins() {
    for (source, expected) in [
        ("^/api/", Some("/api/")),
        ("^/API/v[0-9]", Some("/API/v")),
        ("^/api/(users|orders)", Some("/api/")),
        ("^/a|/b", None),
        ("^/a|^/b", None),
        ("^/users?", Some("/user")),
        ("^/ab*", Some("/a")),
        ("(?m)^/a/", None),
        ("/a/", None),
        ("^(?i)/a", Some("/")),
        ("^(?i)a", None),
        ("^[ab]", None),
        ("^ä", None),
        (r"^/a\.b", Some("/a.b")),
    ] {
        let start = literal_start(source);
        // A shorter text than expected costs time, a wrong one would be an error.
        assert!(
            match (&start, expected) {
                (Some(start), Some(expected)) => expected.starts_with(start.as_str()),
                (None, _) => true,
                (Some(_), None) => false,
            },
            "{source}: {start:?}"
        );
        if source.starts_with("^/api/") {
            assert_eq!(start.as_deref(), expected, "{source}");
        }
    }
}

#[test]
fn damaged_automata_find_nothing_and_harm_nothing() {
    let Pattern::Automaton(Automaton(bytes)) = pattern("^/v[0-9]+/x").unwrap() else {
        panic!("not an automaton");
    };
    for length in 0..bytes.len() {
        let cut = Automaton(bytes[..length].into());
        let _ = cut.finds(b"/v123/x");
    }
    assert_eq!(Automaton(Vec::new().into()).finds(b""), None);
    for at in 0..bytes.len() {
        for value in [0, 1, 2, 3, 127, 255] {
            let mut damaged = bytes.to_vec();
            damaged[at] = value;
            let _ = Automaton(damaged.into()).finds(b"/v123/x and more");
        }
    }
}
