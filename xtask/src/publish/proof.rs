//! Pushes everything to a registry of this machine, pulls a bundle from there and serves it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Publisher;
use crate::programs;
use crate::stamp::Stamp;
use crate::step::step;
use crate::workspace::Workspace;

/// How long anything here may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// What is pulled.
const BUNDLE: &str = "vectra-sqlite";
/// The line of our runtime that ends in where it listens.
const LISTENING: &str = "vectra is listening on http://";

/// A process that ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Pushes what is in `dist/`, twice, to Debian's registry; what is pulled again must be the
/// same bytes and serve.
pub fn prove(workspace: &Workspace) -> Result<()> {
    programs::ensure_registry()?;
    let publisher = Publisher::build(workspace)?;
    let folder = workspace.path("target/publish/proof");
    // Left by a run that was cut off.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let (_registry, address) = registry(&folder)?;
    let place = format!("{address}/vectra");
    let stamp = Stamp::of(workspace);
    step("pushing to a registry of this machine", || {
        publisher.push(workspace, &place, &stamp, false)
    })?;
    step("pushing again", || {
        publisher.push(workspace, &place, &stamp, false)
    })?;
    let pull = |name: &str, file: &Path| {
        let name = format!("{name}:{}", env!("CARGO_PKG_VERSION"));
        publisher.pull(&place, &name, file)
    };
    let pulled = folder.join("pulled.wasm");
    for (name, built) in [
        ("vectra-decision", "components/decision.wasm"),
        (BUNDLE, "vectra-sqlite.wasm"),
    ] {
        pull(name, &pulled)?;
        let same = fs::read(&pulled)? == fs::read(workspace.dist(built))?;
        ensure!(same, "what was pulled as {name} is not what was pushed");
    }
    let package = folder.join("package.wasm");
    pull("vectra/decision", &package)?;
    ensure!(
        fs::read(&package)?.starts_with(b"\0asm"),
        "the WIT package is none"
    );
    step("pushing something else under a tag that is there", || {
        let changed = folder.join("changed.wasm");
        let built = workspace.dist("components/decision.wasm");
        stamp.put(&built, &changed, "vectra-decision", "Something else")?;
        let named = format!("vectra-decision={}", changed.display());
        let moved = publisher.push_one(&place, &named).is_ok();
        ensure!(!moved, "the tag was moved unasked");
        Ok(())
    })?;
    step("serving what was pulled", || {
        serve(&workspace.dist("vectra"), &pulled, &folder)
    })
}

/// Debian's registry over a folder.
fn registry(folder: &Path) -> Result<(Running, String)> {
    // Free a moment ago; the registry says nothing of a port that it chose itself.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let config = folder.join("registry.yml");
    let rows = folder.join("registry");
    fs::write(
        &config,
        format!(
            "version: 0.1\nlog:\n  level: warn\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {address}\n",
            rows.display()
        ),
    )?;
    let log = fs::File::create(folder.join("registry.log"))?;
    let process = Command::new("docker-registry")
        .arg("serve")
        .arg(&config)
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start docker-registry")?;
    let running = Running(process);
    let begun = Instant::now();
    while get(&address, "/v2/").is_err() {
        ensure!(begun.elapsed() < DEADLINE, "the registry does not answer");
        thread::sleep(Duration::from_millis(50));
    }
    Ok((running, address))
}

/// Serves a bundle and asks it how it is.
fn serve(vectra: &Path, bundle: &Path, folder: &Path) -> Result<()> {
    let home: PathBuf = folder.join("home");
    fs::create_dir_all(&home)?;
    let process = Command::new(vectra)
        .args(["up", "--listen", "127.0.0.1:0", "--bundle"])
        .arg(bundle)
        .current_dir(&home)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .context("cannot start dist/vectra")?;
    let mut running = Running(process);
    let output = running.0.stdout.take().context("no output")?;
    let (found, address) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some((_, address)) = line.split_once(LISTENING) {
                let _ = found.send(address.trim().to_owned());
            }
        }
    });
    let address = address
        .recv_timeout(DEADLINE)
        .context("it does not listen")?;
    let answer = get(&address, "/health")?;
    if !(answer.starts_with("HTTP/1.1 200") && answer.contains("Healthy")) {
        bail!("it is not healthy: {answer}");
    }
    Ok(())
}

/// The whole answer.
fn get(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
