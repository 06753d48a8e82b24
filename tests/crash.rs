//! The crash test sees what it looks for.

#![allow(missing_docs)]

use vectra_tests::crash::{self, Commits};

/// Runs in which a loss must be seen; it is in the first that kills the server, unless
/// that one happens to have written everything a moment before.
const RUNS: u32 = 16;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_before_it_writes_is_found_out() {
    let error = crash::run(RUNS, 1, Commits::Hasty).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("(PostgreSQL, server"), "{text}");
    assert!(
        text.contains("0 rows in AuditTrail instead of one"),
        "{text}"
    );
}
