//! The numbers that `vectra up` shows: the host's, the database's and the bundle's.

use std::future::pending;
use std::sync::Arc;

use vectra_host::{Host, MetricsServer};
use vectra_metrics::Exposition;

use crate::capabilities::Databases;

/// The databases whose numbers are shown beside the host's.
pub struct Shown(pub Databases);

impl Shown {
    /// Shows them until this is dropped.
    pub async fn serve(self, server: MetricsServer, host: Arc<Host<Databases>>) {
        let databases = self.0;
        let render = move || {
            let (host, databases) = (host.clone(), databases.clone());
            async move { host.metrics(|into| write(&databases, into)).await }
        };
        server.serve(render, pending()).await;
    }
}

fn write(databases: &Databases, into: &mut Exposition) {
    into.gauge("vectra_build_info", "What is running")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    databases.write_metrics(into);
}
