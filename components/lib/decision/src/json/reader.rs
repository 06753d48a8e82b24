//! The recursive-descent reader behind [`parse`].

use std::borrow::Cow;

use super::{Comments, MAX_DEPTH, Value};

/// Why a text is not JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct JsonError {
    /// From 1.
    pub(crate) line: usize,
    /// From 1, in characters.
    pub(crate) column: usize,
    /// What.
    pub(crate) message: &'static str,
}

/// Reads a whole text as one JSON value.
///
/// A byte-order mark at the start is skipped. Nesting deeper than [`MAX_DEPTH`] and
/// lone surrogates are errors.
pub(crate) fn parse(text: &str, comments: Comments) -> Result<Value<'_>, JsonError> {
    let mut reader = Reader {
        text,
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        comments,
    };
    let value = reader
        .value(0)
        .and_then(|value| reader.end().map(|()| value));
    value.map_err(|message| {
        let before = text.get(..reader.at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        JsonError {
            line: before.matches('\n').count() + 1,
            column: before
                .get(line_start..)
                .map_or(0, |line| line.chars().count())
                + 1,
            message,
        }
    })
}

type Read<T> = Result<T, &'static str>;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    comments: Comments,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Skips what may stand between tokens and gives the byte after it.
    fn next(&mut self) -> Read<Option<u8>> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if self.comments == Comments::Accepted => self.comment()?,
                other => return Ok(other),
            }
        }
    }

    fn comment(&mut self) -> Read<()> {
        let rest = self.rest();
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(inside) = rest.strip_prefix("/*") {
            inside.find("*/").ok_or("unfinished comment")? + 4
        } else {
            return Err("unexpected `/`");
        };
        self.at += length;
        Ok(())
    }

    fn end(&mut self) -> Read<()> {
        match self.next()? {
            None => Ok(()),
            Some(_) => Err("unexpected text after the value"),
        }
    }

    fn value(&mut self, depth: usize) -> Read<Value<'a>> {
        match self.next()? {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
            None => Err("unexpected end"),
        }
    }

    fn word(&mut self) -> Read<Value<'a>> {
        for (word, value) in [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
        ] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return match self.peek() {
                    Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => {
                        Err("unexpected word")
                    }
                    _ => Ok(value),
                };
            }
        }
        Err("expected a value")
    }

    fn object(&mut self, depth: usize) -> Read<Value<'a>> {
        self.open(depth)?;
        let mut properties = Vec::new();
        loop {
            match self.next()? {
                Some(b'}') => break,
                Some(b'"') => {}
                Some(_) => return Err("expected a property name in double quotes"),
                None => return Err("unfinished object"),
            }
            let name = self.string()?;
            if self.next()? != Some(b':') {
                return Err("expected `:` after a property name");
            }
            self.at += 1;
            properties.push((name, self.value(depth)?));
            match self.next()? {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                Some(_) => return Err("expected `,` or `}`"),
                None => return Err("unfinished object"),
            }
        }
        self.at += 1;
        Ok(Value::Object(properties))
    }

    fn array(&mut self, depth: usize) -> Read<Value<'a>> {
        self.open(depth)?;
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Some(b']') => break,
                Some(_) => {}
                None => return Err("unfinished list"),
            }
            items.push(self.value(depth)?);
            match self.next()? {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                Some(_) => return Err("expected `,` or `]`"),
                None => return Err("unfinished list"),
            }
        }
        self.at += 1;
        Ok(Value::Array(items))
    }

    fn open(&mut self, depth: usize) -> Read<()> {
        if depth > MAX_DEPTH {
            return Err("nested too deeply");
        }
        self.at += 1;
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Read<Value<'a>> {
        const WRONG: &str = "malformed number";
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        match self.digits() {
            0 => return Err(WRONG),
            1 => {}
            _ if leading_zero => return Err(WRONG),
            _ => {}
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(WRONG);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(WRONG);
            }
        }
        Ok(Value::Number(self.between(start, self.at)))
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        self.at += 1;
        let mut unescaped = String::new();
        let mut from = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let last = self.between(from, self.at);
                    self.at += 1;
                    if unescaped.is_empty() {
                        return Ok(Cow::Borrowed(last));
                    }
                    unescaped.push_str(last);
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => {
                    unescaped.push_str(self.between(from, self.at));
                    self.at += 1;
                    unescaped.push(self.escape()?);
                    from = self.at;
                }
                Some(0..=0x1f) => return Err("control character in a string"),
                Some(_) => self.at += 1,
                None => return Err("unfinished string"),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let escaped = self.peek().ok_or("unfinished string")?;
        self.at += 1;
        match escaped {
            b'"' | b'\\' | b'/' => Ok(char::from(escaped)),
            b'b' => Ok('\u{8}'),
            b'f' => Ok('\u{c}'),
            b'n' => Ok('\n'),
            b'r' => Ok('\r'),
            b't' => Ok('\t'),
            b'u' => self.unicode(),
            _ => Err("unknown escape in a string"),
        }
    }

    fn unicode(&mut self) -> Read<char> {
        const LONE: &str = "half of a surrogate pair in a string";
        let first = self.hex()?;
        let code = match first {
            0xd800..=0xdbff => {
                if !self.rest().starts_with("\\u") {
                    return Err(LONE);
                }
                self.at += 2;
                let second = self.hex()?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return Err(LONE);
                }
                0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            other => other,
        };
        char::from_u32(code).ok_or(LONE)
    }

    fn hex(&mut self) -> Read<u32> {
        const WRONG: &str = "malformed `\\u` in a string";
        let digits = self.text.get(self.at..self.at + 4).ok_or(WRONG)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| WRONG)
    }
}

#[cfg(test)]
mod tests;
