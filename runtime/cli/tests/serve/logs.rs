//! Log lines: for people, or as JSON, and those of the component among them.

use serde_json::{Value, json};

use crate::support::Home;

const RECORD: &str = r#"{"event":"request","http.status":200,"agent.id":"a\"b"}"#;

#[tokio::test]
async fn as_json_every_line_is_an_object_and_the_components_stay_as_they_are() {
    let home = Home::new(&json!({ "System": { "Logging": { "Format": "json" } } }));
    let vectra = home.up(&[]).await;
    let cut_off = r#"{"event":"requ"#;
    let lines = format!("{RECORD}\n{cut_off}\n");
    assert_eq!(vectra.send("POST", "/print", &lines).await.body, "printed");
    vectra.logs("\"event\\\":\\\"requ").await;
    let log = vectra.log();
    assert!(log.lines().any(|line| line == RECORD), "{log}");
    for line in log.lines() {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let is_ours = object["level"].is_string() && object["fields"]["message"].is_string();
        assert!(is_ours || line == RECORD, "{line}");
    }
    let printed = |line: &&str| line.contains("printed to stderr");
    let printed: Value = serde_json::from_str(log.lines().find(printed).unwrap()).unwrap();
    assert_eq!(printed["level"], "WARN");
    assert_eq!(printed["target"], "vectra::guest");
}

#[tokio::test]
async fn as_text_the_components_records_can_be_read_too() {
    let vectra = Home::new(&json!({})).up(&[]).await;
    vectra.send("POST", "/print", &format!("{RECORD}\n")).await;
    vectra.logs(RECORD).await;
    let log = vectra.log();
    let line = log.lines().find(|line| line.contains(RECORD)).unwrap();
    assert!(
        line.contains(" INFO ") && line.contains("vectra::guest"),
        "{line}"
    );
}

#[tokio::test]
async fn a_format_that_is_none_is_refused_and_other_keys_go_to_the_component() {
    let home = Home::new(&json!({ "System": { "Logging": { "Format": "xml" } } }));
    let output = home.run(&["check"], &[]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("error: System.Logging.Format: must be `text` or `json`, not `xml`"),
        "{said}"
    );

    let vectra = Home::new(&json!({ "System": { "Logging": { "Format": "text", "Other": 1 } } }));
    let vectra = vectra.up(&[]).await;
    let config = vectra.get("/variable?vectra_config").await.body;
    assert!(
        config.contains("Other") && !config.contains("Format"),
        "{config}"
    );
}
