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
/// What a key of notifications begins with.
const WEBHOOK_PREFIX: &str = "whsec_";

/// The secrets. No `Debug`, so that they do not get into a log by accident.
pub struct Secrets {
    /// Signs agents' tokens.
    pub token_secret: String,
    /// Opens the management.
    pub admin_key: String,
    /// Base64 of the 32 bytes that held requests and credentials are encrypted with; one
    /// key per line, the first encrypts.
    pub data_key: String,
    /// Signs notifications. Missing where every other secret comes from the environment:
    /// there nothing may be writable.
    pub webhook_secret: Option<String>,
    /// Opens the classifier's provider, if it wants a key.
    pub semantic_key: Option<String>,
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
}

/// A secret that is made if there is none.
struct Made {
    kind: Kind,
    make: fn(&[u8; RANDOM]) -> String,
}

const TOKEN_SECRET: Made = Made {
    kind: Kind {
        variable: "VECTRA_TOKEN_SECRET",
        file: "token_secret",
        expected: "at least 32 bytes long",
        is_usable: |text| text.len() >= 32,
    },
    make: |bytes| URL_SAFE_NO_PAD.encode(bytes),
};

const ADMIN_KEY: Made = Made {
    kind: Kind {
        variable: "VECTRA_ADMIN_KEY",
        file: "admin_key",
        expected: "`vop_` and at least 32 printable characters",
        is_usable: |text| {
            let key = text.strip_prefix(ADMIN_PREFIX).unwrap_or_default();
            key.len() >= 32 && key.bytes().all(|byte| byte.is_ascii_graphic())
        },
    },
    make: |bytes| format!("{ADMIN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)),
};

const DATA_KEY: Made = Made {
    kind: Kind {
        variable: "VECTRA_DATA_KEY",
        file: "data_key",
        expected: "32 bytes in base64 on each of 1 to 16 lines",
        is_usable: |text| {
            are_lines(text, 16, |line| {
                STANDARD
                    .decode(line)
                    .is_ok_and(|bytes| bytes.len() == RANDOM)
            })
        },
    },
    make: |bytes| STANDARD.encode(bytes),
};

const WEBHOOK_SECRET: Made = Made {
    kind: Kind {
        variable: "VECTRA_WEBHOOK_SECRET",
        file: "webhook_secret",
        expected: "`whsec_` and 24 to 64 bytes in base64 on each of 1 to 4 lines",
        is_usable: |text| {
            are_lines(text, 4, |line| {
                let key = line
                    .strip_prefix(WEBHOOK_PREFIX)
                    .map(|key| STANDARD.decode(key));
                matches!(key, Some(Ok(bytes)) if (24..=64).contains(&bytes.len()))
            })
        },
    },
    make: |bytes| format!("{WEBHOOK_PREFIX}{}", STANDARD.encode(bytes)),
};

/// Somebody else's, so it is never made.
const SEMANTIC_KEY: Kind = Kind {
    variable: "VECTRA_SEMANTIC_KEY",
    file: "semantic_key",
    expected: "at most 4,096 printable characters without spaces",
    is_usable: |text| {
        (1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    },
};

/// Whether there are 1 to `most` lines, empty ones apart, and each of them is one.
fn are_lines(text: &str, most: usize, is_one: fn(&str) -> bool) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.collect();
    (1..=most).contains(&lines.len()) && lines.into_iter().all(is_one)
}

/// The variable that the admin key is taken from first.
pub const ADMIN_KEY_VARIABLE: &str = ADMIN_KEY.kind.variable;

/// The file in a folder of secrets that holds the admin key.
pub fn admin_key_file(folder: &Path) -> PathBuf {
    folder.join(ADMIN_KEY.kind.file)
}

/// Reads the secrets, and makes those that neither the environment nor the folder
/// has, the classifier's key apart.
///
/// # Errors
/// [`SecretError`].
pub fn load(
    folder: &Path,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Secrets, SecretError> {
    let mut from_files = Vec::new();
    let given = |kind: &Kind| match environment(kind.variable).filter(|text| !text.is_empty()) {
        Some(text) => usable(kind, kind.variable, text).map(Some),
        None => Ok(None),
    };
    let semantic_key = match given(&SEMANTIC_KEY)? {
        Some(key) => Some(key),
        None => found(&SEMANTIC_KEY, folder)?,
    };
    let mut load = |made: &Made| match given(&made.kind)? {
        Some(text) => Ok((text, Origin::Environment)),
        None => {
            from_files.push(made.kind.variable);
            kept(made, folder)
        }
    };
    let (admin_key, admin_key_from) = load(&ADMIN_KEY)?;
    let token_secret = load(&TOKEN_SECRET)?.0;
    let data_key = load(&DATA_KEY)?.0;
    let webhook_secret = match given(&WEBHOOK_SECRET.kind)? {
        Some(secret) => Some(secret),
        None if from_files.is_empty() => found(&WEBHOOK_SECRET.kind, folder)?,
        None => {
            from_files.push(WEBHOOK_SECRET.kind.variable);
            Some(kept(&WEBHOOK_SECRET, folder)?.0)
        }
    };
    Ok(Secrets {
        admin_key,
        admin_key_from,
        token_secret,
        data_key,
        webhook_secret,
        semantic_key,
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
fn kept(made: &Made, folder: &Path) -> Result<(String, Origin), SecretError> {
    let Made { kind, make } = made;
    let path = folder.join(kind.file);
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
            place(folder, &path, &make(&bytes)).map_err(failed(&path))?
        }
        Err(error) => return Err(failed(&path)(error)),
    };
    let text = read(kind, &path)?;
    Ok((
        text,
        if made {
            Origin::Made(path)
        } else {
            Origin::Kept(path)
        },
    ))
}

/// Reads a secret from its file, if there is one.
fn found(kind: &Kind, folder: &Path) -> Result<Option<String>, SecretError> {
    let path = folder.join(kind.file);
    match path.symlink_metadata() {
        Ok(_) => {
            check_mode(folder, "700")?;
            read(kind, &path).map(Some)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(&path)(error)),
    }
}

fn read(kind: &Kind, path: &Path) -> Result<String, SecretError> {
    check_mode(path, "600")?;
    let text = fs::read_to_string(path).map_err(failed(path))?;
    let origin = format!("`{}`", path.display());
    usable(kind, &origin, text.trim_end().to_owned())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> SecretError {
    let path = path.to_owned();
    move |source| SecretError::File {
        path: path.clone(),
        source,
    }
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
