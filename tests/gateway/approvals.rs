//! Held requests end to end: what is approved runs once, as it was shown.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use vectra_tests::DEADLINE;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::{Framing, Request, Response};
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra};
use vectra_tests::upstream::{Answer, Holding, Upstream};

use crate::fleet::Fleet;
use crate::postgres::serves;

/// Holds whatever the agent asks for.
const HOLD_ALL: &str = r#"{"name":"hold-all","owner":"tests","default":"Hitl"}"#;

struct World {
    // The gateway ends before what it uses.
    vectra: Vectra,
    home: Home,
    upstream: Upstream,
    agent: Agent,
}

impl World {
    async fn start(settings: Value) -> Self {
        let upstream = Upstream::start().await.unwrap();
        let home = Home::new(Setup {
            settings,
            policies: [("hold-all.json".to_owned(), HOLD_ALL.to_owned())].into(),
            allowed_upstreams: vec![upstream.host()],
            ..Setup::default()
        })
        .unwrap();
        let vectra = home.up().await.unwrap();
        let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", Some("hold-all"))
            .await
            .unwrap();
        Self {
            vectra,
            home,
            upstream,
            agent,
        }
    }

    /// Stops the gateway, does something to its folder, and starts it again.
    async fn restart(self, meanwhile: impl AsyncFnOnce(&Home)) -> Self {
        let Self {
            vectra,
            home,
            upstream,
            agent,
        } = self;
        vectra.stop().await.unwrap();
        meanwhile(&home).await;
        let vectra = home.up().await.unwrap();
        serves(&vectra, &Request::new("GET", "/health")).await;
        Self {
            vectra,
            home,
            upstream,
            agent,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.upstream.host())
    }

    /// The id of a request that was held.
    async fn held(&self, request: Request) -> String {
        let answer = request.send(self.vectra.address()).await.unwrap();
        let location = must(answer, 202).unwrap().values("location")[0].to_owned();
        location.strip_prefix("/hitls/").unwrap().to_owned()
    }

    async fn operator(&self, method: &str, target: &str, body: Option<Value>) -> Response {
        operator(method, target, body)
            .send(self.vectra.address())
            .await
            .unwrap()
    }

    async fn status(&self, id: &str) -> String {
        let answer = self.operator("GET", &format!("/hitls/{id}"), None).await;
        let held = must(answer, 200).unwrap().json().unwrap();
        held["status"].as_str().unwrap().to_owned()
    }

    async fn becomes(&self, id: &str, wanted: &str) {
        let reached = tokio::time::timeout(DEADLINE, async {
            while self.status(id).await != wanted {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(reached.await.is_ok(), "it does not become {wanted}");
    }

    async fn response(&self, id: &str) -> Response {
        let request = Request::new("GET", &format!("/hitls/{id}/response"));
        let request = request.bearer(&self.agent.token);
        request.send(self.vectra.address()).await.unwrap()
    }
}

fn operator(method: &str, target: &str, body: Option<Value>) -> Request {
    let request = Request::new(method, target).bearer(ADMIN_KEY);
    match body {
        Some(body) => request.json(&body),
        None => request,
    }
}

#[tokio::test]
async fn defect_14_the_agent_gets_exactly_what_the_upstream_answers_to_exactly_what_was_held() {
    let world = World::start(json!({})).await;
    let body: Vec<u8> = (0..=255).collect();
    let mut request = world
        .agent
        .proxied("POST", &world.url("/pay?x=1"))
        .header("Content-Type", "application/octet-stream")
        .header("X-Twice", "a")
        .header("X-Twice", "b");
    request.body = body.clone();
    let id = world.held(request).await;
    let response = world.response(&id).await;
    assert_eq!(response.status, 425);
    assert_eq!(response.values("retry-after").len(), 1);

    let shown = world.operator("GET", &format!("/hitls/{id}"), None).await;
    let shown = must(shown, 200).unwrap().json().unwrap();
    assert_eq!(shown["integrity"], "intact", "{shown}");
    assert_eq!(shown["request"]["body"]["kind"], "hex", "{shown}");
    assert_eq!(shown["request"]["body"]["bytes"], 256, "{shown}");

    let answer: Vec<u8> = (0..=255).rev().collect();
    world.upstream.answer(Answer {
        status: 207,
        headers: [("x-a", "1"), ("x-a", "2"), ("content-type", "image/x")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body: Some(Bytes::from(answer.clone())),
        framing: Framing::Chunked,
    });
    let digest = shown["digest"].clone();
    let approval = json!({ "comment": "looks right", "digest": digest });
    let approved = format!("/hitls/{id}/approve");
    must(
        world
            .operator("POST", &approved, Some(approval.clone()))
            .await,
        200,
    )
    .unwrap();
    world.becomes(&id, "Released").await;

    let response = world.response(&id).await;
    assert_eq!(response.status, 207);
    assert_eq!(response.body, answer);
    assert_eq!(response.values("x-a"), ["1", "2"]);
    assert_eq!(response.values("content-type"), ["image/x"]);
    let received = world.upstream.take_received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].target, "/pay?x=1");
    assert_eq!(&received[0].body[..], &body[..]);
    assert_eq!(received[0].values("x-twice"), ["a", "b"]);
    assert_eq!(received[0].values("authorization"), [""; 0]);
    let key = format!("vectra-{id}");
    assert_eq!(received[0].values("idempotency-key"), [key.as_str()]);

    // Once more, by anybody, in any way.
    let again = world.operator("POST", &approved, Some(approval)).await;
    assert_eq!(again.status, 409);
    let denied = format!("/hitls/{id}/deny");
    let denied = world.operator("POST", &denied, Some(json!({}))).await;
    assert_eq!(denied.status, 409);
    assert!(world.upstream.take_received().is_empty());
}

#[tokio::test]
async fn a_reviewer_who_leaves_does_not_end_the_release() {
    let world = World::start(json!({})).await;
    let id = world
        .held(world.agent.proxied("POST", &world.url("/slow")))
        .await;
    world.upstream.hold(Holding::Back);
    let approval = operator("POST", &format!("/hitls/{id}/approve"), Some(json!({})));
    // The answer does not wait for the upstream; the connection ends with it.
    let answer = approval.send(world.vectra.address()).await.unwrap();
    must(answer, 200).unwrap();
    world.upstream.has_received(1).await.unwrap();
    assert_eq!(world.status(&id).await, "Releasing");
    assert_eq!(world.response(&id).await.status, 425);
    world.upstream.hold(Holding::Off);
    world.becomes(&id, "Released").await;
    assert_eq!(world.response(&id).await.body, b"hello from upstream");
    assert_eq!(world.upstream.take_received().len(), 1);
}

#[tokio::test]
async fn reviewers_who_leave_before_their_answer_leave_nothing_half_done() {
    let world = World::start(json!({})).await;
    let mut ids = Vec::new();
    for nth in 0..8 {
        let url = world.url(&format!("/left/{nth}"));
        ids.push(world.held(world.agent.proxied("POST", &url)).await);
    }
    for id in &ids {
        let approval = operator("POST", &format!("/hitls/{id}/approve"), Some(json!({})));
        let mut stream = TcpStream::connect(world.vectra.address()).await.unwrap();
        let wire = approval.wire(world.vectra.address());
        stream.write_all(&wire).await.unwrap();
        // Gone without reading.
    }
    // Whatever was cut off is carried on: by the next one who approves, or by a new start.
    let world = world.restart(async |_| {}).await;
    for id in &ids {
        if world.status(id).await == "Pending" {
            let approve = format!("/hitls/{id}/approve");
            must(world.operator("POST", &approve, Some(json!({}))).await, 200).unwrap();
        }
        world.becomes(id, "Released").await;
    }
    let received = world.upstream.take_received();
    assert_eq!(received.len(), ids.len(), "{received:?}");
}

#[tokio::test]
async fn defect_17_a_restart_loses_no_held_request() {
    let world = World::start(json!({})).await;
    let id = world
        .held(world.agent.proxied("PUT", &world.url("/kept")))
        .await;
    let world = world.restart(async |_| {}).await;
    let approve = format!("/hitls/{id}/approve");
    must(world.operator("POST", &approve, None).await, 200).unwrap();
    world.becomes(&id, "Released").await;
    assert_eq!(world.response(&id).await.status, 200);
    assert_eq!(world.upstream.take_received().len(), 1);
}

#[tokio::test]
async fn a_call_that_waits_is_answered_by_the_upstream() {
    let world = World::start(json!({})).await;
    let request = world
        .agent
        .proxied("GET", &world.url("/waited"))
        .header("Prefer", "wait=30");
    let address = world.vectra.address().to_owned();
    let call = tokio::spawn(async move { request.send(&address).await.unwrap() });
    let id = tokio::time::timeout(DEADLINE, async {
        loop {
            let list = world.operator("GET", "/hitls?status=Pending", None).await;
            let list = must(list, 200).unwrap().json().unwrap();
            if let Some(id) = list["items"][0]["id"].as_str() {
                return id.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let id = id.await.unwrap();
    let approve = format!("/hitls/{id}/approve");
    must(world.operator("POST", &approve, None).await, 200).unwrap();
    let answer = must(call.await.unwrap(), 200).unwrap();
    assert_eq!(answer.body, b"hello from upstream");
    assert_eq!(world.upstream.take_received().len(), 1);

    // And if nobody decides, it is held as any other.
    let request = world.agent.proxied("GET", &world.url("/waited"));
    let request = request.header("Prefer", "wait=1");
    let answer = must(request.send(world.vectra.address()).await.unwrap(), 202).unwrap();
    assert_eq!(answer.values("location").len(), 1);
    assert!(world.upstream.take_received().is_empty());
}

#[tokio::test]
async fn rows_that_were_rewritten_in_the_database_are_never_sent() {
    let world = World::start(json!({})).await;
    let ids = [
        world
            .held(world.agent.proxied("POST", &world.url("/a")))
            .await,
        world
            .held(world.agent.proxied("POST", &world.url("/b")))
            .await,
        world
            .held(world.agent.proxied("POST", &world.url("/c")))
            .await,
    ];
    let world = world.restart(async |home| rewrite(home, &ids).await).await;
    // `a` has the request of `b` now, and both its own row and the audit say so.
    let shown = world
        .operator("GET", &format!("/hitls/{}", ids[0]), None)
        .await;
    let shown = must(shown, 200).unwrap().json().unwrap();
    assert_ne!(shown["integrity"], "intact", "{shown}");
    let approve = format!("/hitls/{}/approve", ids[0]);
    let answer = world.operator("POST", &approve, None).await;
    assert_eq!(answer.status, 409, "{answer:?}");
    // `c` was made approved by hand, with an approval that nobody has given: the first tick
    // has seen it.
    world.becomes(&ids[2], "Denied").await;
    assert!(world.upstream.take_received().is_empty());
}

/// What somebody can do who may write the database, and knows that triggers guard it.
async fn rewrite(home: &Home, [a, b, c]: &[String; 3]) {
    let database = libsql::Builder::new_local(home.database())
        .build()
        .await
        .unwrap();
    let connection = database.connect().unwrap();
    let mut triggers = Vec::new();
    let mut rows = connection
        .query(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
            (),
        )
        .await
        .unwrap();
    while let Some(row) = rows.next().await.unwrap() {
        triggers.push((row.get::<String>(0).unwrap(), row.get::<String>(1).unwrap()));
    }
    drop(rows);
    for (name, _) in &triggers {
        let drop = format!("DROP TRIGGER \"{name}\"");
        connection.execute(&drop, ()).await.unwrap();
    }
    let statements = [
        format!(
            "UPDATE HeldRequest SET Sealed = s.Sealed, Digest = s.Digest, TargetUrl = s.TargetUrl,
               Method = s.Method FROM (SELECT * FROM HeldRequest WHERE Id = '{b}') s
             WHERE HeldRequest.Id = '{a}'"
        ),
        format!(
            "UPDATE AuditExplanation SET Document = json_set(Document, '$.heldSha256',
               (SELECT Digest FROM HeldRequest WHERE Id = '{b}'))
             WHERE AuditId = (SELECT AuditId FROM HeldRequest WHERE Id = '{a}')"
        ),
        format!(
            "INSERT INTO HeldApproval (HeldId, OperatorId, OperatorName, ApprovedAt, Needed, Seal)
             VALUES ('{c}', '00000000-0000-0000-0000-000000000001', 'nobody',
               '2026-01-01T00:00:00.000000Z', 1, 'x')"
        ),
        format!("UPDATE HeldRequest SET Status = 1 WHERE Id = '{c}'"),
    ];
    for statement in statements {
        let changed = connection.execute(&statement, ()).await.unwrap();
        assert_eq!(changed, 1, "{statement}");
    }
    // And covers the traces.
    for (_, trigger) in &triggers {
        connection.execute(trigger, ()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_16_of_1000_approvals_at_two_gateways_one_releases() {
    const CALLERS: usize = 50;
    const CALLS: usize = 20;
    let fleet = Fleet::start(json!({ "Policy": { "Unassigned": "Hitl" } })).await;
    let agent = fleet.agent("agent").await;
    let url = format!("http://{}/once", fleet.upstream.host());
    let answer = agent
        .proxied("POST", &url)
        .send(fleet.address())
        .await
        .unwrap();
    let id = must(answer, 202).unwrap().json().unwrap()["id"].clone();
    let approve = format!("/hitls/{}/approve", id.as_str().unwrap());
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let address = fleet.gateways[caller % 2].address().to_owned();
        let request = operator("POST", &approve, Some(json!({})));
        callers.spawn(async move {
            let mut statuses = Vec::new();
            for _ in 0..CALLS {
                statuses.push(request.send(&address).await.unwrap().status);
            }
            statuses
        });
    }
    let statuses: Vec<u16> = callers.join_all().await.concat();
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!(count(200), 1, "{statuses:?}");
    assert_eq!(count(409), CALLERS * CALLS - 1, "{statuses:?}");

    let response = format!("/hitls/{}/response", id.as_str().unwrap());
    let request = Request::new("GET", &response).bearer(&agent.token);
    let got = tokio::time::timeout(DEADLINE, async {
        loop {
            let answer = request.send(fleet.gateways[1].address()).await.unwrap();
            if answer.status != 425 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert_eq!(
        must(got.await.unwrap(), 200).unwrap().body,
        b"hello from upstream"
    );
    assert_eq!(fleet.upstream.take_received().len(), 1);
}
