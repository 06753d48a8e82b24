//! `vectra audit export` and `vectra backup` beside a gateway that serves.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use vectra_tests::DEADLINE;
use vectra_tests::agent::{Agent, must};
use vectra_tests::database::Database;
use vectra_tests::process::{ADMIN_KEY, Home, Vectra};
use vectra_tests::upstream::Upstream;

use crate::data::allowing;

/// Runs a command that must succeed.
async fn run(home: &Home, arguments: &[&str]) -> Output {
    let mut command = home.command(arguments).unwrap();
    let output = tokio::time::timeout(DEADLINE, command.output());
    let output = output.await.expect("it does not end").unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(!errors.contains(ADMIN_KEY), "{errors}");
    output
}

/// After everything; without it the newest rows are left for later.
const END: &str = "9999-01-01T00:00:00Z";

/// Runs `vectra audit export` with pages of two rows.
async fn export(home: &Home, vectra: &Vectra, arguments: &[&str]) -> String {
    let url = format!("http://{}", vectra.address());
    let mut all = vec!["audit", "export", "--limit", "2", "--url", &url];
    all.extend(arguments);
    String::from_utf8(run(home, &all).await.stdout).unwrap()
}

async fn decide(agent: &Agent, vectra: &Vectra, upstream: &Upstream, paths: &[&str]) {
    for path in paths {
        let url = format!("http://{}/{path}", upstream.host());
        let request = agent.proxied("GET", &url);
        must(request.send(vectra.address()).await.unwrap(), 200).unwrap();
    }
}

fn field(text: &str, name: &str) -> Vec<String> {
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
    rows.map(|row: Value| row[name].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_audit_is_exported_oldest_first_and_an_export_goes_on_where_it_ended() {
    let (home, upstream) = allowing(&[]).await;
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    decide(&agent, &vectra, &upstream, &["a", "b", "c", "d", "e"]).await;

    let all = export(&home, &vectra, &["--to", END]).await;
    let database = Database::open(&home.database()).await.unwrap();
    let rows = database.audit(&agent.id).await.unwrap();
    let recorded: Vec<_> = rows.iter().map(|row| row["Id"].as_str().unwrap()).collect();
    assert_eq!(field(&all, "auditId"), recorded);
    assert_eq!(field(&all, "path"), ["/a", "/b", "/c", "/d", "/e"]);
    for line in all.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert!(row["explanation"].is_object(), "{row}");
    }

    let times = field(&all, "timestamp");
    let range = ["--from", &times[1], "--to", &times[4]];
    let part = export(&home, &vectra, &range).await;
    assert_eq!(field(&part, "path"), ["/b", "/c", "/d"]);

    // As if it had been interrupted within the fourth row.
    let cut: usize = all.split_inclusive('\n').take(3).map(str::len).sum();
    let file = home.path("audit.jsonl");
    std::fs::write(&file, &all.as_bytes()[..cut + 10]).unwrap();
    decide(&agent, &vectra, &upstream, &["f"]).await;
    let resumed = ["--to", END, "--output", "audit.jsonl", "--resume"];
    for _ in 0..2 {
        export(&home, &vectra, &resumed).await;
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(&all));
        assert_eq!(field(&text, "path"), ["/a", "/b", "/c", "/d", "/e", "/f"]);
    }
}

#[tokio::test]
async fn without_an_end_an_export_leaves_the_newest_rows_and_says_so() {
    let (home, upstream) = allowing(&[]).await;
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    decide(&agent, &vectra, &upstream, &["a"]).await;
    let url = format!("http://{}", vectra.address());
    let arguments = ["audit", "export", "--url", &url, "--output", "audit.jsonl"];
    for more in [&[][..], &["--resume"]] {
        let output = run(&home, &[&arguments, more].concat()).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("without --to, rows before 20"), "{said}");
        assert!(said.contains("exported 0 rows"), "{said}");
    }
    let to = ["--to", END, "--resume"];
    run(&home, &[&arguments[..], &to].concat()).await;
    let file = home.path("audit.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(field(&text, "path"), ["/a"]);

    // Now the file's last row is newer than what an export without an end holds.
    for more in [&["--resume"][..], &["--resume", "--from", END, "--to", END]] {
        let mut command = home.command(&[&arguments, more].concat()).unwrap();
        let output = tokio::time::timeout(DEADLINE, command.output());
        let output = output.await.expect("it does not end").unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&field(&text, "timestamp")[0]), "{said}");
        assert!(said.contains("which is not within `--"), "{said}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}

#[tokio::test]
async fn an_export_that_is_refused_has_the_codes_of_all_commands() {
    let (home, _upstream) = allowing(&[]).await;
    let vectra = home.up().await.unwrap();
    let url = format!("http://{}", vectra.address());
    let export = async |key: &str, url: &str, from: &str| {
        let arguments = ["--url", url, "--from", from, "--to", END];
        let all = [&["audit", "export"], &arguments[..]].concat();
        let mut command = home.command(&all).unwrap();
        let output = tokio::time::timeout(DEADLINE, command.env("VECTRA_KEY", key).output());
        let output = output.await.expect("it does not end").unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains(key), "{said}");
        (output.status.code().unwrap(), said)
    };
    let begin = "2026-01-01T00:00:00Z";
    let below = format!("{url}/below");
    for (key, url, from, code, part) in [
        ("vop_wrong", &url, begin, 3, "the key is that of VECTRA_KEY"),
        (ADMIN_KEY, &url, "soon", 2, "400"),
        (ADMIN_KEY, &below, begin, 4, "404"),
    ] {
        let (found, said) = export(key, url, from).await;
        assert_eq!(found, code, "{said}");
        assert!(said.contains(part), "{said}");
    }
    vectra.stop().await.unwrap();
    let (code, said) = export(ADMIN_KEY, &url, begin).await;
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("cannot reach 127.0.0.1:"), "{said}");
}

#[tokio::test]
async fn a_backup_is_made_while_it_serves() {
    let (home, upstream) = allowing(&[]).await;
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    decide(&agent, &vectra, &upstream, &["before"]).await;
    let output = run(&home, &["backup", "copy.db"]).await;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let size = home.path("copy.db").metadata().unwrap().len();
    assert!(
        told.contains(&format!("copied {size} bytes to copy.db")),
        "{told}"
    );
    assert!(told.contains("vectra.db.secrets"), "{told}");
    decide(&agent, &vectra, &upstream, &["after"]).await;
    assert_eq!(rows(&home.path("copy.db"), &agent).await, 1);
    assert_eq!(rows(&home.database(), &agent).await, 2);

    let mut again = home.command(&["backup", "copy.db"]).unwrap();
    let output = again.output().await.unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(home.path("copy.db").metadata().unwrap().len(), size);
}

async fn rows(database: &Path, agent: &Agent) -> usize {
    let database = Database::open(database).await.unwrap();
    database.audit(&agent.id).await.unwrap().len()
}
