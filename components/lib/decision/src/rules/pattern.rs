//! Patterns of `regex`: searched anywhere, without regard to case.
//!
//! Compiling a regular expression costs more than deciding a request, and it is paid
//! by every fresh instance. Patterns that are only a few plain texts, such as
//! `/export|/bulk`, are therefore searched as texts.

use regex::{Regex, RegexBuilder};

/// Largest compiled form of one expression, in bytes.
const SIZE: usize = 256 * 1024;

/// A pattern ready to search with.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// Any of these ASCII texts, folded.
    Texts(Vec<String>),
    /// A regular expression.
    Regex(Regex),
}

impl Pattern {
    /// Makes a pattern ready, or says what is wrong with it.
    pub(super) fn new(source: &str) -> Result<Self, String> {
        if let Some(texts) = plain(source) {
            return Ok(Self::Texts(texts));
        }
        RegexBuilder::new(source)
            .case_insensitive(true)
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .nest_limit(64)
            .build()
            .map(Self::Regex)
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => {
                    "the regular expression needs too much memory".to_owned()
                }
                other => format!(
                    "malformed regular expression: {}",
                    last_line(&other.to_string())
                ),
            })
    }

    /// Whether it is found in a text.
    pub(super) fn finds(&self, text: &str) -> bool {
        match self {
            Self::Texts(texts) => {
                let text = fold(text);
                texts.iter().any(|part| text.contains(part.as_str()))
            }
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// The alternatives of a pattern that has no other operator; ASCII only, since the
/// folding of other letters is the regular expression's affair.
fn plain(source: &str) -> Option<Vec<String>> {
    let is_plain =
        |byte: u8| byte.is_ascii_graphic() && !b"\\.+*?()[]{}^$".contains(&byte) || byte == b' ';
    if !source.bytes().all(is_plain) {
        return None;
    }
    let texts: Vec<String> = source.split('|').map(fold).collect();
    // An empty alternative matches everything; leave that to the engine.
    (!texts.iter().any(String::is_empty)).then_some(texts)
}

/// A text in which case makes no difference, one character for one.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(fold_one).collect()
}

fn fold_one(character: char) -> char {
    // Lower case of the long s is itself, yet its upper case is S.
    if character == 'ſ' {
        return 's';
    }
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

/// The parser draws a picture of several lines; its last one says what is wrong.
fn last_line(message: &str) -> &str {
    let line = message.lines().last().unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let plain = Pattern::new(source).unwrap();
            assert!(matches!(plain, Pattern::Texts(_)), "{source}");
            let regex = Pattern::new(&format!("(?:{source})")).unwrap();
            assert!(matches!(regex, Pattern::Regex(_)), "{source}");
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
        ] {
            assert_eq!(
                Pattern::new(source).unwrap().finds(text),
                expected,
                "{source} in {text}"
            );
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
        ] {
            assert!(Pattern::new(source).is_err(), "{source}");
        }
        let message = Pattern::new("(").unwrap_err();
        assert!(!message.contains('\n'), "{message}");
    }
}
