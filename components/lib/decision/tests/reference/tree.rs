//! JSON as it is meant: with repeated names, and numbers as they are spelt.

use std::fmt::Write as _;

use super::dice::Dice;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is spelt.
    Number(&'static str),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// Names, which may be repeated, and values.
    Object(Vec<(String, Tree)>),
}

/// Names of members. Some are numbers, some differ in case only.
pub const NAMES: [&str; 9] = ["a", "b", "A", "op", "items", "n", "1", "0", "ä"];

/// Texts.
pub const TEXTS: [&str; 17] = [
    "x",
    "y",
    "delete",
    "Delete",
    "DELETE",
    "an Admin",
    "admin",
    "",
    " ",
    "1",
    "true",
    "ä",
    "GRÖßE",
    "\u{212a}elvin",
    "😀",
    "first\ndrop",
    "quoted \"\\/",
];

/// Numbers, at the limits of what is told apart: whole ones of up to 64 bits exactly.
const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "1",
    "1.0",
    "1e0",
    "2",
    "10",
    "100",
    "1e2",
    "2.5",
    "-3",
    "0.1",
    "0.10",
    "1E5",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e308",
    "1e999",
    "-1e999",
];

impl Tree {
    /// Any value, nested at most so deep.
    pub fn roll(dice: &mut Dice, depth: usize) -> Self {
        let kinds = if depth == 0 { 5 } else { 9 };
        match dice.below(kinds) {
            0 => Self::Null,
            1 => Self::Bool(dice.once_in(2)),
            2 => Self::Number(dice.pick(&NUMBERS)),
            3 | 4 => Self::Text(dice.pick(&TEXTS).to_owned()),
            5 | 6 => Self::list(dice, depth),
            _ => Self::object(dice, depth),
        }
    }

    /// A list or, rather, an object: what bodies mostly are.
    pub fn body(dice: &mut Dice) -> Self {
        match dice.below(8) {
            0 => Self::roll(dice, 0),
            1 => Self::list(dice, 3),
            _ => Self::object(dice, 3),
        }
    }

    fn list(dice: &mut Dice, depth: usize) -> Self {
        let length = dice.below(4);
        // Lists of one kind as well as mixed ones.
        let alike = dice.once_in(2).then(|| Self::roll(dice, depth - 1));
        let item = |dice: &mut Dice| match &alike {
            Some(tree) if !dice.once_in(4) => tree.clone(),
            _ => Self::roll(dice, depth - 1),
        };
        Self::List((0..length).map(|_| item(dice)).collect())
    }

    fn object(dice: &mut Dice, depth: usize) -> Self {
        let length = dice.below(5);
        let member = |dice: &mut Dice| {
            let name = dice.pick(&NAMES).to_owned();
            (name, Self::roll(dice, depth - 1))
        };
        Self::Object((0..length).map(|_| member(dice)).collect())
    }

    /// Writes it in one of the many ways that mean the same.
    pub fn write(&self, dice: &mut Dice, out: &mut String) {
        out.push_str(dice.pick(&["", "", "", " ", "\n\t"]));
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => write!(out, "{value}").unwrap(),
            Self::Number(spelt) => out.push_str(spelt),
            Self::Text(text) => write_text(text, dice, out),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    item.write(dice, out);
                }
                end(items.len(), ']', dice, out);
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    write_text(name, dice, out);
                    out.push(':');
                    value.write(dice, out);
                }
                end(members.len(), '}', dice, out);
            }
        }
        out.push_str(dice.pick(&["", "", "", " ", "\r\n"]));
    }
}

/// The end of a list or an object, at times with a comma too many.
fn end(length: usize, bracket: char, dice: &mut Dice, out: &mut String) {
    if length > 0 && dice.once_in(8) {
        out.push(',');
    }
    out.push(bracket);
}

/// A text, some of its characters escaped without need.
fn write_text(text: &str, dice: &mut Dice, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\n' => out.push_str("\\n"),
            '/' if dice.once_in(2) => out.push_str("\\/"),
            _ if dice.once_in(12) => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}").unwrap();
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
