//! Texts of others, made fit for a terminal.

/// What is put in a secret's place.
const BLACK: &str = "***";

/// Whether a character may steer a terminal, or make what is seen differ from what
/// is there: controls, and those that turn or hide text.
pub fn is_unfit(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text in one line of at most so many characters; `…` at the end says that it is
/// cut, `\u{1b}` and the like stand for what is unfit.
pub fn line(text: &str, longest: usize) -> String {
    let mut line = String::new();
    let mut length = 0_usize;
    // Where the mark of a cut still has a place.
    let mut room = 0;
    for character in text.chars() {
        let shown = match is_unfit(character) {
            true => character.escape_unicode().to_string(),
            false => character.to_string(),
        };
        length = length.saturating_add(shown.chars().count());
        if length > longest {
            line.truncate(room);
            line.push('…');
            break;
        }
        line.push_str(&shown);
        if length < longest {
            room = line.len();
        }
    }
    line
}

/// A JSON text with the same meaning, in which what is unfit is escaped as JSON does
/// it. (It can only stand in strings, line ends between values apart.)
pub fn json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unfit(character) && !matches!(character, '\n' | '\r' | '\t') {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                json.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            json.push(character);
        }
    }
    json
}

/// A text without these secrets.
pub fn without(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, BLACK);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        for (text, expected) in [
            ("plain, größe 漢字 🦀", "plain, größe 漢字 🦀"),
            ("\u{1b}[31mred\u{7}", "\\u{1b}[31mred\\u{7}"),
            ("a\nb\r\tc\0", "a\\u{a}b\\u{d}\\u{9}c\\u{0}"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("x\u{202e}fdp.exe", "x\\u{202e}fdp.exe"),
            (
                "a\u{2066}\u{200b}\u{feff}\u{e0041}",
                "a\\u{2066}\\u{200b}\\u{feff}\\u{e0041}",
            ),
        ] {
            assert_eq!(line(text, 1000), expected);
        }
    }

    #[test]
    fn a_cut_is_seen_and_never_within_an_escape() {
        for (text, longest, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("ab\u{1b}d", 4, "ab…"),
            ("\u{1b}cd", 6, "…"),
            ("\u{1b}cd", 7, "\\u{1b}…"),
            ("äöüß", 3, "äö…"),
            ("", 3, ""),
        ] {
            assert_eq!(line(text, longest), expected, "{text:?}");
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "{\"a\":\"\u{9b}\u{202e}x\u{e0041}\",\n\"b\":\"\u{7f}é\"}";
        let shown = json(text);
        assert_eq!(
            shown,
            "{\"a\":\"\\u009b\\u202ex\\udb40\\udc41\",\n\"b\":\"\\u007fé\"}"
        );
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(text), read(&shown));
    }

    #[test]
    fn secrets_are_blacked_out() {
        assert_eq!(
            without("the key vop_x is not vop_xy", &["vop_xy", "vop_x", ""]),
            "the key *** is not ***"
        );
    }
}
