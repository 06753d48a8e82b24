//! The keys the runtime reads itself.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use vectra_host::outbound::Upstream;
use vectra_host::{Limits, ServerOptions};

use super::section::{Section, error};
use super::{Config, Mistake, Network, Tree, find, network, observation, storage};

const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);
const MIB: u64 = 1 << 20;

/// Adds upstreams of the command line to `Proxy.AllowedUpstreams`, where the
/// component reads them too.
pub(super) fn allow(tree: &mut Tree, upstreams: &[Upstream]) {
    if upstreams.is_empty() {
        return;
    }
    let key = find(tree, "Proxy").unwrap_or("Proxy").to_owned();
    let Value::Object(proxy) = tree
        .entry(key)
        .or_insert_with(|| Value::Object(Tree::new()))
    else {
        return;
    };
    let key = find(proxy, "AllowedUpstreams")
        .unwrap_or("AllowedUpstreams")
        .to_owned();
    let list = proxy.entry(key).or_insert(Value::Null);
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    if let Value::Array(list) = list {
        list.extend(
            upstreams
                .iter()
                .map(|upstream| Value::String(upstream.to_string())),
        );
    }
}

/// Reads the runtime's keys and takes its sections out of the tree.
pub(super) fn read(mut tree: Tree, folder: PathBuf, mistakes: &mut Vec<Mistake>) -> Config {
    let mut allowed = hosts(&tree, "Proxy", "AllowedUpstreams", mistakes);
    allowed.extend(hosts(&tree, "Security", "InternalHosts", mistakes));
    let mut nothing = Tree::new();
    let system = match find(&tree, "System").map(str::to_owned) {
        Some(key) => match tree.get_mut(&key) {
            Some(Value::Object(system)) => system,
            _ => &mut nothing,
        },
        None => &mut nothing,
    };
    let bundle = bundle(system, mistakes);
    let (listen, network, server, limits) = server(system, &folder, mistakes);
    let storage = storage::read(system, &folder, mistakes);
    let metrics = observation::metrics(system, mistakes);
    let log_format = observation::log_format(system, mistakes);
    let component = Value::Object(tree).to_string();
    Config {
        listen,
        network,
        metrics,
        log_format,
        server,
        limits,
        storage,
        bundle,
        allowed,
        component,
        folder,
    }
}

/// What the names of the bundles that are used end in.
fn bundle(system: &mut Tree, mistakes: &mut Vec<Mistake>) -> Option<String> {
    let key = find(system, "Bundle")?.to_owned();
    let value = system.remove(&key)?;
    let named = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    match value {
        Value::Null => None,
        Value::String(name) if (1..=32).contains(&name.len()) && name.bytes().all(named) => {
            Some(name)
        }
        _ => {
            let message = "must be 1 to 32 of a to z, 0 to 9 and `-`";
            mistakes.push(error("System.Bundle", message));
            None
        }
    }
}

fn server(
    system: &mut Tree,
    folder: &Path,
    mistakes: &mut Vec<Mistake>,
) -> (SocketAddr, Network, ServerOptions, Limits) {
    let (mut options, mut limits) = (ServerOptions::default(), Limits::default());
    let mut server = Section::take(system, "System.", "Server", mistakes);
    let (listen, network) = network::read(&mut server, folder);
    options.connections =
        server.number("MaxConcurrentConnections", 1..=100_000, options.connections);
    options.keep_alive = server.span("KeepAliveTimeout", SECOND..=DAY, options.keep_alive);
    options.head = server.span("RequestHeadersTimeout", SECOND..=DAY, options.head);
    limits.concurrent_requests = server.number(
        "MaxConcurrentRequests",
        1..=1024,
        limits.concurrent_requests,
    );
    limits.body = server.number("MaxRequestBodySizeMb", 1..=1024, limits.body / MIB) * MIB;
    let memory = server.number("RequestMemoryMb", 16..=4096, limits.memory as u64 / MIB) * MIB;
    limits.memory = usize::try_from(memory).unwrap_or(limits.memory);
    let cpu = u64::try_from(limits.cpu.as_millis()).unwrap_or(u64::MAX);
    limits.cpu = Duration::from_millis(server.number("RequestCpuMs", 10..=600_000, cpu));
    limits.time = server.span("RequestTimeout", SECOND..=DAY, limits.time);
    server.inert("MaxConcurrentUpgradedConnections");
    server.end();
    (listen, network, options, limits)
}

/// A list of `host:port`, which stays in the tree for the component.
fn hosts(tree: &Tree, section: &str, name: &str, mistakes: &mut Vec<Mistake>) -> Vec<Upstream> {
    let key = format!("{section}.{name}");
    let list = find(tree, section)
        .and_then(|key| tree.get(key)?.as_object())
        .and_then(|section| section.get(find(section, name)?));
    let list = match list {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => {
            mistakes.push(error(&key, "must be a list of `host:port`"));
            return Vec::new();
        }
    };
    let mut hosts = Vec::new();
    for (at, item) in list.iter().enumerate() {
        match item.as_str().map(str::parse) {
            Some(Ok(host)) => hosts.push(host),
            _ => mistakes.push(error(&format!("{key}[{at}]"), "must be `host:port`")),
        }
    }
    hosts
}
