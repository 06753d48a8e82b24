//! What `cargo xtask build` has left in `dist/`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// A path in the repository.
#[must_use]
pub fn repository(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(relative)
}

/// A file of `dist/`.
///
/// # Errors
/// If it is not there: the tests never build it themselves, so that what they
/// test is what is shipped.
pub fn dist(relative: &str) -> Result<PathBuf> {
    let path = repository("dist").join(relative);
    if !path.is_file() {
        bail!("dist/{relative} is missing: run `cargo xtask build` first");
    }
    Ok(path.canonicalize()?)
}
