//! The gateway's secrets: from the environment, or made at the first start and
//! kept in files that only their owner can read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use thiserror::Error;

/// Bytes of randomness in each secret.
const RANDOM: usize = 32;
/// What an admin key begins with.
const ADMIN_PREFIX: &str = "vop_";

/// The secrets. No `Debug`, so that they do not get into a log by accident.
pub struct Secrets {
    /// Signs agents' tokens.
    pub token_secret: String,
    /// Opens the management.
    pub admin_key: String,
    /// Base64 of the 32 bytes that held requests are encrypted with.
    pub data_key: String,
    /// Where the admin key came from.
    pub admin_key_from: Origin,
    /// The variables that were not set, so that files were read or made instead.
    pub from_files: Vec<&'static str>,
}

/// Where a secret came from.
#[derive(Debug, PartialEq, Eq)]
pub enum Origin {
    /// The environment.
    Environment,
    /// This file, made before.
    Kept(PathBuf),
    /// This file, made just now.
    Made(PathBuf),
}

/// A secret is missing or unusable. Never shows it.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The value is not one.
    #[error("{origin} must be {expected}")]
    Unusable {
        /// Its variable or file.
        origin: String,
        /// What it must be.
        expected: &'static str,
    },
    /// Others can read it.
    #[error("`{}` can be read by others: run chmod {mode} on it", path.display())]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// The mode it must have.
        mode: &'static str,
    },
    /// The file cannot be read or made.
    #[error("cannot keep secrets in `{}`: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system has no randomness: {0}")]
    Random(getrandom::Error),
}

/// One of the secrets.
struct Kind {
    variable: &'static str,
    file: &'static str,
    expected: &'static str,
    is_usable: fn(&str) -> bool,
    make: fn(&[u8; RANDOM]) -> String,
}

const TOKEN_SECRET: Kind = Kind {
    variable: "VECTRA_TOKEN_SECRET",
    file: "token_secret",
    expected: "at least 32 bytes long",
    is_usable: |text| text.len() >= 32,
    make: |bytes| URL_SAFE_NO_PAD.encode(bytes),
};

const ADMIN_KEY: Kind = Kind {
    variable: "VECTRA_ADMIN_KEY",
    file: "admin_key",
    expected: "`vop_` and at least 32 printable characters",
    is_usable: |text| {
        let key = text.strip_prefix(ADMIN_PREFIX).unwrap_or_default();
        key.len() >= 32 && key.bytes().all(|byte| byte.is_ascii_graphic())
    },
    make: |bytes| format!("{ADMIN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)),
};

const DATA_KEY: Kind = Kind {
    variable: "VECTRA_DATA_KEY",
    file: "data_key",
    expected: "32 bytes in base64",
    is_usable: |text| {
        STANDARD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() == RANDOM)
    },
    make: |bytes| STANDARD.encode(bytes),
};

/// The variable that the admin key is taken from first.
pub const ADMIN_KEY_VARIABLE: &str = ADMIN_KEY.variable;

/// The file in a folder of secrets that holds the admin key.
pub fn admin_key_file(folder: &Path) -> PathBuf {
    folder.join(ADMIN_KEY.file)
}

/// Reads the secrets, and makes those that neither the environment nor the folder
/// has.
///
/// # Errors
/// [`SecretError`].
pub fn load(
    folder: &Path,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Secrets, SecretError> {
    let mut from_files = Vec::new();
    let mut load = |kind: &Kind| match environment(kind.variable).filter(|text| !text.is_empty()) {
        Some(text) => Ok((usable(kind, kind.variable, text)?, Origin::Environment)),
        None => {
            from_files.push(kind.variable);
            kept(kind, folder)
        }
    };
    let (admin_key, admin_key_from) = load(&ADMIN_KEY)?;
    Ok(Secrets {
        admin_key,
        admin_key_from,
        token_secret: load(&TOKEN_SECRET)?.0,
        data_key: load(&DATA_KEY)?.0,
        from_files,
    })
}

fn usable(kind: &Kind, origin: &str, text: String) -> Result<String, SecretError> {
    match (kind.is_usable)(&text) {
        true => Ok(text),
        false => Err(SecretError::Unusable {
            origin: origin.to_owned(),
            expected: kind.expected,
        }),
    }
}

/// Reads a secret from its file, which is made first if it is missing.
fn kept(kind: &Kind, folder: &Path) -> Result<(String, Origin), SecretError> {
    let path = folder.join(kind.file);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SecretError::File { path, source }
    };
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed(folder)(error));
        }
        _ => check_mode(folder, "700")?,
    }
    let made = match path.symlink_metadata() {
        Ok(_) => false,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut bytes = [0; RANDOM];
            getrandom::fill(&mut bytes).map_err(SecretError::Random)?;
            place(folder, &path, &(kind.make)(&bytes)).map_err(failed(&path))?
        }
        Err(error) => return Err(failed(&path)(error)),
    };
    check_mode(&path, "600")?;
    let text = fs::read_to_string(&path).map_err(failed(&path))?;
    let text = usable(
        kind,
        &format!("`{}`", path.display()),
        text.trim_end().to_owned(),
    )?;
    Ok((
        text,
        if made {
            Origin::Made(path)
        } else {
            Origin::Kept(path)
        },
    ))
}

/// Puts a file in its place at once and whole, unless someone else was quicker,
/// whose file then counts. Whether it was ours.
fn place(folder: &Path, path: &Path, text: &str) -> io::Result<bool> {
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(io::Error::other)?;
    let draft = folder.join(format!(".new-{:016x}", u64::from_le_bytes(suffix)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = writeln!(file, "{text}").and_then(|()| file.sync_all());
    // A link, unlike a rename, never replaces what is there.
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => File::open(folder)?.sync_all().map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Others must have no access at all.
#[cfg(unix)]
fn check_mode(path: &Path, mode: &'static str) -> Result<(), SecretError> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().map_err(|source| SecretError::File {
        path: path.to_owned(),
        source,
    })?;
    match metadata.mode() & 0o077 {
        0 => Ok(()),
        _ => Err(SecretError::Open {
            path: path.to_owned(),
            mode,
        }),
    }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &'static str) -> Result<(), SecretError> {
    Ok(())
}

#[cfg(test)]
mod tests;
