//! One bundle from many components.
//!
//! Who gets what is found by name: each import of the socket that a part exports
//! is wired to that part, and a part is instantiated once however many of its
//! exports are used. Everything else stays an import of the bundle.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

/// Joins `parts` into `socket` and writes the validated bundle to `bundle`. Fails
/// if a part is of no use to the socket, or if two parts offer the same.
pub fn compose(socket: &Path, parts: &[PathBuf], bundle: &Path) -> Result<()> {
    let mut graph = CompositionGraph::new();
    let socket_package = register(&mut graph, socket)?;
    let socket_node = graph.instantiate(socket_package);
    let mut wired: Vec<String> = Vec::new();

    for part in parts {
        let package = register(&mut graph, part)?;
        let names = shared_names(&graph, package, socket_package);
        if names.is_empty() {
            bail!(
                "nothing that {} exports is imported by {}",
                part.display(),
                socket.display()
            );
        }
        let node = graph.instantiate(package);
        for name in names {
            if wired.contains(&name) {
                bail!(
                    "`{name}` is exported by {} and by a part before it",
                    part.display()
                );
            }
            wire(&mut graph, node, socket_node, &name)
                .with_context(|| format!("cannot give `{name}` of {}", part.display()))?;
            wired.push(name);
        }
    }

    export_all(&mut graph, socket_package, socket_node)?;
    let bytes = graph
        .encode(EncodeOptions::default())
        .with_context(|| format!("cannot compose {}", bundle.display()))?;
    // Written beside and renamed: a running host never reads half a bundle.
    let draft = bundle.with_extension("wasm.new");
    fs::write(&draft, &bytes).with_context(|| format!("cannot write {}", draft.display()))?;
    fs::rename(&draft, bundle).with_context(|| format!("cannot write {}", bundle.display()))?;
    eprintln!(
        "    {}: {} KiB, {} imports wired",
        bundle.display(),
        bytes.len() / 1024,
        wired.len()
    );
    Ok(())
}

fn register(graph: &mut CompositionGraph, file: &Path) -> Result<PackageId> {
    let stem = file
        .file_stem()
        .context("a component has no file name")?
        .to_string_lossy();
    let package = Package::from_file(&format!("vectra:{stem}"), None, file, graph.types_mut())
        .with_context(|| format!("cannot read {}", file.display()))?;
    graph
        .register_package(package)
        .with_context(|| format!("cannot use {}", file.display()))
}

fn shared_names(graph: &CompositionGraph, part: PackageId, socket: PackageId) -> Vec<String> {
    let types = graph.types();
    let imports = &types[graph[socket].ty()].imports;
    types[graph[part].ty()]
        .exports
        .keys()
        .filter(|name| imports.contains_key(*name))
        .cloned()
        .collect()
}

fn wire(graph: &mut CompositionGraph, part: NodeId, socket: NodeId, name: &str) -> Result<()> {
    let export = graph.alias_instance_export(part, name)?;
    graph.set_instantiation_argument(socket, name, export)?;
    Ok(())
}

fn export_all(graph: &mut CompositionGraph, socket: PackageId, node: NodeId) -> Result<()> {
    let names: Vec<String> = graph.types()[graph[socket].ty()]
        .exports
        .keys()
        .cloned()
        .collect();
    for name in names {
        let export = graph.alias_instance_export(node, &name)?;
        graph
            .export(export, &name)
            .with_context(|| format!("cannot export `{name}` from the bundle"))?;
    }
    Ok(())
}
