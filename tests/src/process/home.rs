//! The folder that a gateway lives in.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::Vectra;
use crate::dist::dist;

/// How to start it.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The configuration; laid over [`base_config`].
    pub settings: Value,
    /// Files of the policies' folder: name and text.
    pub policies: BTreeMap<String, String>,
    /// `--allow-upstream`, each `host:port`.
    pub allowed_upstreams: Vec<String>,
    /// Environment variables beside those that carry the secrets.
    pub environment: BTreeMap<String, String>,
    /// Who makes the secrets.
    pub secrets: SecretSource,
}

/// Who makes the secrets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SecretSource {
    /// The test, through environment variables.
    #[default]
    Given,
    /// The runtime, at its first start.
    Made,
}

/// The admin key that a test gives.
pub const ADMIN_KEY: &str = "vop_dGhpcy1pcy1hLWtleS1mb3ItdGVzdHMtb25seQ";
/// The token secret that a test gives.
pub const TOKEN_SECRET: &str = "a-secret-for-tests-only-that-is-long-enough";
/// The data key that a test gives: base64 of 32 bytes.
pub const DATA_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Its folder: configuration, policies, database, secrets. Outlives the process,
/// so that it can be started again on the same data.
pub struct Home {
    folder: TempDir,
    setup: Setup,
}

impl Home {
    /// Makes the folder and writes configuration and policies.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(setup: Setup) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("vectra-test-").tempdir()?;
        let home = Self { folder, setup };
        fs::create_dir(home.path("policies"))?;
        let mut config = base_config();
        lay_over(&mut config, &home.setup.settings);
        fs::write(
            home.path("vectra.json"),
            serde_json::to_vec_pretty(&config)?,
        )?;
        for (name, text) in &home.setup.policies {
            home.write_policy(name, text)?;
        }
        Ok(home)
    }

    /// A path in the folder.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path("vectra.db")
    }

    /// Writes a policy file; the runtime reads it when it starts.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_policy(&self, name: &str, text: &str) -> Result<()> {
        fs::write(self.path("policies").join(name), text).with_context(|| name.to_owned())
    }

    /// Removes a policy file.
    ///
    /// # Errors
    /// If it is not there.
    pub fn remove_policy(&self, name: &str) -> Result<()> {
        fs::remove_file(self.path("policies").join(name)).with_context(|| name.to_owned())
    }

    /// `vectra` with these arguments, in the folder, with a clean environment.
    ///
    /// # Errors
    /// If the binary has not been built.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(dist("vectra")?);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear();
        // The cache of compiled code lies under the home: the next start is quick.
        for name in ["PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if self.setup.secrets == SecretSource::Given {
            command
                .env("VECTRA_ADMIN_KEY", ADMIN_KEY)
                .env("VECTRA_TOKEN_SECRET", TOKEN_SECRET)
                .env("VECTRA_DATA_KEY", DATA_KEY);
        }
        command.envs(&self.setup.environment);
        command.stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    /// Starts `vectra up` and waits until it listens.
    ///
    /// # Errors
    /// If it ends before, or does not listen within [`DEADLINE`]; with its output.
    pub async fn up(&self) -> Result<Vectra> {
        self.start(None).await
    }

    /// [`up`](Self::up) with a disk of its own at `data/`, of this size (`16m`), which
    /// only it and whoever goes through [`Vectra::inside`] can see.
    ///
    /// # Errors
    /// As `up`, and where `unshare` (util-linux) may not mount anything.
    pub async fn up_on_small_disk(&self, size: &str) -> Result<Vectra> {
        fs::create_dir_all(self.path("data"))?;
        let vectra = self.up_command(None)?;
        let mut command = Command::new("unshare");
        if fs::metadata("/proc/self")?.uid() != 0 {
            command.arg("--map-root-user");
        }
        command
            .args(["--mount", "--", "sh", "-c"])
            .arg(format!(
                "mount -t tmpfs -o size={size} vectra-test data && exec \"$@\""
            ))
            .arg("sh")
            .arg(vectra.as_std().get_program())
            .args(vectra.as_std().get_args())
            .current_dir(self.folder.path())
            .env_clear();
        for (name, value) in vectra.as_std().get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        Vectra::start(command).await
    }

    /// [`up`](Self::up) with another bundle.
    ///
    /// # Errors
    /// As `up`.
    pub async fn up_with(&self, bundle: &Path) -> Result<Vectra> {
        self.start(Some(bundle)).await
    }

    /// Without a bundle, the runtime takes the one that the configuration asks for.
    async fn start(&self, bundle: Option<&Path>) -> Result<Vectra> {
        Vectra::start(self.up_command(bundle)?).await
    }

    fn up_command(&self, bundle: Option<&Path>) -> Result<Command> {
        let mut command =
            self.command(&["up", "--config", "vectra.json", "--listen", "127.0.0.1:0"])?;
        if let Some(bundle) = bundle {
            command.arg("--bundle").arg(bundle);
        }
        for upstream in &self.setup.allowed_upstreams {
            command.args(["--allow-upstream", upstream]);
        }
        Ok(command)
    }
}

/// What all tests share: a cheap bcrypt cost, everything else as shipped.
#[must_use]
pub fn base_config() -> Value {
    json!({ "Security": { "AgentAuth": { "BcryptCost": 4 } } })
}

/// Settings that choose PostgreSQL, at this URL.
#[must_use]
pub fn postgres_settings(url: &str) -> Value {
    json!({ "System": { "Storage": { "Database": {
        "DefaultProvider": "Postgres",
        "Providers": { "Postgres": { "ConnectionString": url } },
    } } } })
}

/// Lays one JSON document over another: objects are joined, the rest is replaced.
pub fn lay_over(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(under.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (under, over) => *under = over.clone(),
    }
}

/// The secrets that the runtime has made beside its database, by file name.
///
/// # Errors
/// If the folder cannot be read.
pub fn made_secrets(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut secrets = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        secrets.insert(name, fs::read_to_string(&path)?.trim().to_owned());
    }
    Ok(secrets)
}
