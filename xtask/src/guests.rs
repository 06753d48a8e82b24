//! The small components of `tests/guests`, which the tests of the host and the
//! benchmark run. Nothing of them is shipped.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::Table;

use crate::components::{self, PROFILE, TARGET, TARGET_DIR};
use crate::step::{run, step};
use crate::workspace::Workspace;

/// A guest: its folder's name and its cargo package.
struct Guest {
    folder: String,
    package: String,
}

/// Builds every guest and leaves it in `dist/guests/`, named as its folder.
pub fn build(workspace: &Workspace) -> Result<()> {
    components::ensure_target(workspace)?;
    let guests = guests(workspace)?;
    step("building the guests of the tests", || {
        run(workspace
            .cargo("build")
            .args([
                "--profile",
                PROFILE,
                "--target",
                TARGET,
                "--target-dir",
                TARGET_DIR,
            ])
            .args(arguments(&guests)))
    })?;
    let delivered = workspace.dist("guests");
    fs::create_dir_all(&delivered).context("cannot make dist/guests")?;
    for guest in &guests {
        let built = components::artefact(workspace, &guest.package);
        let to = delivered.join(format!("{}.wasm", guest.folder));
        fs::copy(&built, &to).with_context(|| format!("cannot copy {}", built.display()))?;
    }
    Ok(())
}

/// `-p` for every guest.
pub fn package_arguments(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(arguments(&guests(workspace)?))
}

fn arguments(guests: &[Guest]) -> Vec<String> {
    guests
        .iter()
        .flat_map(|guest| ["-p".to_owned(), guest.package.clone()])
        .collect()
}

fn guests(workspace: &Workspace) -> Result<Vec<Guest>> {
    let mut guests = Vec::new();
    for entry in fs::read_dir(workspace.path("tests/guests")).context("tests/guests")? {
        let path = entry?.path();
        let manifest = path.join("Cargo.toml");
        if manifest.is_file() {
            let folder = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            guests.push(Guest {
                folder,
                package: package(&manifest)?,
            });
        }
    }
    guests.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(guests)
}

fn package(manifest: &Path) -> Result<String> {
    let text = fs::read_to_string(manifest)?;
    let table: Table = text
        .parse()
        .with_context(|| manifest.display().to_string())?;
    let name = table.get("package").and_then(|package| package.get("name"));
    let name = name.and_then(|name| name.as_str());
    Ok(name
        .with_context(|| format!("{} names no package", manifest.display()))?
        .to_owned())
}
