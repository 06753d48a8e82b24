//! The console in a real browser, over a real gateway and a real upstream.

// The lints spare only what stands in a test function; helpers of tests are tests too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "console/browser.rs"]
mod browser;
#[path = "console/held.rs"]
mod held;
#[path = "console/stage.rs"]
mod stage;
#[path = "console/views.rs"]
mod views;
