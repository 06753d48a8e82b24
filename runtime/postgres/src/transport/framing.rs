//! Where messages begin and end, found as they pass.
//!
//! A message of the server is a byte that names it, its length in four bytes, which
//! count themselves, and a payload. Only the payload of `ReadyForQuery`, one byte, is
//! looked at.

use super::Opening;
use crate::status::{State, Status};

/// Names `ReadyForQuery`.
const READY_FOR_QUERY: u8 = b'Z';

/// Follows the messages of one connection.
pub(super) struct Framing {
    status: Status,
    place: Place,
}

/// What comes next.
enum Place {
    /// The answer to a request for TLS.
    Answer,
    /// The name of a message.
    Name,
    /// The rest of its length.
    Length { name: u8, length: u32, missing: u8 },
    /// The rest of its payload.
    Payload { missing: usize },
    /// The payload of `ReadyForQuery`.
    Status,
    /// Nobody knows.
    Lost,
}

impl Framing {
    pub(super) fn new(status: Status, opening: Opening) -> Self {
        let place = match opening {
            Opening::Message => Place::Name,
            Opening::Answer => Place::Answer,
        };
        Self { status, place }
    }

    /// Takes the bytes that came next, in pieces of any size.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        loop {
            if let Place::Payload { missing } = &mut self.place {
                let here = bytes.len().min(*missing);
                bytes = bytes.get(here..).unwrap_or_default();
                *missing -= here;
                if *missing > 0 {
                    return;
                }
                self.place = Place::Name;
            }
            let Some((byte, rest)) = bytes.split_first() else {
                return;
            };
            bytes = rest;
            self.step(*byte);
        }
    }

    fn step(&mut self, byte: u8) {
        self.place = match self.place {
            // With `S`, the handshake follows, and the stream is no longer ours.
            Place::Answer if byte == b'S' => Place::Lost,
            Place::Answer => Place::Name,
            Place::Name => Place::Length {
                name: byte,
                length: 0,
                missing: 4,
            },
            Place::Length {
                name,
                length,
                missing,
            } => {
                let length = (length << 8) | u32::from(byte);
                match missing {
                    1 => begin(name, length),
                    _ => Place::Length {
                        name,
                        length,
                        missing: missing - 1,
                    },
                }
            }
            Place::Status => {
                self.status.say(byte);
                match self.status.state() {
                    State::Unknown => Place::Lost,
                    _ => Place::Name,
                }
            }
            Place::Payload { .. } | Place::Lost => Place::Lost,
        };
        if matches!(self.place, Place::Lost) {
            self.status.forget();
        }
    }
}

/// What follows a name and a length. The length is the server's claim: what it cannot
/// be is not believed. The protocol's type is a signed integer.
fn begin(name: u8, length: u32) -> Place {
    let is_possible = i32::try_from(length).is_ok();
    match length.checked_sub(4).and_then(|size| size.try_into().ok()) {
        Some(1) if name == READY_FOR_QUERY => Place::Status,
        Some(missing) if name != READY_FOR_QUERY && is_possible => Place::Payload { missing },
        _ => Place::Lost,
    }
}

#[cfg(test)]
mod tests;
