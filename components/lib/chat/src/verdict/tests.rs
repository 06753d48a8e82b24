use super::*;

const NONCE: [u8; 8] = [0xab; 8];

fn outcome(content: &str, method: &str) -> Result<Verdict, Failure> {
    let verdict = read(content, &Nonce::new(NONCE))?;
    check(&verdict, method)?;
    Ok(verdict)
}

/// A good answer with some text replaced.
fn answer(from: &str, to: &str) -> String {
    let good = r#"{"nonce":"abababababababab","intent":"write","confidence":0.9,"risk_tags":["destructive"],"explanation":"why"}"#;
    assert!(good.contains(from), "{from}");
    good.replacen(from, to, 1)
}

#[test]
fn exactly_one_object_of_exactly_the_members_counts() {
    for (from, to) in [
        ("0.9", "0"),
        ("0.9", "1"),
        ("0.9", "1.0"),
        ("0.9", "9e-1"),
        (r#"["destructive"]"#, "[]"),
        (r#""why""#, r#""""#),
        ("{", " \n{ "),
        ("\"intent\"", "\"inten\\u0074\""),
        ("write", "harmful"),
    ] {
        outcome(&answer(from, to), "POST").unwrap();
    }
    for (from, to, failure) in [
        ("{", "Sure: {", Failure::Form),
        ("{", "```json\n{", Failure::Form),
        ("\"why\"}", "\"why\"}\n```", Failure::Form),
        ("\"why\"}", "\"why\"}{}", Failure::Form),
        ("\"why\"}", "\"why\"},", Failure::Form),
        ("\"why\"}", "\"why\"", Failure::Form),
        ("\"why\"}", "\"why\",}", Failure::Form),
        ("\"why\"}", "\"why\",\"note\":1}", Failure::Form),
        (",\"explanation\":\"why\"", "", Failure::Form),
        (",\"intent\":\"write\"", "", Failure::Form),
        ("\"confidence\":0.9,", "", Failure::Form),
        (
            "\"confidence\":0.9",
            "\"confidence\":0.9,\"confidence\":0.9",
            Failure::Form,
        ),
        (
            "\"intent\":",
            "\"intent\":\"read\",\"intent\":",
            Failure::Form,
        ),
        ("\"intent\"", "\"Intent\"", Failure::Form),
        ("\"write\"", "null", Failure::Form),
        ("0.9", "\"NaN\"", Failure::Form),
        ("0.9", "NaN", Failure::Form),
        ("0.9", "\"0.9\"", Failure::Form),
        ("0.9", "1e999", Failure::Form),
        ("0.9", "null", Failure::Form),
        ("0.9", "7", Failure::Confidence),
        ("0.9", "-0.1", Failure::Confidence),
        ("0.9", "1.0000001", Failure::Confidence),
        ("write", "WRITE", Failure::Label),
        ("write", " write", Failure::Label),
        ("write", "safe", Failure::Label),
        ("write", "", Failure::Label),
        ("write", "unknown", Failure::Unknown),
        ("destructive", "harmless", Failure::RiskTag),
        (
            "[\"destructive\"]",
            "[\"destructive\",\"destructive\"]",
            Failure::RiskTag,
        ),
        ("[\"destructive\"]", "\"destructive\"", Failure::Form),
        ("[\"destructive\"]", "{}", Failure::Form),
        ("abababababababab", "ababababababab", Failure::Nonce),
        ("abababababababab", "", Failure::Nonce),
        ("\"nonce\":\"abababababababab\",", "", Failure::Form),
        ("why", &"x".repeat(1_001), Failure::Explanation),
    ] {
        let text = answer(from, to);
        assert_eq!(outcome(&text, "POST").err(), Some(failure), "{text}");
    }
    let list = r#"["abababababababab","write",0.9,[],"why"]"#;
    assert_eq!(outcome(list, "POST").err(), Some(Failure::Form));
    assert_eq!(outcome("", "POST").err(), Some(Failure::Form));
}

#[test]
fn a_method_that_changes_something_is_never_only_read() {
    let text = answer("write", "read");
    for method in ["DELETE", "PUT", "PATCH", "delete"] {
        assert_eq!(
            outcome(&text, method).err(),
            Some(Failure::Contradiction),
            "{method}"
        );
        outcome(&answer("write", "destructive_delete"), method).unwrap();
    }
    for method in ["GET", "HEAD", "POST", "QUERY"] {
        outcome(&text, method).unwrap();
    }
}
