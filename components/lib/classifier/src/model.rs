//! The trained model, read in place from its file.

use thiserror::Error;

const MAGIC: &[u8] = b"VCLS\x01";
const LABELS: usize = 7;
const KNOWN_BYTES: usize = 1 << 13;

/// Why a model cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ModelError {
    /// It does not begin as a model of this version does.
    #[error("the model is of another kind or version")]
    Kind,
    /// It is shorter or longer than it says.
    #[error("the model has another length than it says")]
    Length,
    /// Its version or its vocabulary is no text, or its scale no positive number.
    #[error("the model holds a value that cannot be")]
    Value,
}

/// A linear model: a column of weights for every label.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model<'a> {
    /// The first 16 hexadecimal digits of its SHA-256, as the training script wrote them.
    pub(crate) version: &'a str,
    /// What one unit of score is worth, with the temperature that makes confidence mean
    /// what it says.
    pub(crate) scale: f64,
    /// What every label has at first.
    pub(crate) bias: [i64; LABELS],
    /// Words that an explanation may name, one a line.
    vocabulary: &'a str,
    /// A bit for each hash of a word that was seen in training.
    known: &'a [u8],
    weights: &'a [u8],
    mask: usize,
}

impl<'a> Model<'a> {
    /// Reads a model, in place.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn parse(file: &'a [u8]) -> Result<Self, ModelError> {
        let mut file = file.strip_prefix(MAGIC).ok_or(ModelError::Kind)?;
        let [labels, log2] = array(&mut file)?;
        if usize::from(labels) != LABELS || !(8..=20).contains(&log2) {
            return Err(ModelError::Kind);
        }
        let version = utf8(take(&mut file, 16)?)?;
        let scale = f64::from_le_bytes(array(&mut file)?);
        if !(scale > 0.0 && scale < 1.0) {
            return Err(ModelError::Value);
        }
        let mut bias = [0; LABELS];
        for value in &mut bias {
            *value = i64::from(i32::from_le_bytes(array(&mut file)?));
        }
        let length = u16::from_le_bytes(array(&mut file)?);
        let vocabulary = utf8(take(&mut file, usize::from(length))?)?;
        let known = take(&mut file, KNOWN_BYTES)?;
        let buckets = 1_usize << log2;
        if file.len() != buckets * LABELS {
            return Err(ModelError::Length);
        }
        Ok(Self {
            version,
            scale,
            bias,
            vocabulary,
            known,
            weights: file,
            mask: buckets - 1,
        })
    }

    /// The weights of a feature, one for each label.
    pub(crate) fn weights(&self, feature: u32) -> [i32; LABELS] {
        let start = (feature as usize & self.mask) * LABELS;
        match self.weights.get(start..).and_then(<[u8]>::first_chunk) {
            Some(row) => row.map(|weight| i32::from(weight.cast_signed())),
            None => [0; LABELS],
        }
    }

    /// Whether a word, given its hash, was seen in training; now and then yes for one that
    /// was not.
    pub(crate) fn knows(&self, word: u32) -> bool {
        let byte = self.known.get((word >> 19) as usize).copied();
        byte.is_some_and(|byte| (byte >> ((word >> 16) & 7)) & 1 == 1)
    }

    /// The words that an explanation may name, sorted.
    pub(crate) fn vocabulary(&self) -> Vec<&'a str> {
        self.vocabulary.lines().collect()
    }
}

fn take<'a>(file: &mut &'a [u8], length: usize) -> Result<&'a [u8], ModelError> {
    let (taken, rest) = file.split_at_checked(length).ok_or(ModelError::Length)?;
    *file = rest;
    Ok(taken)
}

fn array<const N: usize>(file: &mut &[u8]) -> Result<[u8; N], ModelError> {
    let (taken, rest) = file.split_first_chunk().ok_or(ModelError::Length)?;
    *file = rest;
    Ok(*taken)
}

fn utf8(text: &[u8]) -> Result<&str, ModelError> {
    str::from_utf8(text).map_err(|_| ModelError::Value)
}

#[cfg(test)]
mod tests {
    use super::{Model, ModelError};
    use crate::answer::MODEL;

    #[test]
    fn a_model_that_is_cut_or_changed_in_its_head_is_refused() {
        assert!(Model::parse(MODEL).is_ok());
        for length in [0, 4, 5, 7, 20, 30, 60, 100, 4000, 20_000, MODEL.len() - 1] {
            assert!(Model::parse(&MODEL[..length]).is_err(), "{length}");
        }
        let with = |at: usize, byte: u8| {
            let mut file = MODEL.to_vec();
            file[at] = byte;
            Model::parse(&file).map(|_| ())
        };
        assert_eq!(with(4, 2), Err(ModelError::Kind));
        assert_eq!(with(5, 8), Err(ModelError::Kind));
        assert_eq!(with(6, 14), Err(ModelError::Length));
        assert_eq!(with(7, 0xFF), Err(ModelError::Value));
        assert_eq!(with(30, 0xFF), Err(ModelError::Value));
    }
}
