//! What other people compose: gateways with their components in place of ours, and the
//! examples, which are built and composed in the same way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use wac_graph::types::{Package, Types};

use crate::components::{self, PROFILE, TARGET, TARGET_DIR};
use crate::compose::{self, Plan};
use crate::programs;
use crate::step::{run, step};
use crate::workspace::Workspace;

/// The arguments of `cargo xtask compose`.
#[derive(Args)]
pub struct ComposeArgs {
    /// Composes this component with those of --with, and nothing of ours, instead of a
    /// gateway: what it exports is what the result exports
    #[arg(long, value_name = "FILE", conflicts_with_all = ["database", "classifier"])]
    socket: Option<PathBuf>,
    /// A component that takes the place of ours that exports the same: a policy engine,
    /// repositories, a classifier, the decision; or that offers what a part imports
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// A component that stands before the gateway; of several, the first that is asked first
    #[arg(long, value_name = "FILE")]
    before: Vec<PathBuf>,
    /// The repositories of ours
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    database: Database,
    /// The classifier of ours
    #[arg(long, value_enum, default_value_t = Classifier::None)]
    classifier: Classifier,
    /// Where the bundle is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
    /// No repositories: `--with` brings some, or the host offers `vectra:persistence`
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Classifier {
    None,
    Local,
    Llm,
}

/// A component and the interfaces it exports.
struct Part {
    file: PathBuf,
    exports: BTreeSet<String>,
}

/// Composes a gateway of what is in `dist/components` and of the components named.
///
/// # Errors
/// If one of them takes no place and serves nobody, takes half a place, or does not fit.
pub fn compose(workspace: &Workspace, args: &ComposeArgs) -> Result<()> {
    let plan = plan(workspace, args)?;
    step(&format!("composing {}", args.out.display()), || {
        compose::compose(&plan, &args.out)
    })
}

fn plan(workspace: &Workspace, args: &ComposeArgs) -> Result<Plan> {
    let fronts = args.before.iter().rev().cloned().collect();
    if let Some(socket) = &args.socket {
        return Ok(Plan {
            socket: socket.clone(),
            parts: args.with.clone(),
            fronts,
        });
    }
    let socket = Part::read(&components::delivered(workspace, "gateway"))?;
    let mut parts = vec!["decision", "policy-rules"];
    parts.push(match args.classifier {
        Classifier::None => "semantic-none",
        Classifier::Local => "semantic-local",
        Classifier::Llm => "semantic-llm",
    });
    match args.database {
        Database::Sqlite => parts.push("repositories-sqlite"),
        Database::Postgres => parts.push("repositories-postgres"),
        Database::None => {}
    }
    let ours: Vec<Part> = parts
        .iter()
        .map(|part| Part::read(&components::delivered(workspace, part)))
        .collect::<Result<_>>()?;
    let theirs: Vec<Part> = args
        .with
        .iter()
        .map(|file| Part::read(file))
        .collect::<Result<_>>()?;
    for part in &theirs {
        if !part.exports.is_disjoint(&socket.exports) {
            let file = part.file.display();
            bail!("{file} exports what the gateway exports: it can only stand --before it");
        }
    }
    Ok(Plan {
        socket: socket.file,
        parts: parts_of(ours, theirs)?,
        fronts,
    })
}

impl Part {
    fn read(file: &Path) -> Result<Self> {
        let mut types = Types::default();
        let package = Package::from_file("vectra:part", None, file, &mut types)
            .with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self {
            file: file.to_path_buf(),
            exports: types[package.ty()].exports.keys().cloned().collect(),
        })
    }

    fn name(&self) -> String {
        let name = self.file.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Theirs, and those of ours whose place none of theirs takes. Whether each that is left
/// serves anybody is seen when they are composed.
fn parts_of(ours: Vec<Part>, theirs: Vec<Part>) -> Result<Vec<PathBuf>> {
    let mut kept = Vec::new();
    for our in ours {
        let taker = theirs
            .iter()
            .find(|their| !their.exports.is_disjoint(&our.exports));
        let Some(taker) = taker else {
            kept.push(our.file);
            continue;
        };
        let missing: Vec<&String> = our.exports.difference(&taker.exports).collect();
        ensure!(
            missing.is_empty(),
            "{} cannot take the place of {}: it does not export {missing:?}",
            taker.file.display(),
            our.name()
        );
        eprintln!("    {} takes the place of {}", taker.name(), our.name());
    }
    kept.extend(theirs.into_iter().map(|their| their.file));
    Ok(kept)
}

/// The example components that are built with each test run: their folder in `examples/`
/// is their name.
const LIGHT: [&str; 2] = ["middleware", "repositories-memory"];

/// Those of `examples/policies`, which take minutes to build.
const POLICIES: [&str; 2] = ["cedar", "rego"];

/// Where cargo builds these.
const POLICIES_DIR: &str = "target/examples";

/// Builds the examples that every test run looks for, composes their bundles in
/// `dist/examples`, and installs what the hosts in other languages need.
pub fn build(workspace: &Workspace) -> Result<()> {
    programs::npm_packages(
        workspace,
        "examples/decision-in-node",
        "target/tools/examples/decision-in-node",
    )?;
    programs::python_packages(
        workspace,
        "examples/decision-in-python/requirements.txt",
        "target/tools/examples/decision-in-python",
    )?;
    components::ensure_target(workspace)?;
    step("building the examples", || {
        let mut cargo = workspace.cargo("build");
        cargo.args(["--profile", PROFILE, "--target", TARGET]);
        cargo.args(["--target-dir", TARGET_DIR]);
        run(cargo.args(package_arguments()))
    })?;
    fs::create_dir_all(workspace.dist("examples"))?;
    for example in LIGHT {
        let built = components::artefact(workspace, &package(example));
        fs::copy(&built, component(workspace, example))
            .with_context(|| format!("cannot copy {}", built.display()))?;
    }
    compose(
        workspace,
        &ComposeArgs {
            before: vec![component(workspace, "middleware")],
            ..recipe(workspace, "vectra-agents-only")
        },
    )?;
    compose(
        workspace,
        &ComposeArgs {
            with: vec![component(workspace, "repositories-memory")],
            database: Database::None,
            ..recipe(workspace, "vectra-memory")
        },
    )
}

/// Builds the policy engines of other languages, lints and tests them, and composes a bundle
/// with each. Each gets a seed that is always the same, so that it reaches nothing outside.
pub fn build_policies(workspace: &Workspace) -> Result<()> {
    components::ensure_target(workspace)?;
    let cargo = |command: &str, arguments: &[&str]| {
        let mut cargo = workspace.cargo(command);
        cargo.args(["--manifest-path", "examples/policies/Cargo.toml"]);
        run(cargo.args(["--target-dir", POLICIES_DIR]).args(arguments))
    };
    let guest = ["--profile", PROFILE, "--target", TARGET];
    step("building the policy examples (some minutes)", || {
        cargo("build", &guest)
    })?;
    step("clippy on the policy examples", || {
        cargo("clippy", &[&guest[..], &["--", "-D", "warnings"]].concat())
    })?;
    step("testing what the policy examples share", || {
        cargo("test", &["--package", "vectra-example-policy", "--lib"])
    })?;
    fs::create_dir_all(workspace.dist("examples"))?;
    let built = |name: &str| {
        let folder = workspace.path(POLICIES_DIR).join(TARGET).join(PROFILE);
        folder.join(format!("vectra_example_policy_{name}.wasm"))
    };
    for engine in POLICIES {
        let name = format!("policy-{engine}");
        compose(
            workspace,
            &ComposeArgs {
                socket: Some(built(engine)),
                with: vec![built("seed")],
                ..recipe(workspace, &name)
            },
        )?;
        compose(
            workspace,
            &ComposeArgs {
                with: vec![component(workspace, &name)],
                ..recipe(workspace, &format!("vectra-{engine}"))
            },
        )?;
    }
    Ok(())
}

/// `-p` for every example of the workspace that is a component.
pub fn package_arguments() -> Vec<String> {
    LIGHT
        .iter()
        .flat_map(|example| ["-p".to_owned(), package(example)])
        .collect()
}

fn package(example: &str) -> String {
    format!("vectra-example-{example}")
}

/// Where an example's component is delivered.
fn component(workspace: &Workspace, example: &str) -> PathBuf {
    workspace.dist(&format!("examples/{example}.wasm"))
}

/// What is composed where nothing else is said.
fn recipe(workspace: &Workspace, name: &str) -> ComposeArgs {
    ComposeArgs {
        socket: None,
        with: Vec::new(),
        before: Vec::new(),
        database: Database::Sqlite,
        classifier: Classifier::None,
        out: component(workspace, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(file: &str, exports: &[&str]) -> Part {
        Part {
            file: PathBuf::from(file),
            exports: exports.iter().map(|&export| export.to_owned()).collect(),
        }
    }

    fn ours() -> Vec<Part> {
        vec![
            part("decision.wasm", &["engine"]),
            part("repositories.wasm", &["agents", "ledger"]),
        ]
    }

    fn composed(theirs: Vec<Part>) -> Result<Vec<String>> {
        let files = parts_of(ours(), theirs)?;
        Ok(files
            .iter()
            .map(|file| file.display().to_string())
            .collect())
    }

    #[test]
    fn a_component_takes_the_place_of_ours_that_exports_the_same() {
        let theirs = vec![part("theirs.wasm", &["agents", "ledger", "more"])];
        assert_eq!(composed(theirs).unwrap(), ["decision.wasm", "theirs.wasm"]);
    }

    #[test]
    fn what_exports_something_else_takes_no_place() {
        let theirs = vec![part("seed.wasm", &["seed"])];
        let expected = ["decision.wasm", "repositories.wasm", "seed.wasm"];
        assert_eq!(composed(theirs).unwrap(), expected);
    }

    #[test]
    fn half_a_place_cannot_be_taken() {
        let error = composed(vec![part("theirs.wasm", &["agents"])]).unwrap_err();
        let expected = "theirs.wasm cannot take the place of repositories: it does not export \
                        [\"ledger\"]";
        assert_eq!(error.to_string(), expected);
    }
}
