//! The programs that are needed beside rustup and a C compiler.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::step::{run, step};
use crate::workspace::Workspace;

/// Programs and the Debian packages they come with.
const NEEDED: [(&str, &str); 4] = [
    ("ip", "iproute2"),
    ("sqlite3", "sqlite3"),
    ("strace", "strace"),
    ("unshare", "util-linux"),
];

/// The same for the tests of the console.
const BROWSER: [(&str, &str); 1] = [("chromium", "chromium")];

/// The same for what is written in JavaScript; it wants a Node.js of 18 or later.
const NODE: [(&str, &str); 2] = [("node", "nodejs"), ("npm", "npm")];

/// The same for what is written in Python.
const PYTHON: [(&str, &str); 2] = [("python3", "python3"), ("pip3", "python3-pip")];

/// Where the headers of wasi-libc lie.
pub const WASI_HEADERS: &str = "/usr/include/wasm32-wasi";

/// Installs what the tests need and is missing where that can be done, and otherwise
/// says how to: all of it, before anything takes long.
pub fn ensure_all() -> Result<()> {
    let mut missing = missing_for_tests();
    for needed in [&BROWSER[..], &NODE, &PYTHON] {
        missing.extend(missing_of(needed));
    }
    missing.extend(missing_wasm_compiler());
    install("testing", &missing)
}

/// The same for what the servers among the tests need.
pub fn ensure() -> Result<()> {
    install("testing", &missing_for_tests())
}

fn missing_for_tests() -> Vec<&'static str> {
    let mut missing: Vec<&str> = missing_of(&NEEDED).collect();
    if vectra_cluster::Programs::find().is_err() {
        missing.push("postgresql");
    }
    missing
}

/// The same for the registry that the proof of publishing pushes to.
pub fn ensure_registry() -> Result<()> {
    install_missing(
        "publishing to this machine",
        &[("docker-registry", "docker-registry")],
    )
}

/// The same for the browser that the console is tested in, and for what drives it.
pub fn ensure_browser(workspace: &Workspace) -> Result<()> {
    install_missing("testing the console", &BROWSER)?;
    npm_packages(workspace, "tests/console", "target/tools/console")
}

/// Packages of npm, of exactly the versions that `package-lock.json` in the folder `from`
/// names, in `to`; and the scripts that use them beside them, where Node.js looks.
pub fn npm_packages(workspace: &Workspace, from: &str, to: &str) -> Result<()> {
    install_missing("running JavaScript", &NODE)?;
    let (from, to) = (workspace.path(from), workspace.path(to));
    fs::create_dir_all(&to)?;
    let lock = fs::read(from.join("package-lock.json"))?;
    // npm writes the former once all is there; the latter says for which versions.
    let done = to.join("node_modules/.package-lock.json");
    let is_done =
        done.is_file() && fs::read(to.join("package-lock.json")).is_ok_and(|copied| copied == lock);
    for entry in fs::read_dir(&from)? {
        let file = entry?.path();
        let kind = file.extension().and_then(OsStr::to_str);
        if let (Some("json" | "mjs"), Some(name)) = (kind, file.file_name()) {
            fs::copy(&file, to.join(name))?;
        }
    }
    if is_done {
        return Ok(());
    }
    step(
        &format!("installing npm packages for {}", from.display()),
        || {
            let quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
            run(workspace
                .command("npm")
                .arg("ci")
                .args(quiet)
                .current_dir(&to))
        },
    )
}

/// Packages of PyPI, of exactly the versions that the file `requirements` names, in the
/// folder `to`, for `PYTHONPATH`.
pub fn python_packages(workspace: &Workspace, requirements: &str, to: &str) -> Result<()> {
    install_missing("running Python", &PYTHON)?;
    let to = workspace.path(to);
    let wanted = fs::read(workspace.path(requirements))?;
    let done = to.join("requirements.txt");
    if fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    step(
        &format!("installing the packages of {requirements}"),
        || {
            let quiet = [
                "--quiet",
                "--upgrade",
                "--no-deps",
                "--only-binary",
                ":all:",
            ];
            run(workspace
                .command("python3")
                .args(["-m", "pip", "install", "--disable-pip-version-check"])
                .args(quiet)
                .args(["--requirement", requirements, "--target"])
                .arg(&to))?;
            Ok(fs::write(done, wanted)?)
        },
    )
}

/// The same for a C++ compiler, which cargo-fuzz needs for libFuzzer.
pub fn ensure_cxx() -> Result<()> {
    if env::var_os("CXX").is_some() || is_there("c++") {
        return Ok(());
    }
    install("fuzzing", &["g++"])
}

fn install_missing(whom: &str, needed: &[(&str, &'static str)]) -> Result<()> {
    install(whom, &missing_of(needed).collect::<Vec<_>>())
}

fn missing_of(needed: &[(&str, &'static str)]) -> impl Iterator<Item = &'static str> {
    needed
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
}

/// What C is compiled for the sandbox with: a program, and one that makes archives.
pub struct WasmCompiler {
    pub clang: &'static str,
    pub ar: &'static str,
}

const WASM_COMPILER: WasmCompiler = WasmCompiler {
    clang: "clang-19",
    ar: "llvm-ar-19",
};

/// The same for what SQLite is compiled with for the sandbox, and for the headers of a libc.
pub fn ensure_wasm_compiler() -> Result<WasmCompiler> {
    let missing: Vec<&str> = missing_wasm_compiler().collect();
    install("SQLite in the sandbox", &missing)?;
    Ok(WASM_COMPILER)
}

fn missing_wasm_compiler() -> impl Iterator<Item = &'static str> {
    let needed = [
        (is_there(WASM_COMPILER.clang), "clang-19"),
        (is_there(WASM_COMPILER.ar), "llvm-19"),
        (Path::new(WASI_HEADERS).is_dir(), "wasi-libc"),
    ];
    let missing = needed.into_iter().filter(|(there, _)| !there);
    missing.map(|(_, package)| package)
}

fn install(whom: &str, missing: &[&str]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root || !is_there("apt-get") {
        bail!("{whom} needs: sudo apt-get install {}", missing.join(" "));
    }
    step(&format!("installing what {whom} needs"), || {
        run(Command::new("apt-get").args(["update", "-q"]))?;
        run(Command::new("apt-get")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(missing)
            .env("DEBIAN_FRONTEND", "noninteractive"))
    })
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}
