//! Who may do what: every endpoint, asked by everybody, against the golden file
//! `tests/golden/roles.txt`. `VECTRA_BLESS=1` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use http::Request;
use vectra_api::{Access, ROUTES, Route};

use crate::world::{ADMIN, World};

/// Who asks; the columns of the file.
const CALLERS: [&str; 9] = [
    "admin",
    "reviewer",
    "auditor",
    "agent",
    "nobody",
    "malformed",
    "foreign",
    "expired",
    "revoked",
];

/// Every method that a proxied request may have.
const ANY: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const HEAD: &str = "\
# Who may do what. yes: it is done; 401: the caller is not known; 403: known, and may
# not. Written by the test `roles` of vectra-api.
#
# admin, reviewer, auditor: an operator's key. agent: an agent's token. nobody: no key.
# malformed: no key that could be one. foreign: another gateway's. expired, revoked: a
# key that was an admin's.
";

const POLICY: &str = r#"{"name":"p","default":"Allow","rules":[{"name":"ask","effect":"Hitl",
    "conditions":[{"field":"path","operator":"startswith","value":"/ask"}]}]}"#;

/// One that is no file's.
const OWN: &str = r#"{"name":"own","default":"Allow"}"#;

/// A gateway with one of everything, and the credentials of everybody.
struct Stage {
    world: World,
    agent: String,
    token: String,
    operator: String,
    held: String,
    audit: String,
    credential: String,
    keys: [(&'static str, String); 5],
}

impl Stage {
    fn new() -> Self {
        let world = World::new();
        world.policies(&[("p.json", POLICY)]);
        world.manage("PUT", "/policies/own", OWN);
        let body = r#"{"name":"brief","role":"Admin","expiresAt":"2023-11-15T12:00:01Z"}"#;
        let (_, brief) = world.manage("POST", "/operators", body);
        let (former, revoked) = world.operator("former", "Admin");
        world.manage("DELETE", &format!("/operators/{former}"), "");
        world.wait(1);
        let (agent, token) = world.agent();
        world.assign(&agent, "p");
        let (_, held) = world.ask(&token, "GET", "/proxy/http://api.example/ask", "");
        let body = r#"{"origin":"https://bound.example","headers":{"x-key":"value"}}"#;
        let (_, credential) = world.manage("POST", "/credentials", body);
        let keys = [
            ("admin", world.operator("an admin", "Admin").1),
            ("reviewer", world.operator("a reviewer", "Reviewer").1),
            ("auditor", world.operator("an auditor", "Auditor").1),
            ("expired", brief["key"].as_str().unwrap().to_owned()),
            ("revoked", revoked),
        ];
        Self {
            operator: world.operator("another", "Admin").0,
            held: held["id"].as_str().unwrap().to_owned(),
            audit: held["auditId"].as_str().unwrap().to_owned(),
            credential: credential["credentialId"].as_str().unwrap().to_owned(),
            world,
            agent,
            token,
            keys,
        }
    }

    fn credential(&self, caller: &str) -> Option<String> {
        match caller {
            "nobody" => None,
            "first" => Some(ADMIN.to_owned()),
            "agent" => Some(self.token.clone()),
            "malformed" => Some("vop_wrong".to_owned()),
            "foreign" => Some(format!("vop_{}", "A".repeat(43))),
            _ => {
                let mut keys = self.keys.iter();
                let found = keys.find(|(name, _)| *name == caller);
                Some(found.unwrap().1.clone())
            }
        }
    }

    /// The answer's status.
    fn ask(&self, caller: &str, method: &str, route: &Route) -> u16 {
        let path = route
            .path
            .replace("{agentId}", &self.agent)
            .replace("{operatorId}", &self.operator)
            .replace("{id}", &self.held)
            .replace("{auditId}", &self.audit)
            .replace("{credentialId}", &self.credential)
            .replace("{file}", "main.js")
            .replace("{name}", "own")
            .replace("{target}", "http://api.example/yes");
        let body = body(route).replace("{agent}", &self.agent);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json");
        if let Some(credential) = self.credential(caller) {
            request = request.header("authorization", format!("Bearer {credential}"));
        }
        self.world.database.calls();
        let response = self.world.send(request.body(body.into_bytes()).unwrap());
        let status = response.status().as_u16();
        if matches!(route.access, Access::Operators(_)) && (status == 401 || status == 403) {
            self.refused_at_once(caller, status, response.body(), route);
        }
        status
    }

    /// Nothing but the key was looked at, and the answer is always the same.
    fn refused_at_once(&self, caller: &str, status: u16, body: &[u8], route: &Route) {
        let place = format!("{caller}: {} {}", route.method, route.path);
        let calls = self.world.database.calls();
        let expected: &[&str] = match caller {
            "agent" | "nobody" | "malformed" => &[],
            "reviewer" | "auditor" => &["operators.find_by_key", "operators.touch"],
            _ => &["operators.find_by_key"],
        };
        assert_eq!(calls, expected, "{place}");
        let text = String::from_utf8(body.to_vec()).unwrap();
        if status == 401 {
            let same = r#"{"errorCode":"VEC800001","status":401,"title":"Missing or invalid authentication","type":"https://httpstatuses.com/401"}"#;
            assert_eq!(text, same, "{place}");
        } else {
            assert!(text.contains("only for the role Admin"), "{place}: {text}");
            assert!(text.contains("VEC700001"), "{place}: {text}");
        }
    }
}

/// A body that the endpoint takes.
fn body(route: &Route) -> &'static str {
    match (route.method, route.path) {
        ("POST", "/operators") => r#"{"name":"new","role":"Auditor"}"#,
        ("POST", "/agents") => r#"{"name":"new"}"#,
        ("PATCH", "/agents/{agentId}") => r#"{"name":"newer"}"#,
        ("PUT", "/agents/{agentId}/policy") => r#"{"policyName":null}"#,
        ("PUT", "/agents/{agentId}/limit") => r#"{"requestsPerMinute":7}"#,
        ("POST", "/agents/{agentId}/secret") => "{}",
        ("PUT", "/policies/{name}") => OWN,
        ("POST", "/hitls/{id}/settle") => r#"{"sent":true}"#,
        ("POST", "/credentials") => {
            r#"{"origin":"https://new.example","headers":{"x-key":"value"}}"#
        }
        ("PUT", "/credentials/{credentialId}") => r#"{"headers":{"x-key":"value"}}"#,
        ("POST", "/policies/{name}/evaluate" | "/decisions/evaluate") => {
            r#"{"request":{"method":"GET","url":"http://api.example/"}}"#
        }
        ("POST", "/decisions/what-if") => {
            r#"{"policy":{"name":"p","default":"Deny"},"from":"2023-11-15T00:00:00Z","to":"2023-11-16T00:00:00Z"}"#
        }
        ("POST", "/tokens") => {
            r#"{"agentId":"{agent}","clientSecret":"a secret of enough length"}"#
        }
        _ => "",
    }
}

/// What the file says of a status.
fn class(status: u16) -> String {
    match status {
        200..=299 => "yes".to_owned(),
        other => other.to_string(),
    }
}

/// The answer that a caller gets, whatever the method.
fn asked(caller: &str, route: &Route) -> String {
    let methods: &[&str] = match route.method {
        "ANY" => &ANY,
        one => &[one],
    };
    let answers: BTreeSet<String> = methods
        .iter()
        .map(|method| class(Stage::new().ask(caller, method, route)))
        .collect();
    answers.into_iter().collect::<Vec<_>>().join("/")
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    let mut row = |first: &str, cells: &[String]| {
        let mut line = format!("{first:38}");
        for (cell, caller) in cells.iter().zip(CALLERS) {
            let width = caller.len().max(3);
            write!(line, " {cell:width$}").unwrap();
        }
        writeln!(text, "{}", line.trim_end()).unwrap();
    };
    row("#", &CALLERS.map(str::to_owned));
    for route in ROUTES {
        let cells: Vec<String> = CALLERS.iter().map(|caller| asked(caller, route)).collect();
        row(&format!("{} {}", route.method, route.path), &cells);
    }
    text
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden/roles.txt")
}

#[test]
fn the_matrix_of_roles_is_the_golden_one() {
    let actual = table();
    if std::env::var_os("VECTRA_BLESS").is_some() {
        fs::write(golden(), &actual).unwrap();
    }
    let expected = fs::read_to_string(golden()).unwrap_or_default();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (expected_lines, actual_lines) = (lines(&expected), lines(&actual));
    let mut difference = String::new();
    for line in expected_lines.difference(&actual_lines) {
        writeln!(difference, "- {line}").unwrap();
    }
    for line in actual_lines.difference(&expected_lines) {
        writeln!(difference, "+ {line}").unwrap();
    }
    assert!(
        expected == actual,
        "tests/golden/roles.txt (-) is not what the gateway does (+); if that is meant, \
         run this test with VECTRA_BLESS=1\n{difference}"
    );
}

#[test]
fn the_first_key_may_what_an_admin_may() {
    for route in ROUTES {
        let admin = asked("admin", route);
        assert_eq!(
            asked("first", route),
            admin,
            "{} {}",
            route.method,
            route.path
        );
    }
}

/// OB §23.1.
#[test]
fn no_management_endpoint_is_open_to_anyone() {
    let open: Vec<&str> = ROUTES
        .iter()
        .filter(|route| asked("nobody", route) != "401")
        .map(|route| route.path)
        .collect();
    // The console's pages are the same for everybody and know nothing.
    assert_eq!(open, ["/tokens", "/console", "/console/{file}", "/health"]);
}

/// OB §23.1: an agent approved its own request. Of everything that is not its proxy, or
/// open to all, a token opens only the look at what is held, and what was answered to it.
#[test]
fn an_agent_decides_about_nothing_not_even_its_own_held_request() {
    let open: Vec<(&str, &str)> = ROUTES
        .iter()
        .filter(|route| !["401", "403"].contains(&asked("agent", route).as_str()))
        .map(|route| (route.method, route.path))
        .collect();
    assert_eq!(
        open,
        [
            ("POST", "/tokens"),
            ("GET", "/hitls/{id}"),
            ("GET", "/hitls/{id}/response"),
            ("GET", "/console"),
            ("GET", "/console/{file}"),
            ("GET", "/health"),
            ("ANY", "/proxy/{target}"),
        ]
    );
}
