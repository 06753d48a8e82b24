//! Path and query reduced to what they mean: identifiers, dates, numbers and free values
//! become classes of such.

use std::borrow::Cow;

use crate::token::{self, Token, unescape};

/// What goes beyond these is read as text, so that nothing goes unseen.
const MAX_PATH: usize = 2048;
const MAX_SEGMENTS: usize = 24;
const MAX_PARAMETERS: usize = 32;

/// Query values that say something by themselves.
const KEPT: [&[u8]; 34] = [
    b"true",
    b"false",
    b"yes",
    b"no",
    b"all",
    b"none",
    b"any",
    b"full",
    b"asc",
    b"desc",
    b"active",
    b"inactive",
    b"pending",
    b"approved",
    b"rejected",
    b"failed",
    b"completed",
    b"open",
    b"closed",
    b"csv",
    b"json",
    b"xml",
    b"xlsx",
    b"pdf",
    b"zip",
    b"parquet",
    b"force",
    b"hard",
    b"cascade",
    b"permanent",
    b"recursive",
    b"admin",
    b"raw",
    b"dump",
];

/// A target, reduced.
#[derive(Debug, Default)]
pub(crate) struct Target {
    /// Tokens of the path.
    pub(crate) path: Vec<Token<'static>>,
    /// Names of parameters, with the class of their value.
    pub(crate) parameters: Vec<(Vec<u8>, Cow<'static, [u8]>)>,
    /// What is read as text: free values, and what goes beyond the limits.
    pub(crate) text: Vec<u8>,
}

impl Target {
    /// Reduces path and query.
    pub(crate) fn new(target: &[u8]) -> Self {
        let mut found = Self::default();
        let mut target = target;
        if let Some(head) = target.get(..MAX_PATH).filter(|_| target.len() > MAX_PATH) {
            found.keep(target);
            target = head;
        }
        let mut halves = target.splitn(2, |byte| *byte == b'?');
        let path = halves.next().unwrap_or_default();
        let query = halves.next().unwrap_or_default();
        found.add_path(path);
        found.add_query(query);
        found
    }

    fn keep(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
        self.text.push(b'\n');
    }

    fn add_path(&mut self, path: &[u8]) {
        let mut segments = filled(path, b'/');
        for segment in segments.by_ref().take(MAX_SEGMENTS) {
            let segment = unescape(segment);
            if is_date(&segment) {
                self.path.push(Token::Class(b"#date"));
            } else if is_id(&segment) {
                self.path.push(Token::Class(b"#id"));
            } else {
                token::each(&segment, |token| self.path.push(token.owned()));
            }
        }
        let rest: Vec<&[u8]> = segments.collect();
        if !rest.is_empty() {
            self.keep(&rest.join(&b'/'));
        }
    }

    fn add_query(&mut self, query: &[u8]) {
        let mut pairs = filled(query, b'&');
        let first: Vec<&[u8]> = pairs.by_ref().take(MAX_PARAMETERS).collect();
        let rest: Vec<&[u8]> = pairs.collect();
        if !rest.is_empty() {
            self.keep(&rest.join(&b'&'));
        }
        for pair in first {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = unescape(halves.next().unwrap_or_default());
            let value = unescape(halves.next().unwrap_or_default());
            let mut words: Vec<Vec<u8>> = Vec::new();
            token::each(&name, |token| words.push(token.unigram().to_vec()));
            let class = value_class(&value);
            if [b"value".as_slice(), b"star"].contains(&&*class) {
                self.keep(&value);
            }
            self.parameters.push((words.join(&b' '), class));
        }
    }
}

/// The parts between separators that are not empty.
fn filled(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    text.split(move |byte| *byte == separator)
        .filter(|part| !part.is_empty())
}

fn value_class(value: &[u8]) -> Cow<'static, [u8]> {
    let kept = |text: &&[u8]| value.eq_ignore_ascii_case(text);
    Cow::Borrowed(if value.is_empty() {
        b"empty"
    } else if value.iter().all(u8::is_ascii_digit) {
        if value.len() <= 3 { b"small" } else { b"large" }
    } else if is_date(value) {
        b"date"
    } else if let Some(known) = KEPT.into_iter().find(kept) {
        known
    } else if value == b"*" {
        b"star"
    } else if is_id(value) {
        b"id"
    } else {
        b"value"
    })
}

/// Whether it begins as `2024-01-31` does.
fn is_date(text: &[u8]) -> bool {
    text.get(..10).is_some_and(|date| {
        date.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    })
}

/// Whether it looks like an identifier: a number, 16 hexadecimal digits and dashes, 20
/// letters, digits and dashes, or a prefix as in `ord_8f3a` – with a digit in it.
fn is_id(text: &[u8]) -> bool {
    let is_dash = |byte: &u8| *byte == b'-' || *byte == b'_';
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return false;
    }
    if digits == text.len() {
        return true;
    }
    if !text
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || is_dash(byte))
    {
        return false;
    }
    let hexadecimal = text
        .iter()
        .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    if text.len() >= 20 || (text.len() >= 16 && hexadecimal) {
        return true;
    }
    let mut parts = text.split(is_dash);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(prefix), Some(rest), None) => {
            (2..=6).contains(&prefix.len())
                && rest.len() >= 4
                && rest.iter().any(u8::is_ascii_digit)
        }
        _ => false,
    }
}
