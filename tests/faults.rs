//! The gateway over a database that fails: the Nth call of every endpoint, in every way
//! that the interfaces can. Never is a request forwarded without its record, never is
//! anything written twice or by half, and the answer is a documented one.
//!
//! The shipped bundles run in our host; between them and a real database stands a
//! double that fails as it is told.

// The lints spare only what stands in a test function; helpers of tests are tests too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "faults/answer.rs"]
mod answer;
#[path = "faults/bindings.rs"]
mod bindings;
#[path = "faults/catalogue.rs"]
mod catalogue;
#[path = "faults/documented.rs"]
mod documented;
#[path = "faults/drive.rs"]
mod drive;
#[path = "faults/endpoints.rs"]
mod endpoints;
#[path = "faults/fixture.rs"]
mod fixture;
#[path = "faults/host.rs"]
mod host;
#[path = "faults/lifecycle.rs"]
mod lifecycle;
#[path = "faults/plan.rs"]
mod plan;
#[path = "faults/postgres.rs"]
mod postgres;
#[path = "faults/release.rs"]
mod release;
#[path = "faults/sqlite.rs"]
mod sqlite;
#[path = "faults/stage.rs"]
mod stage;
#[path = "faults/table.rs"]
mod table;
#[path = "faults/texts.rs"]
mod texts;
#[path = "faults/view.rs"]
mod view;
#[path = "faults/world.rs"]
mod world;

use stage::Engine;

#[test]
fn every_endpoint_is_driven() {
    let mut routes: Vec<_> = vectra_api::ROUTES
        .iter()
        .map(|route| (route.method, route.path))
        // A draft is decided about, and the console served, without the database.
        .filter(|route| *route != ("POST", "/decisions/evaluate"))
        .filter(|(_, path)| !path.starts_with("/console"))
        .collect();
    let mut driven: Vec<_> = table::endpoints().map(|one| one.route).collect();
    routes.sort_unstable();
    driven.sort_unstable();
    driven.dedup();
    assert_eq!(driven, routes);
}

/// The same tests over each database.
macro_rules! over {
    ($database:ident, $engine:expr) => {
        mod $database {
            use super::*;
            use crate::endpoints::Class;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn health_says_that_the_database_does_not_answer() {
                drive::class($engine, Class::Health).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn agents_are_changed_once_or_not_at_all() {
                drive::class($engine, Class::Agents).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn what_operators_do_is_noted_before_it_is_done() {
                drive::class($engine, Class::Operators).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn tokens_are_not_issued_blindly() {
                drive::class($engine, Class::Tokens).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn what_cannot_be_read_is_not_shown() {
                drive::class($engine, Class::Lists).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn allowed_requests_are_forwarded_only_after_their_record() {
                drive::class($engine, Class::Allowed).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn refused_and_held_requests_are_recorded_once_or_answered_with_503() {
                drive::class($engine, Class::Refused).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn circuits_let_one_probe_out_only_after_its_record() {
                drive::class($engine, Class::Circuits).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_first_request_that_fails_leaves_tables_that_the_next_one_completes() {
                lifecycle::first_request($engine).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn what_is_held_is_decided_once_or_not_at_all() {
                drive::class($engine, Class::Held).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn what_is_approved_is_sent_once_or_not_at_all() {
                release::release($engine).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_start_that_fails_is_mended_by_the_next_one() {
                lifecycle::start($engine).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_tick_that_fails_is_mended_by_the_next_one() {
                lifecycle::tick($engine).await;
            }
        }
    };
}

over!(on_sqlite, Engine::Sqlite);
over!(on_postgres, Engine::Postgres);
