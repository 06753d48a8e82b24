//! Licences and bans of all dependencies, after `deny.toml`.
//!
//! This is the part of cargo-deny that needs neither its installation nor a
//! network. When cargo-deny is there it runs as well and adds the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use spdx::{Expression, LicenseReq, Licensee, ParseMode};

use crate::step::{read, run};
use crate::workspace::Workspace;

#[derive(Deserialize)]
struct Rules {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

/// Licences that are allowed, to all packages or to one.
struct Allowed {
    everywhere: Vec<Licensee>,
    exceptions: BTreeMap<String, Vec<Licensee>>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    /// Who may depend on it all the same.
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

struct Package {
    name: String,
    version: String,
    licence: String,
}

/// The workspaces of their own, which nothing of the product is built of.
const APART: [&str; 3] = [
    "examples/policies/Cargo.toml",
    "fuzz/Cargo.toml",
    "xtask/publish/Cargo.toml",
];

/// Compares all dependencies of the configured targets with `deny.toml`.
pub fn check(workspace: &Workspace) -> Result<()> {
    check_of(workspace, "Cargo.toml")?;
    advisories(workspace)
}

/// The same for the workspaces of their own, whose sources have to be fetched first.
pub fn check_apart(workspace: &Workspace) -> Result<()> {
    APART
        .iter()
        .try_for_each(|manifest| check_of(workspace, manifest))
}

fn check_of(workspace: &Workspace, manifest: &str) -> Result<()> {
    let text = fs::read_to_string(workspace.path("deny.toml")).context("cannot read deny.toml")?;
    let rules: Rules = toml::from_str(&text).context("deny.toml does not parse")?;
    let packages = packages(workspace, manifest, &rules.graph)?;
    let allowed = Allowed::read(&rules.licenses)?;

    let mut problems: Vec<String> = Vec::new();
    for package in &packages {
        problems.extend(licence_problem(package, &allowed));
        if let Some(ban) = rules.bans.of(package) {
            let dependants = dependants(workspace, manifest, &rules.graph, package)?;
            problems.extend(ban_problem(package, ban, &dependants));
        }
    }
    report_duplicates(&packages);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n    "));
    }
    eprintln!(
        "    {manifest}: {} packages, all licences allowed, none banned",
        packages.len()
    );
    Ok(())
}

/// What is really built for these targets: `cargo metadata` also names optional
/// dependencies that no feature switches on.
fn packages(workspace: &Workspace, manifest: &str, graph: &Graph) -> Result<Vec<Package>> {
    let mut tree = workspace.cargo("tree");
    tree.args(["--manifest-path", manifest, "--locked"]);
    tree.args(["--workspace", "--prefix", "none", "--format", "{p}\t{l}\t"]);
    for target in &graph.targets {
        tree.args(["--target", target]);
    }
    // A package that was shown before has a mark behind the last tab.
    let listed = read(&mut tree)?;
    let lines: BTreeSet<&str> = listed.lines().filter(|line| line.ends_with('\t')).collect();
    lines
        .into_iter()
        .map(|line| package(line).with_context(|| format!("cargo tree: {line}")))
        .collect()
}

/// Reads `name v1.2.3 (where)`, a tab, the licence, a tab.
fn package(line: &str) -> Option<Package> {
    let mut fields = line.split('\t');
    let mut words = fields.next()?.split(' ');
    Some(Package {
        name: words.next()?.to_owned(),
        version: words.next()?.trim_start_matches('v').to_owned(),
        licence: fields.next()?.to_owned(),
    })
}

fn licensees(texts: &[String]) -> Result<Vec<Licensee>> {
    texts
        .iter()
        .map(|text| {
            Licensee::parse(text).with_context(|| format!("`{text}` in deny.toml is no licence"))
        })
        .collect()
}

impl Allowed {
    fn read(licenses: &Licenses) -> Result<Self> {
        let mut exceptions = BTreeMap::new();
        for exception in &licenses.exceptions {
            exceptions.insert(exception.name.clone(), licensees(&exception.allow)?);
        }
        Ok(Self {
            everywhere: licensees(&licenses.allow)?,
            exceptions,
        })
    }

    fn allows(&self, package: &str, need: &LicenseReq) -> bool {
        let only_here = self.exceptions.get(package).into_iter().flatten();
        self.everywhere
            .iter()
            .chain(only_here)
            .any(|licence| licence.satisfies(need))
    }
}

fn licence_problem(package: &Package, allowed: &Allowed) -> Option<String> {
    let Package {
        name,
        version,
        licence,
    } = package;
    if licence.is_empty() {
        return Some(format!("{name} {version} names no licence"));
    }
    // Old manifests write `MIT/Apache-2.0`.
    match Expression::parse_mode(licence, ParseMode::LAX) {
        Ok(expression) if expression.evaluate(|need| allowed.allows(name, need)) => None,
        Ok(_) => Some(format!(
            "{name} {version}: licence `{licence}` is not in deny.toml"
        )),
        Err(error) => Some(format!("{name} {version}: licence `{licence}`: {error}")),
    }
}

impl Bans {
    fn of(&self, package: &Package) -> Option<&Ban> {
        self.deny.iter().find(|ban| ban.name == package.name)
    }
}

/// A package is allowed to its wrappers, and to nobody if it names none.
fn ban_problem(package: &Package, ban: &Ban, dependants: &BTreeSet<String>) -> Option<String> {
    let others = dependants
        .iter()
        .filter(|dependant| !ban.wrappers.contains(dependant));
    let others: Vec<&str> = others.map(String::as_str).collect();
    if !ban.wrappers.is_empty() && others.is_empty() {
        return None;
    }
    Some(format!(
        "{} {} is banned, and used by {}: {}",
        package.name,
        package.version,
        others.join(", "),
        ban.reason
    ))
}

/// The packages that depend on one directly.
fn dependants(
    workspace: &Workspace,
    manifest: &str,
    graph: &Graph,
    package: &Package,
) -> Result<BTreeSet<String>> {
    let mut tree = workspace.cargo("tree");
    tree.args(["--manifest-path", manifest, "--locked"]);
    tree.args(["--workspace", "--prefix", "depth", "--depth", "1"]);
    tree.args(["--format", " {p}", "--invert"]);
    tree.arg(format!("{}@{}", package.name, package.version));
    for target in &graph.targets {
        tree.args(["--target", target]);
    }
    let listed = read(&mut tree)?;
    let direct = listed.lines().filter_map(|line| line.strip_prefix("1 "));
    let names = direct.filter_map(|line| line.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

fn report_duplicates(packages: &[Package]) {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        versions
            .entry(&package.name)
            .or_default()
            .insert(&package.version);
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let versions: Vec<&str> = versions.iter().copied().collect();
        eprintln!("    more than once: {name} {}", versions.join(", "));
    }
}

/// Runs cargo-deny if it is there; the advisories only if it has its database,
/// which it would fetch otherwise.
fn advisories(workspace: &Workspace) -> Result<()> {
    if !on_path("cargo-deny") {
        eprintln!("    advisories were not checked: cargo-deny is not installed");
        return Ok(());
    }
    run(workspace
        .cargo("deny")
        .args(["--offline", "check", "licenses", "bans", "sources"]))?;
    if !advisory_database().is_some_and(|folder| folder.is_dir()) {
        eprintln!("    advisories were not checked: cargo-deny has no database here");
        return Ok(());
    }
    run(workspace
        .cargo("deny")
        .args(["--offline", "check", "advisories", "--disable-fetch"]))
}

fn advisory_database() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))?;
    Some(home.join("advisory-dbs"))
}

fn on_path(program: &str) -> bool {
    let Some(path) = env::var_os("PATH") else {
        return false;
    };
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, licence: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
        }
    }

    #[test]
    fn reads_a_line_of_cargo_tree() {
        let read = package("serde v1.0.229 (/somewhere)\tMIT OR Apache-2.0\t").unwrap();
        assert_eq!(
            (read.name.as_str(), read.version.as_str()),
            ("serde", "1.0.229")
        );
        assert_eq!(read.licence, "MIT OR Apache-2.0");
        assert!(package("serde").is_none());
    }

    #[test]
    fn a_ban_spares_its_wrappers_alone() {
        let ban = |wrappers: &[&str]| Ban {
            name: "sqlite".to_owned(),
            wrappers: wrappers.iter().map(|&name| name.to_owned()).collect(),
            reason: "there are two".to_owned(),
        };
        for (wrappers, dependants, fine) in [
            (&[][..], &["any"][..], false),
            (&[], &[], false),
            (&["one"], &["one"], true),
            (&["one"], &["any", "one"], false),
        ] {
            let dependants = dependants.iter().map(|&name| name.to_owned()).collect();
            let problem = ban_problem(&named("sqlite", "MIT"), &ban(wrappers), &dependants);
            assert_eq!(problem.is_none(), fine, "{wrappers:?}: {problem:?}");
        }
    }

    #[test]
    fn refuses_licences_that_are_not_listed() {
        let exception = Exception {
            name: "special".to_owned(),
            allow: vec!["MPL-2.0".to_owned()],
        };
        let licenses = Licenses {
            allow: vec!["MIT".to_owned()],
            exceptions: vec![exception],
        };
        let allowed = Allowed::read(&licenses).unwrap();
        let cases = [
            ("any", "MIT", true),
            ("any", "GPL-3.0 OR MIT", true),
            ("any", "MIT/Apache-2.0", true),
            ("any", "MIT AND GPL-3.0", false),
            ("any", "MPL-2.0", false),
            ("special", "MPL-2.0+", true),
            ("any", "", false),
            ("any", "no licence at all", false),
        ];
        for (name, licence, fine) in cases {
            let problem = licence_problem(&named(name, licence), &allowed);
            assert_eq!(problem.is_none(), fine, "{name} {licence}: {problem:?}");
        }
    }
}
