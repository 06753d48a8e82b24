//! Policies over the API, through the command line, on more than one gateway.

use std::fs;

use serde_json::{Value, json};
use vectra_tests::agent::Agent;
use vectra_tests::client::Request;
use vectra_tests::dist::repository;
use vectra_tests::process::{ADMIN_KEY, Home, Setup};

use crate::commands::shell::{Shell, below, beside};
use crate::fleet::Fleet;

fn document(default: &str) -> String {
    format!("// tried here\n{{\"name\":\"p\",\"owner\":\"tests\",\"default\":\"{default}\",}}")
}

/// OB §23.21: an edit was not seen for up to 24 hours. Two gateways share one database.
#[tokio::test]
async fn defect_21_a_policy_that_is_put_holds_at_once_on_every_gateway() {
    let fleet = Fleet::start(Value::Null).await;
    let [one, other] = &fleet.gateways;
    let home = Home::new(Setup::default()).unwrap();
    let write = |default: &str| fs::write(home.path("p.json"), document(default)).unwrap();
    write("Allow");
    Shell::new(&home, one).done("policy put p.json").await;
    let agent = Agent::register(other.address(), ADMIN_KEY, "agent", Some("p"))
        .await
        .unwrap();
    for (through, default, status) in [
        (one, "Deny", 403),
        (other, "Allow", 200),
        (one, "Deny", 403),
    ] {
        write(default);
        Shell::new(&home, through).done("policy put p.json").await;
        for gateway in [other, one] {
            let request = agent.proxied("GET", &format!("http://{}/", fleet.upstream.host()));
            let response = request.send(gateway.address()).await.unwrap();
            assert_eq!(response.status, status, "{default}");
        }
    }
}

#[tokio::test]
async fn a_policy_is_put_compared_and_retired_at_the_prompt() {
    let home = Home::new(Setup::default()).unwrap();
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);
    for default in ["Deny", "Allow"] {
        fs::write(home.path("p.json"), document(default)).unwrap();
        let table = shell.done("policy put p.json").await;
        assert_eq!(beside(&table, "changed"), "true", "{table}");
    }
    let table = shell.done("policy put p.json").await;
    assert_eq!(beside(&table, "revision"), "2", "{table}");
    assert_eq!(beside(&table, "changed"), "false", "{table}");
    let table = shell.done("policy revisions p").await;
    assert_eq!(below(&table, "REVISION"), ["2", "1"], "{table}");
    let table = shell.done("policy show p --revision 1").await;
    assert_eq!(beside(&table, "default"), "Deny", "{table}");

    let diff = shell.done("policy diff p").await;
    let changed =
        diff.contains("-  \"default\": \"Deny\"") && diff.contains("+  \"default\": \"Allow\"");
    assert!(changed, "{diff}");
    assert_eq!(
        shell.done("policy diff p p.json").await,
        "",
        "comments do not count"
    );
    let json = shell.json("policy diff p --from 2 --to 1").await;
    assert_eq!(
        (&json["from"], &json["to"]),
        (&json!("p revision 2"), &json!("p revision 1"))
    );

    fs::write(home.path("wrong.json"), r#"{"name":"p","default":"Maybe"}"#).unwrap();
    let line = shell.fails("policy put wrong.json", 1).await;
    assert!(line.contains("default"), "{line}");

    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", Some("p"));
    let agent = agent.await.unwrap();
    shell.fails("policy retire p", 1).await;
    let table = shell.done(&format!("agent unassign {}", agent.id)).await;
    assert_eq!(beside(&table, "policy"), "-", "{table}");
    shell.done("policy retire p").await;
    let table = shell.done("policy list").await;
    assert_eq!(below(&table, "STATUS"), ["Retired"], "{table}");
    shell.fails("policy retire q", 4).await;
}

#[tokio::test]
async fn the_example_policies_pass_their_cases_and_a_wrong_case_fails() {
    let home = Home::new(Setup::default()).unwrap();
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);
    let examples = repository("policies");
    let json = shell
        .json(&format!("policy test {}", examples.display()))
        .await;
    assert_eq!(json["files"].as_array().unwrap().len(), 6, "{json}");
    assert_eq!(json["failed"], 0, "{json}");

    fs::write(home.path("p.json"), document("Deny")).unwrap();
    let case = |outcome: &str| {
        json!({ "cases": [{ "name": "reads", "expect": { "outcome": outcome },
            "request": { "method": "GET", "url": "http://api.example/" } }] })
    };
    fs::write(home.path("p.test.json"), case("Allow").to_string()).unwrap();
    let ran = shell.run("policy test p.json").await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let told = "failed: reads: outcome is \"Deny\", not \"Allow\"";
    assert!(ran.out.contains(told), "{ran:?}");
    fs::write(home.path("p.test.json"), case("Deny").to_string()).unwrap();
    shell.done("policy test p.json").await;
    let audit = Request::new("GET", "/audit").bearer(ADMIN_KEY);
    let audit: Value = audit.send(vectra.address()).await.unwrap().json().unwrap();
    assert_eq!(audit["items"], json!([]), "nothing is recorded");
}
