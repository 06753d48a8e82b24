use super::*;

fn compact(text: &str, comments: Comments) -> Result<String, String> {
    parse(text, comments)
        .map(|value| value.to_string())
        .map_err(|error| format!("{}:{} {}", error.line, error.column, error.message))
}

#[test]
fn reads_json_as_it_was_written() {
    for (text, expected) in [
        ("null", "null"),
        (" [ true , false ] ", "[true,false]"),
        ("\u{feff}{}", "{}"),
        ("[1,-0.0,12.50,1E5,2e-3]", "[1,-0.0,12.50,1E5,2e-3]"),
        (r#"{"a":1,"a":2,}"#, r#"{"a":1,"a":2}"#),
        ("[1,]", "[1]"),
        (
            r#""a\"\\\/\n\u00e4\ud83d\ude00\u0001""#,
            r#""a\"\\/\nä😀\u0001""#,
        ),
        (r#""\u0041bc""#, r#""Abc""#),
    ] {
        assert_eq!(
            compact(text, Comments::Refused).as_deref(),
            Ok(expected),
            "{text}"
        );
    }
}

#[test]
fn says_where_a_text_is_not_json() {
    for (text, expected) in [
        ("", "1:1 unexpected end"),
        ("{\n  \"a\" 1}", "2:7 expected `:` after a property name"),
        ("{a:1}", "1:2 expected a property name in double quotes"),
        ("[1 2]", "1:4 expected `,` or `]`"),
        ("[,]", "1:2 expected a value"),
        ("{,}", "1:2 expected a property name in double quotes"),
        ("01", "1:3 malformed number"),
        ("1.", "1:3 malformed number"),
        ("-", "1:2 malformed number"),
        ("1e", "1:3 malformed number"),
        ("nul", "1:1 expected a value"),
        ("nullx", "1:5 unexpected word"),
        ("1 2", "1:3 unexpected text after the value"),
        ("\"ä", "1:3 unfinished string"),
        ("\"a\nb\"", "1:3 control character in a string"),
        (r#""\x""#, "1:4 unknown escape in a string"),
        (r#""\u12""#, "1:4 malformed `\\u` in a string"),
        (r#""\u+123""#, "1:4 malformed `\\u` in a string"),
        (r#""\ud800""#, "1:8 half of a surrogate pair in a string"),
        (
            r#""\ud800\u0041""#,
            "1:14 half of a surrogate pair in a string",
        ),
        (r#""\udc00""#, "1:8 half of a surrogate pair in a string"),
        ("[1, // one\n2]", "1:5 expected a value"),
        ("[", "1:2 unfinished list"),
        ("{\"a\":1", "1:7 unfinished object"),
    ] {
        assert_eq!(
            compact(text, Comments::Refused),
            Err(expected.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn skips_comments_where_they_are_accepted() {
    for (text, expected) in [
        ("// a\n[1, /* two */ 2,] // end", Ok("[1,2]")),
        ("/**/1", Ok("1")),
        ("/* 1", Err("1:1 unfinished comment")),
        ("/ 1", Err("1:1 unexpected `/`")),
    ] {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(compact(text, Comments::Accepted), expected, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(&nested(MAX_DEPTH), Comments::Refused).is_ok());
    assert!(parse(&nested(MAX_DEPTH + 1), Comments::Refused).is_err());
    assert!(parse(&"[".repeat(1 << 20), Comments::Refused).is_err());
}
