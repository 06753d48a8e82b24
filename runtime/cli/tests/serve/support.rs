//! Starts `vectra` in a folder of its own and talks to it.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long anything may take.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A guest of `tests/guests`, built once.
pub fn guest(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .canonicalize()
            .unwrap();
        let status =
            std::process::Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
                .args([
                    "build",
                    "--quiet",
                    "-p",
                    "vectra-guest-probe",
                    "-p",
                    "vectra-guest-plain",
                ])
                .args(["--target", "wasm32-wasip2", "--profile", "component"])
                .args(["--target-dir", "target/components"])
                .current_dir(&root)
                .status()
                .unwrap();
        assert!(status.success(), "the guests do not build");
        root.join("target/components/wasm32-wasip2/component")
    });
    folder.join(format!("vectra_guest_{name}.wasm"))
}

/// A folder with a configuration.
pub struct Home(TempDir);

impl Home {
    pub fn new(config: &Value) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write("vectra.json", &config.to_string());
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vectra"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .kill_on_drop(true);
        for name in ["HOME", "XDG_CACHE_HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Runs a command that ends by itself.
    pub async fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = self.command(arguments);
        command
            .envs(environment.iter().copied())
            .arg("--bundle")
            .arg(guest("probe"));
        timeout(DEADLINE, command.output())
            .await
            .expect("it does not end")
            .unwrap()
    }

    /// Starts `up` with the probe and waits until it listens.
    pub async fn up(&self, arguments: &[&str]) -> Vectra {
        self.up_with("probe", arguments).await
    }

    pub async fn up_with(&self, bundle: &str, arguments: &[&str]) -> Vectra {
        let listen = ["--listen", "127.0.0.1:0"];
        self.start(bundle, &[&listen, arguments].concat(), "http")
            .await
    }

    /// Starts `up` with the probe, which listens with TLS only.
    pub async fn up_encrypted(&self) -> Vectra {
        self.start("probe", &[], "https").await
    }

    /// Waits until it listens for this scheme; others come before it.
    async fn start(&self, bundle: &str, arguments: &[&str], scheme: &str) -> Vectra {
        let mut command = self.command(&["up", "--bundle"]);
        command.arg(guest(bundle)).args(arguments).env(
            "VECTRA_LOG",
            "info,vectra::sqlite=debug,vectra_host::host::answer=debug",
        );
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        tokio::spawn(collect(child.stderr.take().unwrap(), log.clone()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut output = String::new();
        loop {
            let line = timeout(DEADLINE, lines.next_line())
                .await
                .expect("it does not listen");
            let Some(line) = line.unwrap() else {
                panic!("it ended:\n{output}{}", log.lock().unwrap())
            };
            output = format!("{output}{line}\n");
            let listening = format!("vectra is listening on {scheme}://");
            if let Some(address) = line.strip_prefix(&listening) {
                return Vectra {
                    child,
                    address: address.to_owned(),
                    output,
                    log,
                };
            }
        }
    }
}

async fn collect(from: impl tokio::io::AsyncRead + Unpin, into: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut text = into.lock().unwrap();
        text.push_str(&line);
        text.push('\n');
    }
}

/// A running `vectra`, killed when it is dropped.
pub struct Vectra {
    child: Child,
    pub address: String,
    /// What it printed before it listened.
    pub output: String,
    log: Arc<Mutex<String>>,
}

/// A response, as it came.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Vectra {
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Where it listens with TLS beside the clear address.
    pub fn encrypted_address(&self) -> String {
        let mut lines = self.output.lines();
        let address = lines.find_map(|line| line.strip_prefix("vectra is listening on https://"));
        address.expect(&self.output).to_owned()
    }

    /// Where it shows metrics.
    pub fn metrics_address(&self) -> &str {
        let said = |line: &&str| line.starts_with("vectra shows metrics on ");
        let line = self.output.lines().find(said).expect(&self.output);
        let url = line.rsplit(' ').next().unwrap();
        let address = url.strip_prefix("http://").unwrap();
        address.strip_suffix("/metrics").expect(url)
    }

    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Sends bytes and reads until the connection ends.
    pub async fn raw(&self, request: &[u8]) -> String {
        exchange(&self.address, request).await
    }

    pub async fn send(&self, method: &str, path: &str, body: &str) -> Response {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        Response::parse(&self.raw(request.as_bytes()).await)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send("GET", path, "").await
    }

    /// Waits until the log holds a text.
    pub async fn logs(&self, text: &str) {
        let waiting = async {
            while !self.log().contains(text) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let found = timeout(DEADLINE, waiting).await;
        assert!(found.is_ok(), "`{text}` is not logged:\n{}", self.log());
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let status = std::process::Command::new("kill")
            .args([name, &id])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for its end and gives its exit code.
    pub async fn ended(&mut self) -> Option<i32> {
        timeout(DEADLINE, self.child.wait())
            .await
            .expect("it does not end")
            .unwrap()
            .code()
    }
}

/// Sends bytes to an address and reads until the connection ends.
pub async fn exchange(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut all = Vec::new();
    // A reset after an answer is an end as well.
    let _ = timeout(DEADLINE, stream.read_to_end(&mut all))
        .await
        .expect("no end");
    String::from_utf8_lossy(&all).into_owned()
}

impl Response {
    pub fn parse(text: &str) -> Self {
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no head: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    /// Checks that it is an answer of the host's own that tells nothing.
    pub fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(
            self.head.contains("content-type: application/problem+json"),
            "{self:?}"
        );
        assert!(self.head.contains("vectra-version: "), "{self:?}");
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], status);
        for inside in ["wasm", "guest", "trap", "panicked"] {
            assert!(!self.body.contains(inside), "{self:?}");
        }
    }
}
