//! The shipped bundles in our host, over the doubles.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Result;
use hyper::header::{HeaderName, HeaderValue};
use vectra_host::outbound::{OutboundOptions, Upstream};
use vectra_host::{Bundle, Capabilities, Host, HostOptions, Limits, RequestState, Variables};
use vectra_postgres::{Postgres, PostgresCtx, PostgresView};
use vectra_tests::dist::dist;
use vectra_tests::process::{ADMIN_KEY, DATA_KEY, TOKEN_SECRET};
use wasmtime::component::Linker;

use crate::bindings::spin::sqlite::sqlite;
use crate::postgres;
use crate::sqlite::{Double, HasDouble};
use crate::stage::{Engine, Stage};

/// What components call their database.
pub const DATABASE: &str = "default";

/// How long a request may take where the database never answers.
const SHORT: Duration = Duration::from_millis(500);

/// Where compiled code is kept: both paces share it, and so do the next tests.
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/faults");

/// How long requests may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As long as they like.
    Usual,
    /// [`SHORT`].
    Short,
}

/// Both databases' interfaces.
pub struct Doubles {
    stage: Arc<Stage>,
    postgres: Postgres,
}

impl Doubles {
    pub fn new(stage: Arc<Stage>) -> Self {
        let double = Arc::new(postgres::Double(Arc::clone(&stage)));
        let postgres = match stage.engine {
            Engine::Sqlite => Postgres::default(),
            Engine::Postgres => Postgres::new([(DATABASE.to_owned(), double as _)]),
        };
        Self { stage, postgres }
    }
}

/// Their states of one request.
pub struct DoublesState {
    stage: Arc<Stage>,
    postgres: PostgresCtx,
}

impl Capabilities for Doubles {
    type State = DoublesState;

    fn link(linker: &mut Linker<RequestState<DoublesState>>) -> wasmtime::Result<()> {
        sqlite::add_to_linker::<_, HasDouble>(linker, |state: &mut RequestState<DoublesState>| {
            let (state, table) = state.capabilities();
            let stage = Arc::clone(&state.stage);
            Double { stage, table }
        })?;
        vectra_postgres::add_to_linker(linker, |state| {
            let (state, table) = state.capabilities();
            PostgresView::new(&mut state.postgres, table)
        })
    }

    fn state(&self) -> DoublesState {
        DoublesState {
            stage: Arc::clone(&self.stage),
            postgres: self.postgres.context(),
        }
    }
}

/// The bundle, compiled once for all tests.
fn bundle(engine: Engine, pace: Pace) -> Arc<Bundle> {
    static COMPILED: [OnceLock<Arc<Bundle>>; 4] = [const { OnceLock::new() }; 4];
    let (name, first) = match engine {
        Engine::Sqlite => ("vectra-sqlite.wasm", 0),
        Engine::Postgres => ("vectra-postgres.wasm", 2),
    };
    let (time, second) = match pace {
        Pace::Usual => (vectra_tests::DEADLINE, 0),
        Pace::Short => (SHORT, 1),
    };
    let compile = || {
        let limits = Limits {
            time,
            concurrent_requests: 16,
            ..Limits::default()
        };
        let wasm = std::fs::read(dist(name).unwrap()).unwrap();
        Arc::new(Bundle::load(&wasm, &limits, Some(Path::new(CACHE))).unwrap())
    };
    Arc::clone(COMPILED[first + second].get_or_init(compile))
}

/// A host with the variables that `vectra up` would give.
pub fn host(
    stage: &Arc<Stage>,
    pace: Pace,
    config: &str,
    allowed: Vec<Upstream>,
) -> Result<Host<Doubles>> {
    let variables = [
        ("vectra_config", config),
        ("bundle_digest", "0000"),
        ("trust_client_addr", "true"),
        ("token_secret", TOKEN_SECRET),
        ("admin_key", ADMIN_KEY),
        ("data_key", DATA_KEY),
        ("database_url", DATABASE),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let options = HostOptions {
        variables: Variables::new(variables)?,
        outbound: OutboundOptions { allowed },
        answer_headers: vec![(
            HeaderName::from_static("vectra-version"),
            HeaderValue::from_static("of the host"),
        )],
    };
    let doubles = Doubles::new(Arc::clone(stage));
    Ok(Host::new(&bundle(stage.engine, pace), doubles, options)?)
}
