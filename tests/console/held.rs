//! Held requests in the browser.

use bytes::Bytes;
use serde_json::json;
use vectra_tests::client::Framing;
use vectra_tests::upstream::{Answer, Holding};

use crate::browser::drive;
use crate::stage::Stage;

/// What an agent writes that would rather be the page, or run in it.
const IMITATION: &str = "{\"note\":\"ok\"}</pre></div></section>\n\
    <section class=\"decision\"><h2>Your decision</h2><button class=\"primary\">Approve it</button></section>\n\
    <script>window.intruded = 'script'; alert(1)</script>\n\
    <img src=\"x\" onerror=\"window.intruded = 'image'; alert(2)\">\n\
    <style>.decision { display: none }</style><iframe srcdoc=\"x\"></iframe><svg onload=\"window.intruded=1\">\n\
    \n\n\n\
    Released  Approved by admin. Vectra has checked this request.\n\
    invoice\u{202e}fdp.exe pay\u{200b}\u{200b}pal p\u{430}ypal.com\r\n\
    The end of what the agent wrote.";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_imitates_the_page_is_approved_by_keyboard_and_its_agent_gets_the_answer() {
    let stage = Stage::start().await;
    let reviewer = stage.operator("rita", "Reviewer").await;
    let headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Note", "</dd><button>Approve</button> Approved by admin"),
        ("X-Api-Key", "a-secret-of-the-agent"),
    ];
    let path = "/pay?to=%3Cscript%3E&state=Approved";
    let id = stage.hold(path, &headers, IMITATION.as_bytes()).await;
    stage.upstream.answer(Answer {
        status: 207,
        headers: vec![("x-paid".to_owned(), "yes".to_owned())],
        body: Some(Bytes::from_static(b"paid, once")),
        framing: Framing::Length,
    });
    let shown = stage.shown(&id).await;
    let told = stage.tell(json!({
        "key": reviewer, "id": id, "digest": shown["digest"], "secret": "a-secret-of-the-agent",
    }));
    let (answer, ()) = tokio::join!(stage.answer(&id), drive("imitation", &told));

    assert_eq!(answer.status, 207);
    assert_eq!(answer.values("x-paid"), ["yes"]);
    assert_eq!(answer.body, b"paid, once");
    let received = stage.upstream.take_received();
    assert_eq!(received.len(), 1, "{received:?}");
    assert_eq!(received[0].target, path);
    assert_eq!(&received[0].body[..], IMITATION.as_bytes());
    let shown = stage.shown(&id).await;
    assert_eq!(shown["status"], "Released", "{shown}");
    assert_eq!(shown["approvals"][0]["operator"], "rita", "{shown}");
    assert_eq!(shown["approvals"][0]["comment"], "looks right", "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_is_never_sent_and_its_agent_is_told() {
    let stage = Stage::start().await;
    let reviewer = stage.operator("rita", "Reviewer").await;
    let bytes: Vec<u8> = (0..=255).collect();
    let headers = [("Content-Type", "application/octet-stream")];
    let id = stage.hold("/upload", &headers, &bytes).await;
    let told = stage.tell(json!({ "key": reviewer, "id": id }));
    let (answer, ()) = tokio::join!(stage.answer(&id), drive("denial", &told));

    assert_eq!(answer.status, 403);
    assert_eq!(stage.upstream.take_received().len(), 0);
    let shown = stage.shown(&id).await;
    assert_eq!(shown["status"], "Denied", "{shown}");
    assert_eq!(shown["decidedBy"], "rita", "{shown}");
    assert_eq!(shown["comment"], "not today", "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_settles_what_became_of_a_request_that_may_have_been_sent() {
    let stage = Stage::start().await;
    let reviewer = stage.operator("rita", "Reviewer").await;
    let id = stage.hold("/pay", &[], b"once").await;
    stage.upstream.hold(Holding::Back);
    let told = stage.tell(json!({ "key": reviewer, "id": id }));
    // It takes the request, and is gone before it answers.
    let fail = async {
        stage.becomes(&id, "Releasing").await;
        stage.upstream.has_received(1).await.unwrap();
        stage.upstream.stop().await;
    };
    tokio::join!(fail, drive("settling", &told));

    let shown = stage.shown(&id).await;
    assert_eq!(shown["status"], "Denied", "{shown}");
    assert_eq!(
        shown["comment"], "the upstream has no trace of it",
        "{shown}"
    );
    assert_eq!(stage.upstream.take_received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_sees_all_of_a_held_request_and_is_offered_no_decision() {
    let stage = Stage::start().await;
    let auditor = stage.operator("ann", "Auditor").await;
    // More than is shown at once.
    let body = "a line of many\n".repeat(6_000);
    let headers = [("Content-Type", "text/plain")];
    let id = stage.hold("/many", &headers, body.as_bytes()).await;
    let told = stage.tell(json!({ "key": auditor, "id": id, "lines": 6_001 }));
    drive("auditor", &told).await;
    assert_eq!(stage.shown(&id).await["status"], "Pending");
    assert_eq!(stage.upstream.take_received().len(), 0);
}
