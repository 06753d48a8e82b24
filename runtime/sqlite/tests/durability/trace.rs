//! Reads what strace wrote.
//!
//! A call has two places in the order of all: where it began and where it was over.
//! They differ when another thread's call came between; then strace writes two
//! lines. A thread that begins a call stands still until strace has written it down,
//! so what began after something else was over did happen later.

use std::collections::HashMap;

/// A call of the system, with the places of its begin and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    pub thread: u32,
    pub begun: usize,
    pub ended: usize,
    /// The file of the first argument, as strace knows it.
    pub file: String,
    /// The text of the first argument that has one.
    pub bytes: Vec<u8>,
    pub result: i64,
}

/// All calls, in the order in which they began.
pub fn parse(trace: &str) -> Vec<Call> {
    let mut begun: HashMap<u32, (usize, String)> = HashMap::new();
    let mut calls = Vec::new();
    for (place, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let (thread, rest) = (thread.parse().unwrap(), rest.trim_start());
        if let Some(first) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (place, first.to_owned()));
        } else if let Some((_, last)) = rest
            .strip_prefix("<... ")
            .and_then(|rest| rest.split_once(" resumed>"))
        {
            if let Some((begin, first)) = begun.remove(&thread) {
                calls.extend(call(thread, begin, place, &format!("{first}{last}")));
            }
        } else {
            calls.extend(call(thread, place, place, rest));
        }
    }
    calls.sort_by_key(|call| call.begun);
    calls
}

/// `name(3</file>, "text", ...) = 5`; other lines (signals, exits) are none.
fn call(thread: u32, begun: usize, ended: usize, line: &str) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let file = arguments
        .split_once('<')
        .filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or("", |(file, _)| file);
    let bytes = arguments
        .split_once('"')
        .map_or_else(Vec::new, |(_, text)| unescape(text));
    Some(Call {
        name: name.to_owned(),
        thread,
        begun,
        ended,
        file: file.to_owned(),
        bytes,
        result: result.split_whitespace().next()?.parse().ok()?,
    })
}

/// What a C string means, up to its closing quote.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'"' => break,
            b'\\' => match rest.next().unwrap() {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'v' => 0x0b,
                b'f' => 0x0c,
                digit @ b'0'..=b'7' => {
                    let mut value = u32::from(digit - b'0');
                    for _ in 0..2 {
                        let Some(next) = rest.next_if(|next| (b'0'..=b'7').contains(next)) else {
                            break;
                        };
                        value = value * 8 + u32::from(next - b'0');
                    }
                    value as u8
                }
                other => other,
            },
            other => other,
        });
    }
    bytes
}
