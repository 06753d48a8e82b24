//! What the repositories components share: the exports of `vectra:persistence` over any
//! [`Database`], so that a component only brings its connection.
//!
//! `exports.rs` are the interfaces, `convert.rs` the records; the SQL is in
//! `vectra-persistence`. A component names its [`Store`] and exports [`Shell`] of it:
//!
//! ```ignore
//! type Component = vectra_component_repositories::Shell<Spin>;
//! vectra_component_repositories::export!(Component);
//! ```

pub mod bindings;
mod convert;
mod exports;

use std::marker::PhantomData;

use vectra_persistence::{Database, Repositories};

/// Where a component's repositories come from.
pub trait Store: 'static {
    /// Its database.
    type Database: Database;

    /// The repositories of one exported call. Whatever they open is dropped at the end
    /// of it, so that nothing is kept between requests.
    fn repositories() -> Repositories<Self::Database>;
}

/// The exports over a [`Store`].
pub struct Shell<S>(PhantomData<S>);

/// Exports a [`Shell`] from a component.
#[macro_export]
macro_rules! export {
    ($component:ident) => {
        $crate::bindings::export!($component with_types_in $crate::bindings);
    };
}
