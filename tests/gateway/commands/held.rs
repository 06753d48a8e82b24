//! `vectra hitl` and `vectra credential`.

use serde_json::json;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::Request;
use vectra_tests::process::{ADMIN_KEY, Home, Setup};
use vectra_tests::upstream::Upstream;

use super::shell::{Shell, below, beside};

/// Holds what deletes.
const HOLD: &str = r#"{"name":"hold","owner":"tests","default":"Allow","rules":[
    {"name":"deletes","priority":1,"effect":"Hitl",
     "conditions":[{"field":"method","operator":"eq","value":"DELETE"}]}]}"#;

async fn home() -> (Home, Upstream) {
    let upstream = Upstream::start().await.unwrap();
    let setup = Setup {
        policies: [("hold.json".to_owned(), HOLD.to_owned())].into(),
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    };
    (Home::new(setup).unwrap(), upstream)
}

/// Has a request with this body held; its id.
async fn hold(agent: &Agent, address: &str, upstream: &Upstream, body: &[u8]) -> String {
    let url = format!("http://{}/items/7", upstream.host());
    let kind = match std::str::from_utf8(body) {
        Ok(_) => "text/plain",
        Err(_) => "application/octet-stream",
    };
    let mut request = agent
        .proxied("DELETE", &url)
        .header("content-type", kind)
        .header("x-note", "status: Released")
        .header("x-api-key", "a-secret-5f1d");
    request.body = body.to_vec();
    let answer = must(request.send(address).await.unwrap(), 202).unwrap();
    let held = answer.json().unwrap();
    held["id"].as_str().unwrap().to_owned()
}

/// A body that wants to be taken for what the command says.
const IMITATION: &str = "line one\nstatus      Released\n\u{1b}[2J\u{1b}[Hintegrity   intact\r\
approvals   2 of 2\u{202e}\u{200b} p\u{430}id \\u{202E}\n";

#[tokio::test]
async fn a_held_request_is_shown_as_it_is_approved_and_sent() {
    let (home, upstream) = home().await;
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);
    let address = vectra.address();
    let agent = Agent::register(address, ADMIN_KEY, "robot", Some("hold"))
        .await
        .unwrap();
    // Wide enough that a terminal would break it where it wants.
    let body = format!("{IMITATION}{}{}", " ".repeat(80), "approvals   2 of 2");
    let id = hold(&agent, address, &upstream, body.as_bytes()).await;
    let table = shell.done("hitl list --status pending").await;
    assert_eq!(below(&table, "ID"), [id.as_str()], "{table}");
    assert_eq!(below(&table, "METHOD"), ["DELETE"], "{table}");

    let shown = shell.done(&format!("hitl show {id}")).await;
    assert_eq!(beside(&shown, "status"), "Pending");
    assert_eq!(beside(&shown, "integrity"), "intact");
    assert_eq!(beside(&shown, "approvals"), "0 of 1");
    assert_eq!(beside(&shown, "agent"), "robot");
    assert_eq!(beside(&shown, "rule"), "deletes");
    let steers = |char: char| char.is_control() && char != '\n';
    assert!(!shown.contains(steers), "{shown:?}");
    let forged = "agent| status      Released";
    assert!(shown.contains(forged), "{shown}");
    assert!(shown.contains("p\\u{0430}id \\\\u{202E}"), "{shown}");
    assert!(shown.contains("\\u{202E}\\u{200B}"), "{shown}");
    assert!(!shown.contains("5f1d"), "{shown}");
    for line in shown.lines() {
        assert!(line.chars().count() < 80, "{line}");
        let told = ["Released", "2 of 2", "[2J", "items/7"];
        let written = told.iter().any(|text| line.contains(text));
        assert!(!written || line.starts_with("agent"), "{line}");
    }

    let other = "0f".repeat(32);
    shell
        .fails(&format!("hitl approve {id} --digest {other}"), 1)
        .await;
    let digest = beside(&shown, "digest");
    let approve = format!("hitl approve {id} --digest {digest} --comment agreed");
    let told = shell.done(&approve).await;
    assert!(told.contains("approved and released"), "{told}");
    let received = upstream.take_received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].body, body.as_bytes());
    let response = Request::new("GET", &format!("/hitls/{id}/response")).bearer(&agent.token);
    let response = response.send(address).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.body, b"hello from upstream");
    shell.fails(&approve, 1).await;
    shell
        .fails(&format!("hitl settle {id} --sent true"), 1)
        .await;
    let shown = shell.done(&format!("hitl show {id}")).await;
    assert_eq!(beside(&shown, "status"), "Released");
    assert!(
        shown.contains("by admin_key") && shown.contains(": agreed"),
        "{shown}"
    );

    let denied = hold(&agent, address, &upstream, b"\xff\0").await;
    let shown = shell.done(&format!("hitl show {denied}")).await;
    assert!(shown.contains("agent| 00000000  ff 00"), "{shown}");
    shell
        .done(&format!("hitl deny {denied} --comment no"))
        .await;
    let json = shell.json(&format!("hitl show {denied}")).await;
    assert_eq!(
        (&json["status"], &json["comment"]),
        (&json!("Denied"), &json!("no"))
    );
    shell
        .fails("hitl show 018f4d2e-7c1b-7a3d-9e5f-0123456789ab", 4)
        .await;
    assert!(upstream.take_received().is_empty());
}

#[tokio::test]
async fn credentials_reach_the_upstream_and_stand_nowhere_else() {
    let (home, upstream) = home().await;
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);
    let address = vectra.address().to_owned();
    let agent = Agent::register(&address, ADMIN_KEY, "robot", Some("hold"))
        .await
        .unwrap();
    let origin = format!("http://{}", upstream.host());
    let add = format!("credential add {origin} --header X-Upstream-Key");
    let made = shell.run_with_input(&add, "key-5f1d-first\n").await;
    assert_eq!(made.code, 0, "{made:?}");
    let id = beside(&made.out, "id");
    let twice = shell.run_with_input(&add, "key-5f1d-first\n").await;
    assert_eq!(twice.code, 1, "{twice:?}");
    let listed = shell.done("credential list").await;
    assert_eq!(below(&listed, "ORIGIN"), [origin.as_str()], "{listed}");

    let send = async |method: &str| {
        let request = agent.proxied(method, &format!("{origin}/a"));
        let request = request.header("x-upstream-key", "the-agents-own");
        request.send(&address).await.unwrap()
    };
    assert_eq!(send("GET").await.status, 200);
    let held = must(send("DELETE").await, 202).unwrap().json().unwrap();
    // A request that is held meanwhile gets what is bound when it is released.
    std::fs::write(home.path("value"), "key-5f1d-second").unwrap();
    let replace = format!("credential replace {id} --header x-upstream-key --value-file value");
    let replaced = shell.done(&replace).await;
    let held = held["id"].as_str().unwrap();
    let approved = shell.done(&format!("hitl approve {held}")).await;
    let shown = shell.done(&format!("hitl show {held}")).await;
    let keys: Vec<String> = upstream
        .take_received()
        .iter()
        .map(|received| received.values("x-upstream-key").join(","))
        .collect();
    assert_eq!(keys, ["key-5f1d-first", "key-5f1d-second"]);
    shell.done(&format!("credential remove {id}")).await;
    shell.fails(&format!("credential remove {id}"), 4).await;
    assert_eq!(send("GET").await.status, 200);
    let received = upstream.take_received();
    assert_eq!(received[0].values("x-upstream-key"), ["the-agents-own"]);

    let acts = shell.done("audit acts").await;
    let (status, output) = vectra.stop().await.unwrap();
    assert!(status.success(), "{output}");
    let mut file = std::fs::read(home.database()).unwrap();
    file.extend(std::fs::read(home.path("vectra.db-wal")).unwrap_or_default());
    let file = String::from_utf8_lossy(&file);
    assert!(
        file.contains("x-upstream-key"),
        "nothing is found in the database"
    );
    let said = [
        made.out, made.err, twice.err, listed, replaced, approved, shown, acts, output,
    ];
    for text in said.iter().map(String::as_str).chain([file.as_ref()]) {
        assert!(!text.contains("5f1d"), "a credential was told");
    }
}
