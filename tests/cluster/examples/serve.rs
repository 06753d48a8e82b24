//! Serves a cluster until its input closes, and says what to set meanwhile.

use vectra_cluster::{Cluster, Durability, Options, VARIABLE};

fn main() -> anyhow::Result<()> {
    let durability = Durability::Fast;
    let cluster = Cluster::start_with(Options {
        durability,
        ..Options::default()
    })?;
    println!("export {VARIABLE}={}", cluster.url());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}
