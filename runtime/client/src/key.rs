//! The operator's key, and where it was found. Never the command line, which other
//! users of the machine can read.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The variable that a key is taken from.
const VARIABLE: &str = "VECTRA_KEY";
/// The file that `vectra up` makes beside the database of its default configuration.
const KEPT: &str = "vectra.db.secrets/admin_key";
/// More bytes than any key has.
const MAX: u64 = 4096;

/// There is no key that could be sent.
#[derive(Debug, Error)]
pub enum KeyError {
    /// It is nowhere.
    #[error(
        "there is no key: name its file with --key-file or set {VARIABLE}; `{}` is not there either",
        .0.display()
    )]
    Missing(PathBuf),
    /// Its file cannot be read.
    #[error("cannot read the key in `{}`: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// What is there is no key.
    #[error("the key of {0} is none: it must be one line of visible ASCII characters")]
    Unusable(Origin),
}

/// Where a key was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This variable of the environment.
    Variable(&'static str),
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => write!(f, "`{}`", path.display()),
        }
    }
}

/// A key. No `Debug`, so that it does not get into a log by accident.
pub struct Key {
    /// The key.
    pub secret: String,
    /// Where it was found.
    pub origin: Origin,
}

impl Key {
    /// Takes it from the file if one is named, else from the environment, else from
    /// where `vectra up` leaves it in the working directory.
    pub fn find(file: Option<&Path>) -> Result<Self, KeyError> {
        let given = Self::given(file, &[])?;
        given.map_or_else(|| Self::kept(Path::new(KEPT)), Ok)
    }

    /// Takes it from the file if one is named, else from `VECTRA_KEY`, else from the
    /// first of these variables that is set.
    ///
    /// # Errors
    /// [`KeyError`] if what is there is no key.
    pub fn given(
        file: Option<&Path>,
        variables: &[&'static str],
    ) -> Result<Option<Self>, KeyError> {
        if let Some(path) = file {
            return Self::read(path).map(Some);
        }
        let mut names = [VARIABLE].into_iter().chain(variables.iter().copied());
        let found = names.find_map(|name| Some((variable(name)?, Origin::Variable(name))));
        found
            .map(|(text, origin)| Self::checked(&text, origin))
            .transpose()
    }

    /// Takes it from where `vectra up` leaves it.
    ///
    /// # Errors
    /// [`KeyError`] if it is not there, or none.
    pub fn kept(path: &Path) -> Result<Self, KeyError> {
        match path.exists() {
            true => Self::read(path),
            false => Err(KeyError::Missing(path.to_owned())),
        }
    }

    fn read(path: &Path) -> Result<Self, KeyError> {
        let text = head_of(path).map_err(|cause| KeyError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        Self::checked(&text, Origin::File(path.to_owned()))
    }

    fn checked(text: &str, origin: Origin) -> Result<Self, KeyError> {
        let secret = text.trim();
        match !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Self {
                secret: secret.to_owned(),
                origin,
            }),
            false => Err(KeyError::Unusable(origin)),
        }
    }
}

/// The beginning of a file, long enough for a key.
fn head_of(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// A variable of the environment that is set to something.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_line_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for (text, expected) in [
            ("vop_hush", Some("vop_hush")),
            (" vop_hush\r\n", Some("vop_hush")),
            ("", None),
            ("\n", None),
            ("hush\nhush", None),
            ("hush hush", None),
            ("hush\u{e9}", None),
        ] {
            std::fs::write(&path, text).unwrap();
            match (Key::find(Some(&path)), expected) {
                (Ok(key), Some(expected)) => {
                    assert_eq!(key.secret, expected);
                    assert_eq!(key.origin, Origin::File(path.clone()));
                }
                (Err(error), None) => {
                    let error = error.to_string();
                    assert!(error.contains("key`"), "{error}");
                    assert!(!error.contains("hush"), "{error}");
                }
                _ => panic!("{text:?}"),
            }
        }
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(
            Key::find(Some(&path)),
            Err(KeyError::Unreadable { .. })
        ));
    }
}
