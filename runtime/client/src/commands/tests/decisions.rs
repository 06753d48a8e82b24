//! Commands that decide again.

use serde_json::json;

use super::*;

#[test]
fn decisions_of_a_time_are_replayed_one_by_one_and_added_up() {
    let page = |ids: &[&str], next: Option<&str>| {
        let items: Vec<_> = ids.iter().map(|id| json!({ "auditId": id })).collect();
        answer(
            200,
            &json!({ "items": items, "nextCursor": next }).to_string(),
        )
    };
    let result = |result: &str, why: &[&str]| {
        answer(200, &json!({ "result": result, "why": why }).to_string())
    };
    let line = "decision replay --from 2027-01-01T00:00:00Z --to 2027-01-02T00:00:00Z";
    let answers = vec![
        page(&["1", "2"], Some("c")),
        result("same", &[]),
        result("not-replayable", &["body: no"]),
        page(&["3"], None),
        result("same", &[]),
    ];
    let (asked, code) = run(line, answers);
    assert_eq!(code, ExitCode::SUCCESS);
    let query = "from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z&limit=100";
    let lines: Vec<_> = asked.into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        [
            format!("GET /audit/export?{query}"),
            "POST /decisions/replay/1".to_owned(),
            "POST /decisions/replay/2".to_owned(),
            format!("GET /audit/export?{query}&cursor=c"),
            "POST /decisions/replay/3".to_owned(),
        ]
    );
    let different = result("different", &["outcome: Allow then, Deny now"]);
    let (_, code) = run(line, vec![page(&["1"], None), different.clone()]);
    assert_eq!(code, ExitCode::from(1));
    let (asked, code) = run("decision replay ID", vec![different]);
    assert_eq!((asked.len(), code), (1, ExitCode::from(1)));
    // A gateway that does not go on is not asked for ever.
    let (asked, code) = run(line, vec![page(&[], Some("c")), page(&[], Some("c"))]);
    assert_eq!((asked.len(), code), (2, ExitCode::from(1)));
}

#[test]
fn a_draft_is_tried_page_by_page_and_its_changes_added_up() {
    let page = |next: Option<&str>| {
        let answer_of = json!({
            "read": 5, "examined": 4, "unchanged": 1, "changed": { "Allow->Deny": 2 },
            "notReplayable": { "count": 1, "reasons": { "body: no": 1 } },
            "first": [{ "auditId": "1", "from": "Allow", "to": "Deny", "rule": "r" }],
            "nextCursor": next,
        });
        answer(200, &answer_of.to_string())
    };
    let line = "policy what-if SECRET --from 2027-01-01T00:00:00Z --to 2027-01-02T00:00:00Z \
--agent ID --only-policy p --first 1";
    let (asked, code) = run(line, vec![page(Some("c")), page(None)]);
    assert_eq!(code, ExitCode::SUCCESS);
    let question = json!({
        "policy": "the secret\n", "from": "2027-01-01T00:00:00Z", "to": "2027-01-02T00:00:00Z",
        "limit": 1, "agentId": ID, "onlyPolicy": "p",
    });
    let mut further = question.clone();
    further["cursor"] = "c".into();
    for (asked, question) in asked.iter().zip([question, further]) {
        assert_eq!(asked.line, "POST /decisions/what-if");
        let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(body, question);
    }
    assert_eq!(asked.len(), 2);
}

#[test]
fn a_decision_is_shown_by_its_id() {
    let (asked, code) = run("audit show ID", vec![answer(200, "{}")]);
    assert_eq!(asked[0].line, format!("GET /audit/{ID}"));
    assert_eq!(code, ExitCode::SUCCESS);
}
