//! Finds the bundle, compiles it, and remembers what was compiled.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use vectra_host::{Bundle, Limits};

use crate::config::{Config, Provider};

/// The bundle of a provider, as `cargo xtask build` names it; of its variants the one of
/// this name.
fn name(provider: Provider, variant: Option<&str>) -> String {
    let database = match provider {
        Provider::Sqlite => "sqlite",
        Provider::Postgres => "postgres",
    };
    match variant {
        Some(variant) => format!("vectra-{database}-{variant}.wasm"),
        None => format!("vectra-{database}.wasm"),
    }
}

/// A bundle with the SHA-256 of its file, in hexadecimal.
pub struct Loaded {
    pub bundle: Arc<Bundle>,
    pub digest: String,
}

/// Reads and compiles a bundle, or takes it from the cache. Without a path it is
/// that of the configuration's provider and `System.Bundle`.
///
/// # Errors
/// If it is not there or not a component.
pub fn load(path: Option<&Path>, limits: &Limits, config: &Config) -> Result<Loaded> {
    let find = || find(config);
    let path = path.map_or_else(find, |path| Ok(path.to_owned()))?;
    let wasm = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let cache = cache_folder(config.beside("cache"));
    let bundle = Bundle::load(&wasm, limits, cache.as_deref())
        .with_context(|| format!("cannot use `{}`", path.display()))?;
    let mut digest = String::new();
    for byte in Sha256::digest(&wasm) {
        // Writing to a string cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    tracing::info!(bundle.path = %path.display(), bundle.digest = digest, "bundle loaded");
    Ok(Loaded {
        bundle: Arc::new(bundle),
        digest,
    })
}

/// Beside the executable, else in `dist/` of the working directory.
fn find(config: &Config) -> Result<PathBuf> {
    let name = name(config.storage.provider(), config.bundle.as_deref());
    let exe = std::env::current_exe().ok();
    let beside = exe.as_deref().and_then(Path::parent);
    let folders: Vec<&Path> = beside.into_iter().chain([Path::new("dist")]).collect();
    let mut paths = folders.iter().map(|folder| folder.join(&name));
    paths.find(|path| path.is_file()).with_context(|| {
        let there = present(&folders);
        format!(
            "there is no `{name}` beside vectra and none in dist/, but {there}: name a bundle \
             with System.Bundle or --bundle"
        )
    })
}

/// The names of the bundles in these folders.
fn present(folders: &[&Path]) -> String {
    let files = folders.iter().filter_map(|folder| folder.read_dir().ok());
    let mut names: Vec<String> = files
        .flatten()
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("vectra-") && name.ends_with(".wasm"))
        .filter(|name| !name.starts_with("vectra-import-"))
        .collect();
    names.sort();
    names.dedup();
    match names.is_empty() {
        true => "no other".to_owned(),
        false => names.join(", "),
    }
}

/// Where compiled code is kept: the user's cache, or a folder beside the database.
/// Nothing is kept in a folder that others may write to, since it is run.
fn cache_folder(beside: PathBuf) -> Option<PathBuf> {
    let variable = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let users = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let folders = users
        .map(|users| users.join("vectra"))
        .into_iter()
        .chain([beside]);
    let folder = folders
        .into_iter()
        .find_map(|folder| private_folder(&folder));
    if folder.is_none() {
        tracing::warn!(
            "there is no folder for compiled code: every start compiles the bundle again"
        );
    }
    folder
}

fn private_folder(folder: &Path) -> Option<PathBuf> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if folder.metadata().ok()?.mode() & 0o022 != 0 {
            return None;
        }
    }
    folder.canonicalize().ok()
}
