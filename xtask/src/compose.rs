//! One bundle from many components.
//!
//! Who gets what is found by name: an import that a part exports is wired to that part,
//! whether the socket asks or another part does, and a part is instantiated once however
//! many of its exports are used. A front stands before the socket: it gets what the bundle
//! would have exported, and what it exports itself takes that place. Everything else stays
//! an import of the bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

/// What goes into a bundle.
#[derive(Debug, Default)]
pub struct Plan {
    /// Its exports are the bundle's.
    pub socket: PathBuf,
    /// What the others import.
    pub parts: Vec<PathBuf>,
    /// What stands before the socket, the innermost first.
    pub fronts: Vec<PathBuf>,
}

/// A component in the graph.
struct Member {
    file: PathBuf,
    package: PackageId,
    node: NodeId,
}

/// Joins the components of `plan` and writes the validated bundle to `bundle`. Fails if a
/// component is of no use to the others, or if two parts offer the same.
pub fn compose(plan: &Plan, bundle: &Path) -> Result<()> {
    let mut graph = CompositionGraph::new();
    let socket = Member::add(&mut graph, &plan.socket)?;
    let parts = Member::add_all(&mut graph, &plan.parts)?;
    let fronts = Member::add_all(&mut graph, &plan.fronts)?;

    let offered = offered(&graph, &parts)?;
    let mut used = BTreeSet::new();
    let mut wired = 0;
    for member in [&socket].into_iter().chain(&parts).chain(&fronts) {
        for name in member.imports(&graph) {
            let Some(part) = offered.get(&name).and_then(|at| parts.get(*at)) else {
                continue;
            };
            if part.node == member.node {
                continue;
            }
            wire(&mut graph, part.node, member.node, &name)
                .with_context(|| format!("cannot give `{name}` of {}", part.file.display()))?;
            used.insert(part.file.clone());
            wired += 1;
        }
    }
    if let Some(idle) = parts.iter().find(|part| !used.contains(&part.file)) {
        bail!("nothing imports what {} exports", idle.file.display());
    }

    let mut exports = put_before(&mut graph, &socket, &fronts)?;
    // In the socket's own order: what an export's types are of must be exported before it.
    let first = socket.exports(&graph).into_iter();
    let first: Vec<(String, NodeId)> = first
        .filter_map(|name| exports.remove_entry(&name))
        .collect();
    for (name, node) in first.into_iter().chain(exports) {
        let export = graph.alias_instance_export(node, &name)?;
        graph
            .export(export, &name)
            .with_context(|| format!("cannot export `{name}` from the bundle"))?;
    }
    write(&graph, bundle, wired)
}

/// Which part offers what, by its place.
fn offered(graph: &CompositionGraph, parts: &[Member]) -> Result<BTreeMap<String, usize>> {
    let mut offered: BTreeMap<String, usize> = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        for name in part.exports(graph) {
            if offered.insert(name.clone(), at).is_some() {
                let file = part.file.display();
                bail!("`{name}` is exported by {file} and by a part before it");
            }
        }
    }
    Ok(offered)
}

/// Gives each front what the one behind it exports; returns what the bundle exports.
fn put_before(
    graph: &mut CompositionGraph,
    socket: &Member,
    fronts: &[Member],
) -> Result<BTreeMap<String, NodeId>> {
    let names = socket.exports(graph).into_iter();
    let mut exports: BTreeMap<String, NodeId> = names.map(|name| (name, socket.node)).collect();
    for front in fronts {
        let mut behind = 0;
        for name in front.imports(graph) {
            if let Some(node) = exports.get(&name) {
                wire(graph, *node, front.node, &name)
                    .with_context(|| format!("cannot give `{name}` to {}", front.file.display()))?;
                behind += 1;
            }
        }
        if behind == 0 {
            bail!(
                "{} imports nothing of what it stands before",
                front.file.display()
            );
        }
        exports.extend(
            front
                .exports(graph)
                .into_iter()
                .map(|name| (name, front.node)),
        );
    }
    Ok(exports)
}

impl Member {
    fn add(graph: &mut CompositionGraph, file: &Path) -> Result<Self> {
        let stem = file
            .file_stem()
            .context("a component has no file name")?
            .to_string_lossy();
        let package = Package::from_file(&format!("vectra:{stem}"), None, file, graph.types_mut())
            .with_context(|| format!("cannot read {}", file.display()))?;
        let package = graph
            .register_package(package)
            .with_context(|| format!("cannot use {}", file.display()))?;
        Ok(Self {
            file: file.to_path_buf(),
            package,
            node: graph.instantiate(package),
        })
    }

    fn add_all(graph: &mut CompositionGraph, files: &[PathBuf]) -> Result<Vec<Self>> {
        files.iter().map(|file| Self::add(graph, file)).collect()
    }

    fn imports(&self, graph: &CompositionGraph) -> Vec<String> {
        let types = graph.types();
        types[graph[self.package].ty()]
            .imports
            .keys()
            .cloned()
            .collect()
    }

    fn exports(&self, graph: &CompositionGraph) -> Vec<String> {
        let types = graph.types();
        types[graph[self.package].ty()]
            .exports
            .keys()
            .cloned()
            .collect()
    }
}

fn wire(graph: &mut CompositionGraph, from: NodeId, to: NodeId, name: &str) -> Result<()> {
    let export = graph.alias_instance_export(from, name)?;
    graph.set_instantiation_argument(to, name, export)?;
    Ok(())
}

fn write(graph: &CompositionGraph, bundle: &Path, wired: usize) -> Result<()> {
    let bytes = graph
        .encode(EncodeOptions::default())
        .with_context(|| format!("cannot compose {}", bundle.display()))?;
    // Written beside and renamed: a running host never reads half a bundle.
    let draft = bundle.with_extension("wasm.new");
    fs::write(&draft, &bytes).with_context(|| format!("cannot write {}", draft.display()))?;
    fs::rename(&draft, bundle).with_context(|| format!("cannot write {}", bundle.display()))?;
    eprintln!(
        "    {}: {} KiB, {wired} imports wired",
        bundle.display(),
        bytes.len() / 1024,
    );
    Ok(())
}
