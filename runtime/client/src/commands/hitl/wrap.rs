//! Lines that a terminal does not break: what somebody else wrote never stands at the left
//! margin, where the tool's own words do.

use serde_json::Value;

use crate::text;

/// Columns that a line may have: those of the narrowest usual terminal, but a few.
const WIDTH: usize = 76;
/// Begins what an agent wrote. The letters come first, so that a terminal that orders
/// right-to-left text itself keeps the mark where it is.
const AGENT: &str = "agent| ";
/// Goes on with what did not fit into a line.
const MORE: &str = "agent+ ";

/// What an agent wrote, given as segments: in lines that say so, escaped.
pub(super) fn written(segments: &Value) -> Vec<String> {
    let mut lines = Lines::new(AGENT, MORE);
    for segment in segments.as_array().into_iter().flatten() {
        match segment {
            Value::String(text) => text.chars().for_each(|char| lines.add(char)),
            masked if masked.get("masked") == Some(&Value::Bool(true)) => {
                lines.push(&hidden(masked));
            }
            // What is marked is shown by its number.
            mark => {
                let char = mark.get("char").and_then(Value::as_str).unwrap_or_default();
                char.chars().for_each(|char| lines.push(&escaped(char)));
            }
        }
    }
    lines.finish()
}

/// The same of one line that is not cut in segments.
pub(super) fn line(text: &str) -> Vec<String> {
    written(&Value::Array(vec![text.into()]))
}

/// A title and a value of the gateway's own, which may quote others: no line of it begins at
/// the margin but the first one with the title.
pub(super) fn field(title: &str, width: usize, value: &str) -> Vec<String> {
    let first = format!("{title:width$}  ");
    let more = " ".repeat(width + 2);
    let mut lines = Lines::new(&first, &more);
    for char in value.chars() {
        match char {
            '\n' => lines.push(" "),
            char => lines.add(char),
        }
    }
    lines.finish()
}

/// A value that is not shown: how long it is, and by what it can be told from others. An
/// agent's own backslash is always doubled, so nobody else can write this.
fn hidden(masked: &Value) -> String {
    let bytes = masked.get("bytes").and_then(Value::as_u64).unwrap_or(0);
    let digest = masked.get("sha256").and_then(Value::as_str);
    let digest: String = digest
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_hexdigit)
        .collect();
    format!("\\masked{{{bytes} bytes, SHA-256 {digest}}}")
}

fn escaped(char: char) -> String {
    format!("\\u{{{:04X}}}", u32::from(char))
}

/// Lines that are being filled.
struct Lines<'a> {
    /// What a line begins with that begins a line of the text.
    first: &'a str,
    /// What one begins with that goes on with it.
    more: &'a str,
    done: Vec<String>,
    line: String,
    columns: usize,
}

impl<'a> Lines<'a> {
    fn new(first: &'a str, more: &'a str) -> Self {
        Self {
            first,
            more,
            done: Vec::new(),
            line: first.to_owned(),
            columns: first.chars().count(),
        }
    }

    /// Adds a character, escaped if it would steer, or stand for an escape itself.
    fn add(&mut self, char: char) {
        let mut bytes = [0; 4];
        match char {
            '\n' => self.next(self.first),
            '\\' => self.push("\\\\"),
            '\t' => self.push("\\t"),
            char if text::is_unfit(char) => self.push(&escaped(char)),
            char => self.push(char.encode_utf8(&mut bytes)),
        }
    }

    /// Adds what is not broken in its middle.
    fn push(&mut self, text: &str) {
        // What is not ASCII may take two columns.
        let columns: usize = text
            .chars()
            .map(|char| 2 - usize::from(char.is_ascii()))
            .sum();
        if self.columns + columns > WIDTH {
            self.next(self.more);
        }
        self.line.push_str(text);
        self.columns += columns;
    }

    fn next(&mut self, begin: &str) {
        let line = std::mem::replace(&mut self.line, begin.to_owned());
        self.done.push(line.trim_end().to_owned());
        self.columns = begin.chars().count();
    }

    fn finish(mut self) -> Vec<String> {
        self.next("");
        self.done
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_that_is_not_shown_is_told_and_cannot_be_forged() {
        let masked = json!([
            "k=",
            { "masked": true, "bytes": 3, "sha256": "0123456789abcdef" },
            "&q=\\masked{}",
        ]);
        let expected = "agent| k=\\masked{3 bytes, SHA-256 0123456789abcdef}&q=\\\\masked{}";
        assert_eq!(written(&masked), [expected]);
    }

    #[test]
    fn nothing_an_agent_wrote_stands_at_the_margin_or_steers() {
        let mark = |char: &str| json!({ "char": char, "code": "", "kind": "bidi" });
        let cases = [
            (json!([]), "agent|"),
            (json!(["a\nb\n"]), "agent| a\nagent| b\nagent|"),
            (json!(["a", mark("\u{202e}"), "b"]), "agent| a\\u{202E}b"),
            (json!([mark("\r"), "x"]), "agent| \\u{000D}x"),
            // What looks like an escape is none.
            (json!(["\\u{202E}\t"]), "agent| \\\\u{202E}\\t"),
            // A gateway that marks nothing is not believed.
            (
                json!(["\u{1b}[2J\u{9b}\r"]),
                "agent| \\u{001B}[2J\\u{009B}\\u{000D}",
            ),
        ];
        for (segments, expected) in cases {
            assert_eq!(written(&segments).join("\n"), expected, "{segments}");
        }
    }

    #[test]
    fn long_lines_are_broken_before_the_terminal_does() {
        for text in [
            "x".repeat(1_000),
            "漢".repeat(500),
            " ".repeat(300) + "status",
        ] {
            let lines = written(&json!([text]));
            assert!(lines.len() > 1);
            for (at, line) in lines.iter().enumerate() {
                let begin = if at == 0 { "agent|" } else { "agent+" };
                assert!(line.starts_with(begin), "{line}");
                let wide = line.chars().filter(|char| !char.is_ascii()).count();
                assert!(line.chars().count() + wide <= WIDTH, "{line}");
            }
        }
        let lines = field("reason", 8, &"word ".repeat(40));
        assert!(
            lines
                .iter()
                .skip(1)
                .all(|line| line.starts_with("          "))
        );
        assert!(lines[0].starts_with("reason    word"));
    }
}
