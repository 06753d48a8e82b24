//! Nothing is lost where it easily would be. That the crash test sees what it looks for
//! is shown beside it, in `src/crash`.

#![allow(missing_docs)]

use vectra_tests::crash::{self, Commits};

/// Without waiting for the log, the first run that kills the server loses rows, and surely
/// one of these does.
const RUNS: u32 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_by_a_server_that_is_set_to_answer_before_it_writes() {
    let lost = crash::run(RUNS, 1, Commits::Hasty).await;
    assert!(lost.is_ok(), "{:#}", lost.unwrap_err());
}
