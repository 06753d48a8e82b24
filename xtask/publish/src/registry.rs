//! A registry, and what is pushed to it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciErrorCode};
use oci_client::secrets::RegistryAuth;
use oci_wasm::{WasmClient, WasmConfig};
use wasm_metadata::Payload;

use crate::RegistryArgs;

/// How long a registry may take to take a connection, and to go on.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest artefact, in bytes.
const MAX: usize = 256 << 20;

/// A place in a registry.
pub struct Registry {
    client: WasmClient,
    place: String,
    auth: RegistryAuth,
    replace: bool,
}

impl Registry {
    /// Over TLS, but to this machine.
    pub fn open(args: &RegistryArgs, replace: bool) -> Result<Self> {
        let place = args.registry.trim_end_matches('/').to_owned();
        let host = place.split('/').next().unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let is_here = matches!(name, "127.0.0.1" | "localhost" | "[::1]");
        let protocol = if is_here {
            ClientProtocol::Http
        } else {
            ClientProtocol::Https
        };
        let password = std::env::var("VECTRA_REGISTRY_PASSWORD").ok();
        let auth = match (&args.user, password) {
            (Some(user), Some(password)) => RegistryAuth::Basic(user.clone(), password),
            (None, _) => RegistryAuth::Anonymous,
            (Some(_), None) => bail!("VECTRA_REGISTRY_PASSWORD is not set"),
        };
        let config = ClientConfig {
            protocol,
            connect_timeout: Some(PATIENCE),
            read_timeout: Some(PATIENCE),
            ..ClientConfig::default()
        };
        Ok(Self {
            client: WasmClient::new(Client::new(config)),
            place,
            auth,
            replace,
        })
    }

    fn reference(&self, name: &str) -> Result<Reference> {
        let text = format!("{}/{name}", self.place);
        text.parse()
            .with_context(|| format!("`{text}` is no reference"))
    }

    /// Pushes a component, or a WIT package, under its own version.
    pub async fn push(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let annotations = annotations(&bytes).with_context(|| format!("cannot read {name}"))?;
        let version = annotations
            .get("org.opencontainers.image.version")
            .with_context(|| format!("{name} does not say its version"))?;
        let reference = self.reference(&format!("{name}:{version}"))?;
        let (config, layer) = WasmConfig::from_raw_component(bytes, None)?;
        if let Some(there) = self.there(&reference).await? {
            if config.layer_digests == there {
                println!("{reference} is there already");
                return Ok(());
            }
            ensure!(
                self.replace,
                "{reference} is there already and holds something else; --replace moves it"
            );
        }
        let pushed = self
            .client
            .push(&reference, &self.auth, layer, config, Some(annotations));
        pushed
            .await
            .with_context(|| format!("cannot push {reference}"))?;
        println!("{reference} pushed");
        Ok(())
    }

    /// The digests of what is there under this name, if anything is.
    async fn there(&self, reference: &Reference) -> Result<Option<Vec<String>>> {
        match self
            .client
            .as_ref()
            .pull_manifest_and_config(reference, &self.auth)
            .await
        {
            Ok((manifest, _, _)) => {
                let layers = manifest.layers.into_iter();
                Ok(Some(layers.map(|layer| layer.digest).collect()))
            }
            Err(OciDistributionError::ImageManifestNotFoundError(_)) => Ok(None),
            Err(OciDistributionError::RegistryError { envelope, .. })
                if envelope.errors.iter().any(|error| {
                    matches!(
                        error.code,
                        OciErrorCode::ManifestUnknown
                            | OciErrorCode::NameUnknown
                            | OciErrorCode::NotFound
                    )
                }) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("cannot ask for {reference}")),
        }
    }

    /// What is there under this name and tag. The registry's digest is checked.
    pub async fn pull(&self, name: &str) -> Result<Vec<u8>> {
        let reference = self.reference(name)?;
        let pulled = self.client.pull(&reference, &self.auth).await;
        let pulled = pulled.with_context(|| format!("cannot pull {reference}"))?;
        let layer = pulled.layers.into_iter().next();
        let bytes = layer.context("it is empty")?.data;
        ensure!(bytes.len() <= MAX, "{reference} has more than {MAX} bytes");
        Ok(bytes.to_vec())
    }
}

/// What a component says of itself, as registries show it.
fn annotations(bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    let payload = Payload::from_binary(bytes)?;
    let metadata = payload.metadata();
    let said = [
        ("title", metadata.name.clone()),
        (
            "version",
            metadata.version.as_ref().map(ToString::to_string),
        ),
        (
            "description",
            metadata.description.as_ref().map(ToString::to_string),
        ),
        (
            "licenses",
            metadata.licenses.as_ref().map(ToString::to_string),
        ),
        ("source", metadata.source.as_ref().map(ToString::to_string)),
        (
            "revision",
            metadata.revision.as_ref().map(ToString::to_string),
        ),
    ];
    let named = |(name, value): (&str, Option<String>)| {
        value.map(|value| (format!("org.opencontainers.image.{name}"), value))
    };
    Ok(said.into_iter().filter_map(named).collect())
}
