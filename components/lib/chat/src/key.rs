//! What is sent along that nobody else may know.

/// Longest key, in bytes.
const MAX_KEY: usize = 4096;

/// A provider's key. No `Debug`, so that it does not get into a log by accident.
pub struct Key(String);

impl Key {
    /// Takes the key out of its variable; none if it is empty or no header can carry it.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let usable =
            (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        usable.then(|| Self(text.to_owned()))
    }

    /// Only for the header that carries it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.0)
    }
}

/// A random number that an answer must repeat. It is told to the model apart from the
/// request's data, so an answer written into a request for the model to recite lacks it.
/// (A model that obeys what it reads will add it; it is no proof of more than that.)
pub struct Nonce(String);

impl Nonce {
    /// Makes one of random bytes.
    #[must_use]
    pub fn new(random: [u8; 8]) -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(random)))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}
