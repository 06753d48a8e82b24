//! Cuts SQL into tokens: words, semicolons, everything else.

/// A token of SQL, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(&'a [u8]),
    Semicolon,
    /// A sign, or a whole string or quoted name (told by its first byte).
    Other(u8),
}

/// The tokens of a text.
#[derive(Clone)]
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        Self {
            rest: sql.as_bytes(),
        }
    }

    /// The next token if it is a word, else nothing.
    pub(super) fn word(&mut self) -> String {
        match self.next() {
            Some(Token::Word(word)) => String::from_utf8_lossy(word).into_owned(),
            _ => String::new(),
        }
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// Skips past the next `end`, or everything if there is none.
    fn skip_past(&mut self, end: &[u8]) {
        let found = self
            .rest
            .windows(end.len())
            .position(|window| window == end);
        self.skip(found.map_or(self.rest.len(), |found| found + end.len()));
    }

    /// Skips a quoted text; a doubled quote is two texts side by side, which
    /// makes no difference here.
    fn skip_quoted(&mut self, open: u8) {
        self.skip(1);
        self.skip_past(&[if open == b'[' { b']' } else { open }]);
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            match *self.rest {
                [] => return None,
                [b'-', b'-', ..] => self.skip_past(b"\n"),
                [b'/', b'*', ..] => {
                    self.skip(2);
                    self.skip_past(b"*/");
                }
                [byte, ..] if byte.is_ascii_whitespace() || byte == 0x0b => self.skip(1),
                [b';', ..] => {
                    self.skip(1);
                    return Some(Token::Semicolon);
                }
                [quote @ (b'\'' | b'"' | b'`' | b'['), ..] => {
                    self.skip_quoted(quote);
                    return Some(Token::Other(quote));
                }
                [byte, ..] if is_word(byte) => {
                    let length = self.rest.iter().take_while(|byte| is_word(**byte)).count();
                    let word = self.rest.get(..length).unwrap_or_default();
                    self.skip(length);
                    return Some(Token::Word(word));
                }
                [byte, ..] => {
                    self.skip(1);
                    return Some(Token::Other(byte));
                }
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}
