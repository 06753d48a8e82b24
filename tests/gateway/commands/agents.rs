//! `vectra agent` and `vectra token`, through an agent's life.

use serde_json::{Value, json};
use vectra_tests::client::Request;
use vectra_tests::process::{ADMIN_KEY, Home, Setup};
use vectra_tests::upstream::Upstream;

use super::shell::{Shell, below, beside};

const SECRET: &str = "correct horse battery staple";

async fn home() -> (Home, Upstream) {
    let upstream = Upstream::start().await.unwrap();
    let policy = json!({ "name": "read-only", "owner": "tests", "default": "Allow", "rules": [] });
    let setup = Setup {
        policies: [("read-only.json".to_owned(), policy.to_string())].into(),
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    };
    (Home::new(setup).unwrap(), upstream)
}

#[tokio::test]
async fn an_agent_is_added_with_a_secret_that_is_shown_once() {
    let (home, _upstream) = home().await;
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);

    let made = shell.run("agent add billing --owner team-payments").await;
    assert_eq!(made.code, 0, "{made:?}");
    let (id, secret) = (beside(&made.out, "id"), beside(&made.out, "secret"));
    assert!(secret.len() >= 32, "{secret}");
    assert!(made.err.contains("not shown again"), "{made:?}");
    assert!(!made.err.contains(&secret), "{made:?}");
    assert_eq!(beside(&made.out, "owner"), "team-payments");
    assert!(
        !shell
            .done(&format!("agent show {id}"))
            .await
            .contains(&secret)
    );

    // Given from a file, with everything else, as one JSON document.
    std::fs::write(home.path("secret"), format!("{SECRET}\n")).unwrap();
    let line = "agent add reader --policy read-only --limit 7 --secret-file secret -o json";
    let ran = shell.run(line).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let agent: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(agent["policyName"], "read-only");
    assert_eq!(agent["requestsPerMinute"], 7);
    assert!(!ran.out.contains(SECRET), "{ran:?}");

    // Given on the standard input.
    let ran = shell
        .run_with_input("agent add typed --secret-file -", SECRET)
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let id = beside(&ran.out, "id");
    let get = format!("token get --agent {id} --secret-file -");
    let got = shell.run_with_input(&get, &format!("{SECRET}\n")).await;
    assert_eq!(got.code, 0, "{got:?}");

    // A policy that is not there: nothing is made.
    let error = shell.fails("agent add other --policy nothing", 4).await;
    assert!(error.contains("nothing"), "{error}");
    let all = shell.done("agent list").await;
    assert_eq!(below(&all, "NAME"), ["billing", "reader", "typed"]);
}

#[tokio::test]
async fn an_agent_is_found_shown_and_changed() {
    let (home, _upstream) = home().await;
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let agent = shell
            .json(&format!("agent add {name} --owner team-{name}"))
            .await;
        ids.push(agent["agentId"].as_str().unwrap().to_owned());
    }
    let id = &ids[1];

    // JSON is the gateway's, byte for byte.
    let request = Request::new("GET", &format!("/agents/{id}")).bearer(ADMIN_KEY);
    let answer = request.send(vectra.address()).await.unwrap();
    let shown = shell.done(&format!("agent show {id} -o json")).await;
    assert_eq!(shown.trim_end().as_bytes(), answer.body);

    for (line, title, expected) in [
        ("agent update ID --name bb", "name", "bb"),
        ("agent update ID --owner team-x", "owner", "team-x"),
        ("agent update ID --no-owner", "owner", "-"),
        ("agent policy ID read-only", "policy", "read-only"),
        ("agent limit ID 12", "requests a minute", "12"),
        ("agent quarantine ID", "status", "Quarantined"),
        ("agent activate ID", "status", "Active"),
        ("agent revoke ID", "status", "Revoked"),
        ("agent revoke ID", "status", "Revoked"),
    ] {
        let table = shell.done(&line.replace("ID", id)).await;
        assert_eq!(beside(&table, title), expected, "{line}:\n{table}");
        let table = shell.done(&format!("agent show {id}")).await;
        assert_eq!(beside(&table, title), expected, "{line}:\n{table}");
    }

    for (filter, names) in [
        ("--status revoked", vec!["bb"]),
        ("--status active", vec!["a", "c"]),
        ("--owner team-c", vec!["c"]),
        ("--policy read-only", vec!["bb"]),
        ("--name a", vec!["a"]),
        ("--name nobody", vec![]),
    ] {
        let table = shell.done(&format!("agent list {filter}")).await;
        assert_eq!(below(&table, "NAME"), names, "{filter}");
    }

    let none = shell.json(&format!("agent policy {id} --none")).await;
    assert_eq!(none["policyName"], Value::Null);
    let default = shell.json(&format!("agent limit {id} --default")).await;
    assert_eq!(default["requestsPerMinute"], Value::Null);

    let cut = shell.run("agent list --max 2 -o json").await;
    let page: Value = serde_json::from_str(&cut.out).unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert!(page["nextCursor"].is_string(), "{page}");
    assert!(cut.err.contains("the first 2"), "{cut:?}");

    let done = shell.done(&format!("agent delete {id}")).await;
    assert_eq!(done, format!("the agent {id} is deleted\n"));
    let error = shell.fails(&format!("agent show {id}"), 4).await;
    assert!(error.contains("404"), "{error}");
    let deleted = shell.done("agent list --status deleted").await;
    assert_eq!(below(&deleted, "ID"), [id.as_str()]);
}

#[tokio::test]
async fn a_token_is_got_used_and_ended() {
    let (home, upstream) = home().await;
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);
    let agent = shell.json("agent add billing").await;
    let id = agent["agentId"].as_str().unwrap();
    let keep = |secret: &Value| {
        std::fs::write(home.path("secret"), secret.as_str().unwrap()).unwrap();
    };
    keep(&agent["clientSecret"]);

    // No key is needed; only the token is printed.
    let get = format!("token get --agent {id} --secret-file secret");
    let nobody = shell.with(None);
    let token = nobody.done(&get).await.trim_end().to_owned();
    assert_eq!(token.split('.').count(), 3, "{token}");
    let call = async |token: &str| {
        let target = format!("/proxy/http://{}/items", upstream.host());
        let request = Request::new("GET", &target).bearer(token);
        request.send(vectra.address()).await.unwrap().status
    };
    assert_eq!(call(&token).await, 200);
    let json = nobody.json(&get).await;
    assert_eq!(json["tokenType"], "Bearer");
    let second = json["accessToken"].as_str().unwrap();
    assert_eq!(call(second).await, 200);

    shell.done(&format!("token revoke {id}")).await;
    assert_eq!((call(&token).await, call(second).await), (401, 401));

    // With an overlap the old secret still gets tokens; without one it does not.
    let rotated = shell.done(&format!("agent rotate {id} --overlap 1h")).await;
    assert!(
        beside(&rotated, "former secret until").starts_with("20"),
        "{rotated}"
    );
    nobody.done(&get).await;
    let ran = shell.run(&format!("agent rotate {id} -o json")).await;
    assert!(ran.err.contains("not shown again"), "{ran:?}");
    let error = nobody.fails(&get, 3).await;
    assert!(error.contains("401"), "{error}");
    let rotated: Value = serde_json::from_str(&ran.out).unwrap();
    keep(&rotated["clientSecret"]);
    nobody.done(&get).await;

    // The secret is never told, wherever it is wrong.
    std::fs::write(home.path("secret"), "a-wrong-secret-5d1e").unwrap();
    let error = nobody.fails(&get, 3).await;
    assert!(!error.contains("5d1e"), "{error}");
    nobody.fails(&format!("token get --agent {id}"), 1).await;
}

#[tokio::test]
async fn a_new_key_signs_tokens() {
    let (home, _upstream) = home().await;
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra)
        .at("http://127.0.0.1:1")
        .with(None);
    let one = shell.done("token new-key").await;
    let two = shell.done("token new-key").await;
    assert_ne!(one, two);
    assert_eq!(one.trim_end().len(), 43);
    let eddsa = shell.done("token new-key --ed25519").await;
    vectra.stop().await.unwrap();
    for key in [one.clone(), format!("{eddsa}{one}")] {
        let setup = Setup {
            environment: [("VECTRA_TOKEN_SECRET".to_owned(), key)].into(),
            ..Setup::default()
        };
        let home = Home::new(setup).unwrap();
        let vectra = home.up().await.unwrap();
        let shell = Shell::new(&home, &vectra);
        let agent = shell.json("agent add billing").await;
        let (id, secret) = (&agent["agentId"], &agent["clientSecret"]);
        let get = format!("token get --agent {} --secret-file -", id.as_str().unwrap());
        let ran = shell.run_with_input(&get, secret.as_str().unwrap()).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}
