mod decisions;
mod held;
mod policies;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use super::*;
use crate::fake::{Asked, Fake, answer};

#[derive(Parser)]
enum Line {
    #[command(subcommand)]
    Operator(Operator),
    #[command(subcommand)]
    Agent(Agent),
    #[command(subcommand)]
    Token(Token),
    #[command(subcommand)]
    Policy(Policy),
    #[command(subcommand)]
    Circuit(Circuit),
    #[command(subcommand)]
    Audit(Audit),
    #[command(subcommand)]
    Decision(Decision),
    #[command(subcommand)]
    Hitl(Hitl),
    #[command(subcommand)]
    Credential(Credential),
    #[command(subcommand)]
    Lifecycle(Lifecycle),
}

const ID: &str = "0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11";
const KEY: &str = "Bearer vop_hush";

/// Runs a command line against a gateway that gives these answers.
fn run(line: &str, answers: Vec<String>) -> (Vec<Asked>, ExitCode) {
    let folder = tempfile::tempdir().unwrap();
    let (key, secret) = (folder.path().join("key"), folder.path().join("secret"));
    std::fs::write(&key, "vop_hush\n").unwrap();
    std::fs::write(&secret, "the secret\n").unwrap();
    let fake = Fake::start(answers);
    let line = line.replace("ID", ID);
    let mut words: Vec<_> = std::iter::once("vectra").chain(line.split(' ')).collect();
    for word in &mut words {
        if *word == "SECRET" {
            *word = secret.to_str().unwrap();
        }
    }
    let url = fake.url();
    words.extend(["--url", &url, "--key-file", key.to_str().unwrap()]);
    let code = match Line::parse_from(words) {
        Line::Operator(command) => command.run(),
        Line::Agent(command) => command.run(),
        Line::Token(command) => command.run(),
        Line::Policy(command) => command.run(),
        Line::Circuit(command) => command.run(),
        Line::Audit(command) => command.run(),
        Line::Decision(command) => command.run(),
        Line::Hitl(command) => command.run(),
        Line::Credential(command) => command.run(),
        Line::Lifecycle(command) => command.run(),
    };
    (fake.asked(), code)
}

#[test]
fn every_help_has_an_example_and_a_heading_of_its_own() {
    let mut leaves = 0;
    let line = Line::command();
    line.clone().debug_assert();
    for subject in line.get_subcommands() {
        for command in subject.get_subcommands() {
            let name = format!("{} {}", subject.get_name(), command.get_name());
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example:\n  "), "{name}");
            assert!(help.contains(&format!("vectra {name}")), "{name}:\n{help}");
            let about = command.get_about().map(ToString::to_string);
            let about = about.unwrap_or_default();
            assert!(
                !about.is_empty() && !about.starts_with('`'),
                "{name}: {about}"
            );
            leaves += 1;
        }
    }
    assert_eq!(leaves, 44);
}

#[test]
fn a_command_line_that_is_wrong_is_refused_before_anything_is_sent() {
    for line in [
        "operator add carol",
        "operator add carol --role boss",
        "operator add carol --role admin --expires tomorrow",
        "operator add carol --role admin --expires-in 0d",
        "operator add carol --role admin --expires-in 1d --expires 2027-01-31T00:00:00Z",
        "operator add carol --role admin --key vop_hush",
        "operator revoke",
        "agent add billing --limit 1000001",
        "agent add billing --limit -1",
        "agent add billing --secret hush",
        "agent show billing",
        "agent list --status sleeping",
        "agent list --max 0",
        "agent update ID",
        "agent update ID --owner a --no-owner",
        "agent policy ID",
        "agent policy ID read-only --none",
        "agent limit ID",
        "agent limit ID 1 --default",
        "agent rotate ID --overlap 8d",
        "token get",
        "token get --agent billing",
        "policy show",
        "policy show p --revision 0",
        "policy put",
        "policy test",
        "policy diff p FILE --from 1",
        "agent unassign billing",
        "audit list --agent billing",
        "audit show billing",
        "decision replay",
        "decision replay ID --from 2027-01-01T00:00:00Z --to 2027-01-02T00:00:00Z",
        "decision replay --from 2027-01-01T00:00:00Z",
        "policy what-if FILE --from 2027-01-01T00:00:00Z",
        "policy what-if FILE --from x --to y",
        "agent list --output yaml",
        "hitl list --status open",
        "hitl show billing",
        "hitl approve ID --digest abc",
        "hitl approve ID --wait 3601",
        "hitl settle ID",
        "hitl settle ID --sent perhaps",
        "credential add https://api.example",
        "credential remove billing",
        "policy push",
        "lifecycle tick --budget 0",
        "lifecycle tick --budget 1001",
    ] {
        let line = line.replace("ID", ID);
        let words = std::iter::once("vectra").chain(line.split(' '));
        let error = Line::try_parse_from(words).err();
        assert_eq!(error.map(|error| error.exit_code()), Some(2), "{line}");
    }
}

#[test]
fn each_command_is_a_call_of_the_interface() {
    let list = r#"{"items":[],"nextCursor":null}"#;
    let cases = [
        (
            "operator add carol --role reviewer --expires 2027-01-31T00:00:00Z",
            "POST /operators",
            r#"{"expiresAt":"2027-01-31T00:00:00Z","name":"carol","role":"Reviewer"}"#,
        ),
        (
            "operator add carol --role admin",
            "POST /operators",
            r#"{"name":"carol","role":"Admin"}"#,
        ),
        (
            "lifecycle tick --budget 7",
            "POST /lifecycle/tick",
            r#"{"budget":7}"#,
        ),
        ("operator list --max 7", "GET /operators?limit=7", ""),
        ("operator revoke ID", "DELETE /operators/ID", ""),
        ("agent add billing", "POST /agents", r#"{"name":"billing"}"#),
        (
            "agent add billing --owner o --secret-file SECRET",
            "POST /agents",
            r#"{"clientSecret":"the secret","name":"billing","ownerId":"o"}"#,
        ),
        ("agent list", "GET /agents?limit=200", ""),
        (
            "agent list --status quarantined --owner a&b --policy p --name n",
            "GET /agents?status=Quarantined&ownerId=a%26b&policyName=p&name=n&limit=200",
            "",
        ),
        ("agent show ID", "GET /agents/ID", ""),
        (
            "agent update ID --name n",
            "PATCH /agents/ID",
            r#"{"name":"n"}"#,
        ),
        (
            "agent update ID --owner o",
            "PATCH /agents/ID",
            r#"{"ownerId":"o"}"#,
        ),
        (
            "agent update ID --no-owner",
            "PATCH /agents/ID",
            r#"{"ownerId":null}"#,
        ),
        (
            "agent policy ID read-only",
            "PUT /agents/ID/policy",
            r#"{"policyName":"read-only"}"#,
        ),
        (
            "agent policy ID --none",
            "PUT /agents/ID/policy",
            r#"{"policyName":null}"#,
        ),
        (
            "agent limit ID 0",
            "PUT /agents/ID/limit",
            r#"{"requestsPerMinute":0}"#,
        ),
        (
            "agent limit ID --default",
            "PUT /agents/ID/limit",
            r#"{"requestsPerMinute":null}"#,
        ),
        ("agent quarantine ID", "POST /agents/ID/quarantine", ""),
        ("agent revoke ID", "POST /agents/ID/revoke", ""),
        ("agent activate ID", "POST /agents/ID/activate", ""),
        ("agent delete ID", "DELETE /agents/ID", ""),
        ("agent rotate ID", "POST /agents/ID/secret", "{}"),
        (
            "agent rotate ID --overlap 1h --secret-file SECRET",
            "POST /agents/ID/secret",
            r#"{"clientSecret":"the secret","overlapSeconds":3600}"#,
        ),
        ("token revoke ID", "DELETE /agents/ID/tokens", ""),
        ("policy list", "GET /policies?limit=200", ""),
        ("policy show a/b", "GET /policies/a%2Fb", ""),
        (
            "policy show p --revision 3",
            "GET /policies/p?revision=3",
            "",
        ),
        (
            "policy revisions p",
            "GET /policies/p/revisions?limit=200",
            "",
        ),
        ("policy retire p", "DELETE /policies/p", ""),
        (
            "policy retire p --force",
            "DELETE /policies/p?force=true",
            "",
        ),
        (
            "policy put SECRET --name p",
            "PUT /policies/p",
            "the secret\n",
        ),
        ("agent unassign ID", "DELETE /agents/ID/policy", ""),
        (
            "audit list --agent ID --max 201",
            "GET /audit?agentId=ID&limit=200",
            "",
        ),
        (
            "audit acts --operator carol",
            "GET /audit/acts?operatorName=carol&limit=200",
            "",
        ),
        (
            "audit refusals --agent ID",
            "GET /audit/refusals?agentId=ID&limit=200",
            "",
        ),
        (
            "hitl list --status pending --agent ID",
            "GET /hitls?status=Pending&agentId=ID&limit=200",
            "",
        ),
        ("hitl show ID", "GET /hitls/ID", ""),
        ("hitl approve ID", "POST /hitls/ID/approve", "{}"),
        (
            "hitl approve ID --comment agreed --digest DIGEST",
            "POST /hitls/ID/approve",
            r#"{"comment":"agreed","digest":"DIGEST"}"#,
        ),
        (
            "hitl deny ID --comment no",
            "POST /hitls/ID/deny",
            r#"{"comment":"no"}"#,
        ),
        (
            "hitl settle ID --sent false",
            "POST /hitls/ID/settle",
            r#"{"sent":false}"#,
        ),
        ("credential list", "GET /credentials?limit=200", ""),
        (
            "credential add https://api.example --header x-key --value-file SECRET",
            "POST /credentials",
            r#"{"headers":{"x-key":"the secret"},"origin":"https://api.example"}"#,
        ),
        (
            "credential replace ID --header a --value-file SECRET --header b --value-file SECRET",
            "PUT /credentials/ID",
            r#"{"headers":{"a":"the secret","b":"the secret"}}"#,
        ),
        ("credential remove ID", "DELETE /credentials/ID", ""),
        ("circuit list", "GET /circuits?limit=200", ""),
        ("circuit changes", "GET /circuits/changes?limit=200", ""),
    ];
    let digest = "0f".repeat(32);
    for (line, expected, body) in cases {
        let answers = vec![answer(200, list)];
        let (asked, _) = run(&line.replace("DIGEST", &digest), answers);
        let expected = Asked {
            line: expected.replace("ID", ID),
            key: Some(KEY.to_owned()),
            body: body.replace("DIGEST", &digest),
        };
        assert_eq!(asked, [expected], "{line}");
    }
}

#[test]
fn a_token_is_got_without_a_key() {
    let body = r#"{"accessToken":"t","tokenType":"Bearer","expiresAt":""}"#;
    let line = "token get --agent ID --secret-file SECRET";
    let (asked, code) = run(line, vec![answer(200, body)]);
    let expected = Asked {
        line: "POST /tokens".to_owned(),
        key: None,
        body: format!(r#"{{"agentId":"{ID}","clientSecret":"the secret"}}"#),
    };
    assert_eq!((asked, code), (vec![expected], ExitCode::SUCCESS));
}

#[test]
fn an_agent_is_registered_only_if_its_policy_is_there() {
    let line = "agent add billing --policy p --limit 5";
    let (asked, code) = run(line, vec![answer(404, "")]);
    assert_eq!((asked.len(), code), (1, ExitCode::from(4)));

    let made = answer(201, &format!(r#"{{"agentId":"{ID}","clientSecret":"s"}}"#));
    let put = answer(200, &format!(r#"{{"agentId":"{ID}"}}"#));
    let answers = vec![answer(200, "{}"), made.clone(), put.clone(), put.clone()];
    let (asked, code) = run(line, answers);
    let lines: Vec<_> = asked
        .iter()
        .map(|asked| asked.line.replace(ID, "ID"))
        .collect();
    assert_eq!(
        lines,
        [
            "GET /policies/p",
            "POST /agents",
            "PUT /agents/ID/policy",
            "PUT /agents/ID/limit"
        ]
    );
    assert_eq!(code, ExitCode::SUCCESS);

    let (asked, code) = run(line, vec![answer(200, "{}"), made, put, answer(503, "")]);
    assert_eq!((asked.len(), code), (4, ExitCode::from(5)));
}

#[test]
fn an_operator_is_revoked_by_name_unless_they_are_already() {
    let operator = |id: &str, name: &str, revoked: &str| {
        format!(r#"{{"operatorId":"{id}","name":"{name}","revokedAt":{revoked}}}"#)
    };
    let items = [
        operator("1", "carol", "\"2026-01-31T12:00:00.000000Z\""),
        operator("2", "dave", "null"),
        operator("3", "carol", "null"),
    ];
    let page = answer(
        200,
        &format!(r#"{{"items":[{}],"nextCursor":null}}"#, items.join(",")),
    );
    let (asked, code) = run("operator revoke carol", vec![page.clone(), answer(204, "")]);
    assert_eq!(asked.last().unwrap().line, "DELETE /operators/3");
    assert_eq!(code, ExitCode::SUCCESS);
    let (asked, code) = run("operator revoke erin", vec![page.clone()]);
    assert_eq!((asked.len(), code), (1, ExitCode::from(4)));
    // Who is named like an id is found after it.
    let named = format!(r#"{{"items":[{}]}}"#, operator("4", ID, "null"));
    let unknown = || answer(404, "");
    let answers = vec![unknown(), answer(200, &named), answer(204, "")];
    let (asked, code) = run("operator revoke ID", answers);
    let asked: Vec<_> = asked.into_iter().map(|asked| asked.line).collect();
    let by_id = format!("DELETE /operators/{ID}");
    let list = "GET /operators?limit=200".to_owned();
    assert_eq!(asked, [by_id, list, "DELETE /operators/4".to_owned()]);
    assert_eq!(code, ExitCode::SUCCESS);
    let (asked, code) = run("operator revoke ID", vec![unknown(), page]);
    assert_eq!((asked.len(), code), (2, ExitCode::from(4)));
    let (asked, code) = run("operator revoke ID", vec![answer(403, "")]);
    assert_eq!((asked.len(), code), (1, ExitCode::from(3)));
}

#[test]
fn nothing_goes_to_another_machine_in_clear_unless_it_is_said() {
    let run = |more: &str| {
        // An address that is for documentation: nobody answers.
        let line = format!("vectra token get --agent {ID} --url http://192.0.2.1:1 {more}");
        match Line::try_parse_from(line.trim().split(' ')).unwrap() {
            Line::Token(command) => command.run(),
            _ => ExitCode::SUCCESS,
        }
    };
    assert_eq!(run(""), ExitCode::from(2));
    // It goes on, to the secret that is not there.
    assert_eq!(
        run("--insecure --secret-file /nowhere/secret"),
        ExitCode::from(1)
    );
}
