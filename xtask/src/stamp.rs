//! What a component says of itself, to registries and to who finds it in a bundle: name,
//! version, description, licence, source and revision, in custom sections.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::Table;
use wasm_metadata::{AddMetadata, AddMetadataField, Licenses, Revision, Source, Version};

use crate::workspace::Workspace;

/// What a revision ends in that is not all of it.
const DIRTY: &str = "-dirty";

/// Of what this build is made.
pub struct Stamp {
    /// The commit; none where there is no repository.
    revision: Option<String>,
}

impl Stamp {
    /// Asks git. What is built of a changed tree says so: it is not
    /// what its commit would give.
    pub fn of(workspace: &Workspace) -> Self {
        let git = |arguments: &[&str]| {
            let output = workspace.command("git").args(arguments).output().ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            output.status.success().then(|| text.trim().to_owned())
        };
        let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
        let changed = changed.is_none_or(|changes| !changes.is_empty());
        let suffix = if changed { DIRTY } else { "" };
        let revision = git(&["rev-parse", "HEAD"]).map(|commit| commit + suffix);
        Self { revision }
    }

    /// The commit, if there is a repository.
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// Whether what is built is what a commit holds.
    pub fn is_of_a_commit(&self) -> bool {
        self.revision()
            .is_some_and(|revision| !revision.ends_with(DIRTY))
    }

    /// Stamps the component in the file `from` and leaves it in `file`, which may be the same.
    pub fn put(&self, from: &Path, file: &Path, name: &str, description: &str) -> Result<()> {
        let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        let stamped = self
            .stamped(&bytes, name, description)
            .with_context(|| format!("cannot stamp {}", file.display()))?;
        // Written beside and renamed: a running host never reads half a file.
        let draft = file.with_extension("wasm.new");
        fs::write(&draft, stamped).with_context(|| format!("cannot write {}", draft.display()))?;
        fs::rename(&draft, file).with_context(|| format!("cannot write {}", file.display()))
    }

    fn stamped(&self, bytes: &[u8], name: &str, description: &str) -> Result<Vec<u8>> {
        let mut metadata = AddMetadata::default();
        metadata.name = AddMetadataField::Set(name.to_owned());
        metadata.version = AddMetadataField::Set(Version::new(env!("CARGO_PKG_VERSION")));
        metadata.description = AddMetadataField::Set(description.to_owned().parse()?);
        metadata.licenses = AddMetadataField::Set(Licenses::new(env!("CARGO_PKG_LICENSE"))?);
        metadata.source = AddMetadataField::Set(Source::new(env!("CARGO_PKG_REPOSITORY"))?);
        metadata.revision = match &self.revision {
            Some(revision) => AddMetadataField::Set(Revision::new(revision.clone())),
            None => AddMetadataField::Clear,
        };
        metadata.to_wasm(bytes)
    }
}

/// The description in a package's manifest.
pub fn description(manifest: &Path) -> Result<String> {
    let text = fs::read_to_string(manifest)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    let table: Table = text
        .parse()
        .with_context(|| manifest.display().to_string())?;
    let described = table
        .get("package")
        .and_then(|package| package.get("description")?.as_str());
    let described = described.with_context(|| format!("{} describes nothing", manifest.display()));
    Ok(described?.to_owned())
}
