//! The compiled form: bytes that are asked as they are.
//!
//! Nothing is decoded that is not needed: a question reads the head, looks up the rules
//! that could match ([`index`]), and decodes those one after the other until one
//! decides. Every read is checked, so bytes that are no policy deny, whatever they are.
//!
//! Numbers are little-endian, texts a length (u32) and UTF-8.
//! 1. [`MAGIC`], with the version of the form.
//! 2. The default (u8), whether it is only tried out (u8), how many rules (u32).
//! 3. Three dimensions of the index: each a length (u32) and its bytes.
//! 4. Where each rule begins in 5 (u32), in the order in which they are asked.
//! 5. The rules: effect (u8), place in the file (u32), name, reason (a u8 before it says
//!    whether there is one), conditions (u16 before them) in the order in which they are
//!    evaluated: field, operator (u8), value, pattern.

mod bytes;
mod index;
mod read;
mod write;

pub(super) use bytes::Malformed;
pub(super) use read::{Code, RuleCode};
pub(super) use write::write;

/// How the compiled form begins; its last byte is the version.
const MAGIC: &[u8; 4] = b"VPR\x01";

/// Kinds of values.
mod value {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const NUMBER: u8 = 3;
    pub(super) const TEXT: u8 = 4;
    pub(super) const LIST: u8 = 5;
}

/// Kinds of patterns.
mod pattern {
    pub(super) const NONE: u8 = 0;
    pub(super) const TEXTS: u8 = 1;
    pub(super) const AUTOMATON: u8 = 2;
}
