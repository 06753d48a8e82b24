//! The other views, and the key.

use serde_json::json;

use crate::browser::drive;
use crate::stage::Stage;

/// Agents, policies with a dry run, the audit with an explanation, counters; each on a wide
/// screen, in the dark, and on one of 320 pixels.
#[tokio::test(flavor = "multi_thread")]
async fn every_view_shows_what_it_is_for_and_fits_on_320_pixels() {
    let stage = Stage::start().await;
    stage.call("GET", "/orders/%E2%80%AE1").await;
    stage.call("DELETE", "/orders/2").await;
    let id = stage.hold("/orders", &[], b"{\"n\":1}").await;
    assert_eq!(stage.upstream.take_received().len(), 1);
    drive("views", &stage.tell(json!({ "id": id }))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_gone_when_the_page_is_loaded_again_left_or_not_touched() {
    let stage = Stage::start().await;
    let id = stage.hold("/orders", &[], b"{\"n\":1}").await;
    drive("key", &stage.tell(json!({ "id": id }))).await;
}
