//! WIT packages as the binary that tools exchange.

use std::path::PathBuf;

use anyhow::{Context, Result};
use wasm_metadata::{AddMetadata, AddMetadataField, Licenses, Revision, Source, Version};
use wit_parser::Resolve;

/// Whose packages are pushed; the others are somebody else's.
const NAMESPACE: &str = "vectra";
const LICENCE: &str = "Apache-2.0";
const SOURCE: &str = "https://github.com/vectra-gateway/vectra";

/// Our packages in these folders: their names, as in `vectra/decision`, and their bytes.
pub fn packages(folders: &[PathBuf], revision: Option<&str>) -> Result<Vec<(String, Vec<u8>)>> {
    let mut resolve = Resolve::default();
    let mut packages = Vec::new();
    for folder in folders {
        let (package, _) = resolve
            .push_path(folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        packages.push(package);
    }
    let mut encoded = Vec::new();
    for package in packages {
        let named = resolve.packages.get(package);
        let Some(name) = named.map(|package| package.name.clone()) else {
            continue;
        };
        if name.namespace != NAMESPACE {
            continue;
        }
        let bytes = wit_component::encode(&resolve, package)
            .with_context(|| format!("cannot encode {name}"))?;
        let version = name
            .version
            .as_ref()
            .context("a package without a version")?;
        let described = format!("The WIT package {}:{}", name.namespace, name.name);
        let mut metadata = AddMetadata::default();
        metadata.name = AddMetadataField::Set(format!("{}:{}", name.namespace, name.name));
        metadata.version = AddMetadataField::Set(Version::new(version.to_string()));
        metadata.description = AddMetadataField::Set(described.parse()?);
        metadata.licenses = AddMetadataField::Set(Licenses::new(LICENCE)?);
        metadata.source = AddMetadataField::Set(Source::new(SOURCE)?);
        if let Some(revision) = revision {
            metadata.revision = AddMetadataField::Set(Revision::new(revision.to_owned()));
        }
        let path = format!("{}/{}", name.namespace, name.name);
        encoded.push((path, metadata.to_wasm(&bytes)?));
    }
    Ok(encoded)
}
