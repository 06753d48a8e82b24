//! `vectra hitl` and `vectra credential`.

use serde_json::json;

use super::*;

fn held(status: &str) -> String {
    let held = json!({ "id": ID, "status": status, "comment": "the agent is not active",
        "approvals": [{ "operator": "carol", "valid": true }], "needed": 2 });
    answer(200, &held.to_string())
}

#[test]
fn an_approval_waits_for_what_becomes_of_the_request() {
    for (statuses, code) in [
        (vec!["Approved", "Releasing", "Released"], 0),
        (vec!["Released"], 0),
        // Others must approve it too.
        (vec!["Pending"], 0),
        (vec!["Approved", "Denied"], 1),
        (vec!["Approved", "Uncertain"], 1),
        (vec!["Releasing", "Expired"], 1),
    ] {
        let answers = statuses.iter().map(|status| held(status)).collect();
        let (asked, left) = run("hitl approve ID", answers);
        let asked: Vec<_> = asked.into_iter().map(|asked| asked.line).collect();
        let mut expected = vec![format!("POST /hitls/{ID}/approve")];
        expected.resize(statuses.len(), format!("GET /hitls/{ID}"));
        assert_eq!(
            (asked, left),
            (expected, ExitCode::from(code)),
            "{statuses:?}"
        );
    }
}

#[test]
fn a_wait_ends() {
    let (asked, code) = run("hitl approve ID --wait 0", vec![held("Approved")]);
    assert_eq!((asked.len(), code), (1, ExitCode::from(1)));
    let answers = vec![held("Approved"), answer(503, "{}")];
    let (asked, code) = run("hitl approve ID", answers);
    assert_eq!((asked.len(), code), (2, ExitCode::from(5)));
}

#[test]
fn refusals_have_the_codes_of_other_commands() {
    for (status, code) in [(403, 3), (404, 4), (409, 1), (503, 5)] {
        for line in [
            "hitl approve ID",
            "hitl deny ID",
            "hitl settle ID --sent true",
        ] {
            let (_, left) = run(line, vec![answer(status, "{}")]);
            assert_eq!(left, ExitCode::from(code), "{line}: {status}");
        }
    }
}

#[test]
fn as_many_values_are_wanted_as_names() {
    for line in [
        "credential add https://a.example --header a --header b",
        "credential add https://a.example --header a --header b --value-file SECRET",
        "credential add https://a.example --header a --value-file SECRET --value-file SECRET",
    ] {
        let (asked, code) = run(line, vec![]);
        assert_eq!((asked.len(), code), (0, ExitCode::from(2)), "{line}");
    }
}

#[test]
fn a_refusal_that_repeats_a_value_does_not_show_it() {
    let call = Call::post(&["credentials"]).json(json!({ "headers": { "x": "hush-5f1d" } }));
    let secrets: Vec<_> = crate::session::secrets(&call).collect();
    assert_eq!(secrets, ["hush-5f1d"]);
}
