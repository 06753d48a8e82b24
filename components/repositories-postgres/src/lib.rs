//! The repositories component over `spin:postgres`: exports `vectra:persistence`. Here is
//! the connection; the exports are in `vectra-component-repositories`, the SQL in
//! `vectra-persistence`.

mod database;

use vectra_component_repositories::{Shell, Store};
use vectra_persistence::Repositories;
use vectra_persistence::dialect::POSTGRES;

use database::SpinDatabase;

/// The host's database.
enum Spin {}

impl Store for Spin {
    type Repositories = Repositories<SpinDatabase>;

    fn repositories() -> Self::Repositories {
        Repositories::new(SpinDatabase::default(), &POSTGRES)
    }
}

type Component = Shell<Spin>;

vectra_component_repositories::export!(Component);
