//! Held requests: what is shown, what is decided, what is sent, and what the agent gets.

#[path = "held/around.rs"]
mod around;
#[path = "held/once.rs"]
mod once;
#[path = "held/release.rs"]
mod release;
#[path = "held/shown.rs"]
mod shown;
#[path = "held/since.rs"]
mod since;
#[path = "held/tampered.rs"]
mod tampered;
#[path = "held/waiting.rs"]
mod waiting;

use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use vectra_domain::repository::HeldRequestRepository;
use vectra_domain::{HeldRequest, HeldRequestId, HeldStatus};

use crate::world::{ADMIN, World};

const POLICY: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"no","effect":"Deny","conditions":[{"field":"path","operator":"startswith","value":"/no"}]},
    {"name":"ask","effect":"Hitl","reason":"a human must look",
     "conditions":[{"field":"path","operator":"startswith","value":"/ask"}]}]}"#;

/// Why nothing may be asked for any more.
const DENYING: &str = r#"{"name":"p","default":"Deny"}"#;

/// A gateway with an agent whose requests to `/ask` are held.
struct Stage {
    world: World,
    agent: String,
    token: String,
}

impl Stage {
    fn new() -> Self {
        Self::configured("{}")
    }

    fn configured(config: &str) -> Self {
        let world = World::configured(config);
        world.policies(&[("p.json", POLICY)]);
        let (agent, token) = world.agent();
        world.assign(&agent, "p");
        Self {
            world,
            agent,
            token,
        }
    }

    fn ask(&self) -> http::request::Builder {
        Request::post("/proxy/http://api.example/ask?q=1&token=s3cret")
            .header("vectra-authorization", format!("Bearer {}", self.token))
    }

    /// Has a request held: its id.
    fn hold(&self) -> String {
        self.held(self.ask().body(b"{\"a\":1}".to_vec()).unwrap())
    }

    fn held(&self, request: Request<Vec<u8>>) -> String {
        let response = self.world.send(request);
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let location = response.headers()["location"].to_str().unwrap();
        location.strip_prefix("/hitls/").unwrap().to_owned()
    }

    /// What an operator decides: status and answer.
    fn decide(&self, key: &str, id: &str, verb: &str, body: &Value) -> (u16, Value) {
        let path = format!("/hitls/{id}/{verb}");
        let (status, answer) = self.world.ask(key, "POST", &path, &body.to_string());
        (status.as_u16(), answer)
    }

    fn approve(&self, id: &str) -> (u16, Value) {
        self.decide(ADMIN, id, "approve", &json!({}))
    }

    fn deny(&self, id: &str) -> (u16, Value) {
        self.decide(ADMIN, id, "deny", &json!({}))
    }

    fn show(&self, id: &str) -> Value {
        let (status, shown) = self.world.manage("GET", &format!("/hitls/{id}"), "");
        assert_eq!(status, StatusCode::OK, "{shown}");
        shown
    }

    fn row(&self, id: &str) -> HeldRequest {
        let id: HeldRequestId = id.parse().unwrap();
        self.world.memory.find_sealed(id).unwrap().unwrap()
    }

    fn status(&self, id: &str) -> HeldStatus {
        self.row(id).status
    }

    /// What the agent gets for its request.
    fn response(&self, id: &str) -> Response<Vec<u8>> {
        let request = Request::get(format!("/hitls/{id}/response"))
            .header("authorization", format!("Bearer {}", self.token));
        self.world.send(request.body(Vec::new()).unwrap())
    }

    fn tick(&self) {
        self.world
            .with_gateway(|gateway| gateway.carry_on::<Vec<u8>>(100));
    }

    /// Approves, and ends before the request is sent.
    fn approve_and_crash(&self, id: &str) {
        self.world.crashes.set(true);
        let (status, answer) = self.approve(id);
        assert_eq!(status, 200, "{answer}");
        self.world.crashes.set(false);
        assert_eq!(self.status(id), HeldStatus::Approved);
    }

    /// How often the upstream was tried.
    fn tried(&self) -> usize {
        self.world.tried.get()
    }
}

fn problem(response: &Response<Vec<u8>>) -> Value {
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn an_approved_request_is_sent_once_as_it_was_held_and_its_agent_gets_the_answer() {
    let stage = Stage::new();
    let request = stage
        .ask()
        .header("content-type", "application/octet-stream")
        .header("x-twice", "1")
        .header("x-twice", "2")
        .header("authorization", "Bearer of-the-agent");
    let id = stage.held(request.body(vec![0, 255, 10]).unwrap());
    let early = stage.response(&id);
    assert_eq!(early.status(), 425);
    assert_eq!(early.headers()["retry-after"], "5");
    assert_eq!(problem(&early)["heldStatus"], "Pending");
    assert_eq!(stage.tried(), 0);

    stage.world.answer.replace(Some(
        Response::builder()
            .status(207)
            .header("x-a", "1")
            .header("x-a", "2")
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .body((0..=255).collect())
            .unwrap(),
    ));
    let digest = stage.show(&id)["digest"].clone();
    let body = json!({"comment": "fine\nby me", "digest": digest});
    let (status, answer) = stage.decide(ADMIN, &id, "approve", &body);
    assert_eq!((status, &answer["status"]), (200, &json!("Approved")));
    assert_eq!(answer["approvals"][0]["valid"], true);

    let reached = stage.world.reached.borrow();
    assert_eq!(reached.len(), 1);
    assert_eq!(reached[0].method, "POST");
    assert_eq!(reached[0].uri, "http://api.example/ask?q=1&token=s3cret");
    assert_eq!(reached[0].body, [0, 255, 10]);
    assert_eq!(reached[0].headers.get_all("x-twice").iter().count(), 2);
    assert_eq!(reached[0].headers["authorization"], "Bearer of-the-agent");
    assert_eq!(
        reached[0].headers["idempotency-key"],
        format!("vectra-{id}")
    );
    assert!(!reached[0].headers.contains_key("vectra-authorization"));

    for _ in 0..2 {
        let response = stage.response(&id);
        assert_eq!(response.status(), 207);
        assert_eq!(*response.body(), (0..=255).collect::<Vec<u8>>());
        assert_eq!(response.headers().get_all("x-a").iter().count(), 2);
        assert!(!response.headers().contains_key("x-hop"));
    }
    let shown = stage.show(&id);
    assert_eq!(shown["status"], "Released");
    assert_eq!(shown["decidedBy"], "admin_key");
}

#[test]
fn a_release_stands_in_the_audit_with_what_came_of_it() {
    let stage = Stage::new();
    let id = stage.hold();
    stage.approve(&id);
    let audit = stage.world.audit();
    assert_eq!(audit.len(), 2);
    let [sent, held] = [&audit[0], &audit[1]];
    assert_eq!(held["decisionType"], "Hitl");
    assert_eq!(sent["decisionType"], "Allow");
    assert_eq!(
        sent["reason"],
        format!("Held request {id} approved by admin_key")
    );
    assert_eq!(sent["targetUrl"], held["targetUrl"]);
    let path = format!("/audit/{}", sent["auditId"].as_str().unwrap());
    let (_, record) = stage.world.manage("GET", &path, "");
    assert_eq!(record["outcome"]["status"], 201);
    assert_eq!(record["outcome"]["bytes"], 13);
    let digest = &stage.show(&id)["digest"];
    assert_eq!(record["explanation"]["heldSha256"], *digest);
    // What is done by operators is noted as any other act.
    let act = &stage.world.acts()[0];
    assert_eq!(act["action"], "POST /hitls/{id}/approve");
    assert_eq!((&act["target"], &act["status"]), (&json!(id), &json!(200)));
}

#[test]
fn the_agents_own_idempotency_key_is_kept() {
    let stage = Stage::new();
    let request = stage.ask().header("idempotency-key", "mine");
    let id = stage.held(request.body(Vec::new()).unwrap());
    stage.approve(&id);
    let reached = stage.world.reached.borrow();
    let keys = reached[0].headers.get_all("idempotency-key");
    assert_eq!(keys.iter().collect::<Vec<_>>(), ["mine"]);
}

#[test]
fn what_the_agent_gets_says_how_its_request_stands() {
    let stage = Stage::configured(r#"{"HumanInTheLoop":{"TimeoutSeconds":60}}"#);
    let denied = stage.hold();
    assert_eq!(stage.deny(&denied).0, 200);
    let response = stage.response(&denied);
    assert_eq!(response.status(), 403);
    assert_eq!(problem(&response)["heldStatus"], "Denied");
    assert!(!problem(&response).to_string().contains("admin_key"));

    let expired = stage.hold();
    stage.world.wait(60);
    let response = stage.response(&expired);
    assert_eq!(response.status(), 410);
    assert_eq!(problem(&response)["heldStatus"], "Expired");
    assert_eq!(stage.tried(), 0);
}
