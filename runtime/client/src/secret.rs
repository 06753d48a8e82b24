//! Secrets that the caller gives: from a file or the standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// More bytes than any secret has.
const MAX: u64 = 8192;

/// There is no secret. Never shows it.
#[derive(Debug, Error)]
pub enum SecretError {
    /// It cannot be read.
    #[error("cannot read the secret in `{}`: {cause}", path.display())]
    Unreadable {
        /// The file; `-` is the standard input.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Nothing is there.
    #[error("`{}` holds no secret", .0.display())]
    Empty(PathBuf),
    /// It is too long to be one.
    #[error("what `{}` holds is too long for a secret", .0.display())]
    TooLong(PathBuf),
    /// None is named.
    #[error(
        "there is no secret: name its file with --secret-file (`-` is the standard input) or set {0}"
    )]
    Missing(&'static str),
}

/// Reads a secret; `-` is the standard input. One line end at its end is not part of it.
pub fn read(path: &Path) -> Result<String, SecretError> {
    let mut text = String::new();
    let limit = MAX.saturating_add(1);
    let read = match path.as_os_str() == "-" {
        true => io::stdin().lock().take(limit).read_to_string(&mut text),
        false => File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text)),
    };
    let length = read.map_err(|cause| SecretError::Unreadable {
        path: path.to_owned(),
        cause,
    })?;
    if length as u64 > MAX {
        return Err(SecretError::TooLong(path.to_owned()));
    }
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    match secret {
        "" => Err(SecretError::Empty(path.to_owned())),
        secret => Ok(secret.to_owned()),
    }
}

/// Reads a secret if a file is named.
pub fn read_if_named(path: Option<&Path>) -> Result<Option<String>, SecretError> {
    path.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_files_text_without_its_last_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (text, expected) in [
            ("hush", Some("hush")),
            ("hush\n", Some("hush")),
            ("hush\r\n", Some("hush")),
            (" hush \n\n", Some(" hush \n")),
            ("", None),
            ("\n", None),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(&path).ok().as_deref(), expected, "{text:?}");
        }
        std::fs::write(&path, "x".repeat(8193)).unwrap();
        assert!(matches!(read(&path), Err(SecretError::TooLong(_))));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(read(&path), Err(SecretError::Unreadable { .. })));
    }
}
