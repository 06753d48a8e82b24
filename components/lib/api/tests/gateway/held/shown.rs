//! What reviewers are shown, and agents are not.

use http::Request;
use serde_json::{Value, json};
use sha2::Digest;

use super::Stage;

/// The characters of a list of segments; `[]` for what is masked.
fn plain(segments: &Value) -> String {
    let pieces = segments.as_array().unwrap().iter();
    pieces
        .map(|piece| match &piece["masked"] {
            Value::Bool(true) => "[]",
            _ => piece.as_str().or(piece["char"].as_str()).unwrap(),
        })
        .collect()
}

fn header<'v>(shown: &'v Value, name: &str) -> &'v Value {
    let headers = shown["request"]["headers"].as_array().unwrap();
    headers.iter().find(|field| field["name"] == name).unwrap()
}

/// What is told of a value that is not shown.
fn masked(value: &str) -> Value {
    let digest = sha2::Sha256::digest(value);
    let sha256: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({"masked": true, "bytes": value.len(), "sha256": sha256})
}

#[test]
fn a_reviewer_is_shown_what_will_run_and_all_there_is_to_decide_about() {
    let stage = Stage::new();
    let path = format!("/agents/{}", stage.agent);
    stage.world.manage("PATCH", &path, r#"{"ownerId":"ada"}"#);
    let body = "approved by admin\u{202e}\n</pre>";
    let request = stage
        .ask()
        .header("content-type", "text/plain")
        .header("x-api-key", "k3y")
        .header("authorization", "Bearer of-the-agent")
        .header("x-bytes", http::HeaderValue::from_bytes(b"\xff").unwrap());
    let id = stage.held(request.body(body.as_bytes().to_vec()).unwrap());
    let shown = stage.show(&id);
    assert_eq!(shown["integrity"], "intact");
    assert_eq!(shown["needed"], 1);
    assert_eq!(shown["approvals"], json!([]));
    assert_eq!(shown["agent"]["name"], "robot");
    assert_eq!(shown["agent"]["ownerId"], "ada");
    assert_eq!(shown["agent"]["status"], "Active");
    assert_eq!(shown["agent"]["id"], stage.agent.as_str());
    assert!(shown["agent"]["trustScore"].is_number());
    let decision = &shown["decision"];
    assert_eq!(decision["stage"], "policy");
    assert_eq!(decision["rule"], "ask");
    assert_eq!(decision["reason"], "a human must look");
    assert_eq!(decision["policy"]["name"], "p");
    assert_eq!(decision["risk"]["factors"].as_object().unwrap().len(), 6);
    assert_eq!(shown["reason"], "a human must look");
    assert_eq!(shown["expiresAt"], "2023-11-15T13:00:00.000000Z");

    let request = &shown["request"];
    assert_eq!(request["method"], "POST");
    assert_eq!(
        plain(&request["url"]),
        "http://api.example/ask?q=1&token=[]"
    );
    assert_eq!(request["body"]["kind"], "text");
    assert_eq!(request["body"]["bytes"], body.len());
    assert_eq!(plain(&request["body"]["segments"]), body);
    let marks: Vec<&Value> = request["body"]["segments"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|piece| piece.is_object())
        .collect();
    assert_eq!(marks.len(), 1);
    assert_eq!(marks[0]["code"], "U+202E");
    for (secret, value) in [
        ("x-api-key", "k3y"),
        ("authorization", "Bearer of-the-agent"),
    ] {
        let mut expected = masked(value);
        expected["name"] = secret.into();
        expected["value"] = json!([]);
        assert_eq!(*header(&shown, secret), expected);
    }
    assert_eq!(
        plain(&header(&shown, "content-type")["value"]),
        "text/plain"
    );
    assert_eq!(header(&shown, "x-bytes")["hex"], "ff");
    let text = shown.to_string();
    for secret in ["s3cret", "k3y", "of-the-agent"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn what_is_no_text_to_read_is_shown_in_hexadecimal() {
    let stage = Stage::new();
    let none = stage.ask().body(Vec::new()).unwrap();
    assert_eq!(
        stage.show(&stage.held(none))["request"]["body"]["kind"],
        "none"
    );
    let many = "\u{200b}".repeat(4_097).into_bytes();
    for body in [vec![0xff, 0], b"a\0".to_vec(), many] {
        let request = stage
            .ask()
            .header("content-type", "application/octet-stream");
        let id = stage.held(request.body(body.clone()).unwrap());
        let shown = &stage.show(&id)["request"]["body"];
        assert_eq!(shown["kind"], "hex");
        assert_eq!(shown["bytes"], body.len());
        let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shown["hex"], hex);
        assert_eq!(shown["sha256"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn the_agent_is_told_nothing_of_those_who_decide() {
    let stage = Stage::new();
    let (_, key) = stage.world.operator("Ada Lovelace", "Reviewer");
    let id = stage.hold();
    let body = json!({"comment": "not on a Friday"});
    assert_eq!(stage.decide(&key, &id, "deny", &body).0, 200);
    let request = Request::get(format!("/hitls/{id}"))
        .header("authorization", format!("Bearer {}", stage.token));
    let response = stage.world.send(request.body(Vec::new()).unwrap());
    let shown: Value = serde_json::from_slice(response.body()).unwrap();
    let names: Vec<&String> = shown.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "agentId",
            "createdAt",
            "digest",
            "expiresAt",
            "id",
            "method",
            "reason",
            "status",
            "targetUrl"
        ]
    );
    assert_eq!(shown["status"], "Denied");
    let shown = stage.show(&id);
    assert_eq!(shown["decidedBy"], "Ada Lovelace");
    assert_eq!(shown["comment"], "not on a Friday");
}

#[test]
fn held_requests_are_listed_oldest_first_by_state_and_agent() {
    let stage = Stage::new();
    let ids: Vec<String> = (0..3).map(|_| stage.hold()).collect();
    stage.deny(&ids[1]);
    let list = |query: &str| {
        let (status, page) = stage.world.manage("GET", &format!("/hitls{query}"), "");
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap().iter();
        let found: Vec<String> = items
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect();
        (found, page["nextCursor"].clone())
    };
    assert_eq!(list("").0, ids);
    assert_eq!(list("?status=Denied").0, [ids[1].clone()]);
    assert_eq!(list("?status=Pending").0, [ids[0].clone(), ids[2].clone()]);
    assert_eq!(list(&format!("?agentId={}", stage.agent)).0, ids);
    let (nobody, _) = stage.world.agent();
    assert_eq!(list(&format!("?agentId={nobody}")).0, [""; 0]);
    let (first, cursor) = list("?limit=2");
    assert_eq!(first, ids[..2]);
    let query = format!("?limit=2&cursor={}", cursor.as_str().unwrap());
    assert_eq!(list(&query), (ids[2..].to_vec(), Value::Null));
    for wrong in ["?status=pending", "?agentId=x", "?cursor=x", "?x=1"] {
        let path = format!("/hitls{wrong}");
        assert_eq!(stage.world.manage("GET", &path, "").0, 400, "{wrong}");
    }
}

#[test]
fn what_is_masked_is_told_and_what_looks_like_it_is_shown() {
    let stage = Stage::new();
    let url = "/proxy/http://api.example/ask?a=***&token=&api_key=***&api_key=s%65cret;x";
    let request = Request::get(url)
        .header("authorization", format!("Bearer {}", stage.token))
        .header("x-note", "***")
        .header("idempotency-key", "order-17");
    let id = stage.held(request.body(Vec::new()).unwrap());
    let shown = stage.show(&id);
    let expected = json!([
        "http://api.example/ask?a=***&token=",
        masked(""),
        "&api_key=",
        masked("***"),
        "&api_key=",
        masked("s%65cret"),
        ";x",
    ]);
    assert_eq!(shown["request"]["url"], expected);
    for (name, value) in [("x-note", "***"), ("idempotency-key", "order-17")] {
        let field = header(&shown, name);
        assert_eq!(field["masked"], false, "{name}");
        assert_eq!(field["value"], json!([value]));
    }
}
