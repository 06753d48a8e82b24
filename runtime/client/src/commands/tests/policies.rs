//! Commands that read files with policies and cases.

use std::fs;

use serde_json::json;

use super::*;

/// Runs a command line in which `DIR` stands for this folder.
fn run_in(folder: &tempfile::TempDir, line: &str, answers: Vec<String>) -> (Vec<Asked>, ExitCode) {
    run(
        &line.replace("DIR", folder.path().to_str().unwrap()),
        answers,
    )
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn read_as(name: &str) -> String {
    let document = json!({ "name": name, "default": "Deny" });
    let policy = json!({ "name": name, "status": "Active", "document": document });
    answer(200, &json!({ "policy": policy }).to_string())
}

#[test]
fn a_policy_is_put_under_the_name_that_the_gateway_reads_in_it() {
    let text = "{\"name\":\"a b\",} // mine";
    let folder = folder(&[("p.json", text)]);
    let put = r#"{"name":"a b","revision":1,"changed":true,"shadow":false,"warnings":[]}"#;
    let answers = vec![read_as("a b"), answer(201, put)];
    let (asked, code) = run_in(&folder, "policy put DIR/p.json", answers);
    assert_eq!(code, ExitCode::SUCCESS);
    assert_eq!(asked[0].line, "POST /decisions/evaluate");
    assert_eq!(asked[1].line, "PUT /policies/a%20b");
    assert_eq!(asked[1].body, text, "as it is written");

    let problem = r#"{"title":"Validation failed","errors":{"name":["is required"]}}"#;
    let (asked, code) = run_in(&folder, "policy put DIR/p.json", vec![answer(400, problem)]);
    assert_eq!((asked.len(), code), (1, ExitCode::from(1)));
    let (asked, code) = run_in(&folder, "policy put DIR/q.json", vec![]);
    assert_eq!((asked.len(), code), (0, ExitCode::from(1)));
}

#[test]
fn the_policies_of_a_folder_are_tried_and_then_pushed_together() {
    let files = [
        ("b.json", "{\"name\":\"b\",} // mine"),
        ("a.json", "{}"),
        ("a.test.json", "{}"),
        ("notes.txt", "no policy"),
    ];
    let folder = folder(&files);
    let done =
        r#"{"events":[{"severity":"info","message":"policy `a`: revision 1"}],"more":false}"#;
    let answers = vec![read_as("a"), read_as("b"), answer(200, done)];
    let (asked, code) = run_in(&folder, "policy push DIR", answers);
    assert_eq!(code, ExitCode::SUCCESS);
    let lines: Vec<_> = asked.iter().map(|asked| asked.line.as_str()).collect();
    let tried = "POST /decisions/evaluate";
    assert_eq!(lines, [tried, tried, "POST /lifecycle/tick"]);
    let pushed: serde_json::Value = serde_json::from_str(&asked[2].body).unwrap();
    let file = |at: usize| json!({ "name": files[at].0, "content": files[at].1 });
    assert_eq!(pushed, json!({ "files": [file(1), file(0)] }));
}

#[test]
fn a_folder_with_a_broken_policy_or_without_any_changes_nothing() {
    let problem = r#"{"title":"Validation failed","errors":{"name":["is required"]}}"#;
    let broken = folder(&[("a.json", "{}"), ("b.json", "{}")]);
    let answers = vec![read_as("a"), answer(400, problem)];
    let (asked, code) = run_in(&broken, "policy push DIR", answers);
    assert_eq!((asked.len(), code), (2, ExitCode::from(1)));

    let empty = folder(&[("a.test.json", "{}")]);
    let (asked, code) = run_in(&empty, "policy push DIR", vec![]);
    assert_eq!((asked.len(), code), (0, ExitCode::from(1)));
    let done = answer(200, r#"{"events":[],"more":false}"#);
    let (asked, code) = run_in(&empty, "policy push DIR --empty", vec![done]);
    assert_eq!((asked.len(), code), (1, ExitCode::SUCCESS));
    assert_eq!(asked[0].body, r#"{"files":[]}"#);

    let (asked, code) = run_in(&empty, "policy push DIR/none", vec![]);
    assert_eq!((asked.len(), code), (0, ExitCode::from(1)));
}

#[test]
fn revisions_are_compared_with_each_other_or_with_a_file() {
    let folder = folder(&[("p.json", "{}")]);
    let revision =
        |number: u32| answer(200, &json!({ "name": "p", "revision": number }).to_string());
    for (line, answers, lines) in [
        (
            "policy diff p",
            vec![revision(4), revision(3)],
            vec!["GET /policies/p", "GET /policies/p?revision=3"],
        ),
        (
            "policy diff p --from 1 --to 2",
            vec![revision(2), revision(1)],
            vec!["GET /policies/p?revision=2", "GET /policies/p?revision=1"],
        ),
        (
            "policy diff p DIR/p.json",
            vec![revision(4), read_as("p")],
            vec!["GET /policies/p", "POST /decisions/evaluate"],
        ),
    ] {
        let (asked, code) = run_in(&folder, line, answers);
        let asked: Vec<_> = asked.into_iter().map(|asked| asked.line).collect();
        assert_eq!(
            (asked, code),
            (
                lines.into_iter().map(str::to_owned).collect(),
                ExitCode::SUCCESS
            ),
            "{line}"
        );
    }
    let (_, code) = run_in(&folder, "policy diff p", vec![revision(1)]);
    assert_eq!(code, ExitCode::from(4), "there is none before the first");
    let (_, code) = run_in(
        &folder,
        "policy diff p DIR/p.json",
        vec![revision(1), read_as("q")],
    );
    assert_eq!(code, ExitCode::from(1), "another policy");
}

const CASES: &str = r#" {"agent":{},"cases":[{"name":"n","request":{"method":"GET","url":"http://h/","body":{"a":1,"a":2}},"expect":{"outcome":"Deny"}}]}"#;

fn tested(passed: u32, failed: u32) -> String {
    let results = json!([{ "name": "n", "passed": failed == 0, "unmet": ["outcome is not"] }]);
    let body = json!({ "passed": passed, "failed": failed, "results": results, "notes": [], "warnings": [] });
    answer(200, &body.to_string())
}

#[test]
fn policies_are_tried_on_the_cases_beside_them_and_a_failing_one_is_an_error() {
    let folder = folder(&[
        ("a.json", "A"),
        ("a.test.json", CASES),
        ("b.json", "B"),
        ("b.test.json", CASES),
        ("without.json", "{}"),
    ]);
    let (asked, code) = run_in(&folder, "policy test DIR", vec![tested(1, 0), tested(1, 0)]);
    assert_eq!((asked.len(), code), (2, ExitCode::SUCCESS));
    let body = &asked[0].body;
    assert!(
        body.starts_with(r#"{"policy":"A","agent":{},"cases":["#),
        "{body}"
    );
    assert!(
        body.contains(r#"{"a":1,"a":2}"#),
        "a name that is repeated stays: {body}"
    );

    let (_, code) = run_in(&folder, "policy test DIR", vec![tested(0, 1), tested(1, 0)]);
    assert_eq!(code, ExitCode::from(1));
    // A policy that is refused fails; the others are still tried.
    let answers = vec![answer(400, "{}"), tested(1, 0)];
    let (asked, code) = run_in(&folder, "policy test DIR/a.json DIR/b.json", answers);
    assert_eq!((asked.len(), code), (2, ExitCode::from(1)));
    let (asked, code) = run_in(&folder, "policy test DIR", vec![answer(401, "{}")]);
    assert_eq!((asked.len(), code), (1, ExitCode::from(3)));
}

#[test]
fn nothing_passes_by_not_being_tried() {
    let case = |expect: &str| format!(r#"{{"cases":[{{"name":"n","request":{{}}{expect}}}]}}"#);
    for (files, line) in [
        (vec![("p.json", "{}".to_owned())], "policy test DIR/p.json"),
        (vec![("p.json", "{}".to_owned())], "policy test DIR"),
        (vec![("p.test.json", CASES.to_owned())], "policy test DIR"),
        (
            vec![("p.json", "{}".to_owned()), ("p.test.json", case(""))],
            "policy test DIR",
        ),
        (
            vec![
                ("p.json", "{}".to_owned()),
                ("p.test.json", r#"{"cases":[]}"#.to_owned()),
            ],
            "policy test DIR",
        ),
        (
            vec![
                ("p.json", "{}".to_owned()),
                ("p.test.json", "[]".to_owned()),
            ],
            "policy test DIR",
        ),
        (
            vec![("p.json", "{}".to_owned()), ("p.test.json", "{".to_owned())],
            "policy test DIR",
        ),
    ] {
        let files: Vec<_> = files
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let (asked, code) = run_in(&folder(&files), line, vec![]);
        assert_eq!((asked.len(), code), (0, ExitCode::from(1)), "{files:?}");
    }
}
