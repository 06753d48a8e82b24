//! Writing and reading numbers and texts.

/// Bytes that are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the compiled form is damaged or of another version")]
pub(in crate::rules) struct Malformed;

pub(super) type Read<T> = Result<T, Malformed>;

/// Bytes that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(in crate::rules) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, length: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Read<u8> {
        self.chunk::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Read<u16> {
        self.chunk().map(u16::from_le_bytes)
    }

    pub(super) fn size(&mut self) -> Read<usize> {
        let size = self.chunk().map(u32::from_le_bytes)?;
        usize::try_from(size).map_err(|_| Malformed)
    }

    /// Bytes with their length in front.
    pub(super) fn sized(&mut self) -> Read<&'a [u8]> {
        let length = self.size()?;
        self.bytes(length)
    }

    pub(super) fn text(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.sized()?).map_err(|_| Malformed)
    }
}

/// A part of bytes.
pub(super) fn part(bytes: &[u8], at: usize, length: usize) -> Read<&[u8]> {
    let end = at.checked_add(length).ok_or(Malformed)?;
    bytes.get(at..end).ok_or(Malformed)
}

/// The number at a place in a table of numbers.
pub(super) fn entry(table: &[u8], index: usize) -> Read<usize> {
    let at = index.checked_mul(4).ok_or(Malformed)?;
    Reader(part(table, at, 4)?).size()
}

/// Bytes that are written to the end. What is written is bounded long before a number
/// does not fit; one that does not makes bytes that cannot be read.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn u8(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(super) fn u16(&mut self, number: usize) {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        self.0.extend(number.to_le_bytes());
    }

    pub(super) fn size(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.0.extend(number.to_le_bytes());
    }

    pub(super) fn sized(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.0.extend(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.sized(text.as_bytes());
    }
}
