//! Decisions of all kinds: settings, policies, agents, requests, answers.

use std::cell::RefCell;

use http::Request;
use vectra_api::UpstreamError;
use vectra_decision::{Intent, IntentStatus};

use crate::world::{LABELS, World};

/// Decisions in each world.
const DECISIONS: u32 = 1_120;

const OPA: &str = "https://opa.example/v1/data/vectra/authz";

/// No limit but what a world is about.
const CONFIGS: [&str; 9] = [
    r#"{}"#,
    r#"{"Semantic":{"Enabled":true,"ConfidenceThreshold":0.6,"HoldLabels":["admin_action"]},"HumanInTheLoop":{"Threshold":0.45}}"#,
    r#"{"Semantic":{"Enabled":true,"OnFailure":"Deny","AllowLowConfidence":true},"Decision":{"Mode":"Shadow"}}"#,
    r#"{"Policy":{"DefaultProvider":"Opa","Providers":{"Opa":{"BaseUrl":"https://opa.example"}}}}"#,
    r#"{"Policy":{"DefaultProvider":"Opa","Providers":{"Opa":{"BaseUrl":"https://opa.example"}}},"Decision":{"Mode":"Shadow"}}"#,
    r#"{"Policy":{"Unassigned":"Hitl"},"Proxy":{"UndecodableBody":"Hitl","UninspectedOrigins":["big.example:443"]},
        "HumanInTheLoop":{"Threshold":0.3},"Trust":{"AllowRate":0.3,"DenyRate":0.3,"HitlRate":0.1}}"#,
    r#"{"Policy":{"Unassigned":"Deny"},"Risk":{"Weights":{"Method":0.333,"Path":0.1},
        "PathPatterns":[{"Pattern":"/v#/","Score":0.77},{"Pattern":"secret","Score":0.9}]},"HumanInTheLoop":{"Threshold":0.5}}"#,
    r#"{"Policy":{"Enabled":false},"Risk":{"Weights":{"Method":1,"Path":0,"AgentHistory":0,"TimeOfDay":0,"BodySize":0,"Anomaly":0}}}"#,
    r#"{"Decision":{"Mode":"Shadow"},"HumanInTheLoop":{"Threshold":0.2},"AgentQuarantine":{"Enabled":false}}"#,
];

const POLICIES: [(&str, &str); 6] = [
    (
        "method.json",
        r#"{"name":"method","default":"Allow","rules":[
        {"name":"no-delete","effect":"Deny","reason":"never delete","conditions":[{"field":"method","operator":"eq","value":"DELETE"}]},
        {"name":"ask","effect":"Hitl","conditions":[{"field":"path","operator":"startswith","value":"/ask"}]},
        {"name":"host","effect":"Deny","conditions":[{"field":"target.host","operator":"endswith","value":"evil.example"}]},
        {"name":"query","effect":"Deny","conditions":[{"field":"path","operator":"contains","value":"admin=1"}]}]}"#,
    ),
    (
        "content.json",
        r#"{"name":"content","default":"Allow","rules":[
        {"name":"red","effect":"Deny","conditions":[{"field":"headers.x-team","operator":"eq","value":"red"}]},
        {"name":"much","effect":"Hitl","conditions":[{"field":"body.amount","operator":"gt","value":100}]},
        {"name":"drop","effect":"Deny","conditions":[{"field":"body.items.op","operator":"eq","value":"drop"}]},
        {"name":"json","effect":"Allow","conditions":[{"field":"headers.content-type","operator":"startswith","value":"application/json"},
            {"field":"body.kind","operator":"in","value":["a","b"]}]},
        {"name":"auth","effect":"Deny","conditions":[{"field":"headers.x-api-key","operator":"eq","value":"hush"}]}]}"#,
    ),
    (
        "text.json",
        r#"{"name":"text","default":"Deny","rules":[
        {"name":"read","effect":"Allow","conditions":[{"field":"method","operator":"in","value":["GET","HEAD"]},{"field":"path","operator":"regex","value":"^/(a|v[0-9]+)/"}]},
        {"name":"exact","effect":"Allow","conditions":[{"field":"body","operator":"eq","value":"hello"}]}]}"#,
    ),
    (
        "risky.json",
        r#"{"name":"risky","default":"Allow","rules":[
        {"name":"score","effect":"Hitl","conditions":[{"field":"risk.score","operator":"gt","value":0.3}]},
        {"name":"factor","effect":"Deny","conditions":[{"field":"risk.path","operator":"ge","value":0.9}]},
        {"name":"trust","effect":"Deny","conditions":[{"field":"agent.trust_score","operator":"lt","value":0.3}]}]}"#,
    ),
    (
        "tried.json",
        r#"{"name":"tried","default":"Deny","mode":"Shadow","rules":[
        {"name":"blue","effect":"Allow","conditions":[{"field":"headers.x-team","operator":"ne","value":"red"}]}]}"#,
    ),
    (
        "meant.json",
        r#"{"name":"meant","default":"Allow","rules":[
        {"name":"harm","effect":"Deny","conditions":[{"field":"intent.label","operator":"eq","value":"harmful"},{"field":"intent.confidence","operator":"gt","value":0.5}]}]}"#,
    ),
];

/// The same throw each time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }

    pub fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        let at = self.below(of.len() as u64);
        of[usize::try_from(at).unwrap()]
    }
}

/// The worlds in which it was decided.
pub fn worlds() -> impl Iterator<Item = World> {
    CONFIGS.iter().zip(1..).map(|(config, seed)| {
        let common = r#","System":{"RateLimit":{"Enabled":false}}}"#;
        let limits = r#""MaxPendingPerAgent":0,"MaxPendingRequests":0"#;
        let (head, _) = config.rsplit_once('}').unwrap();
        let with = if config.contains("HumanInTheLoop") {
            head.replace(
                r#""HumanInTheLoop":{"#,
                &format!(r#""HumanInTheLoop":{{{limits},"#),
            )
        } else if head == "{" {
            format!(r#"{{"HumanInTheLoop":{{{limits}}}"#)
        } else {
            format!(r#"{head},"HumanInTheLoop":{{{limits}}}"#)
        };
        let world = World {
            intent: RefCell::new(Some(meaning("read", 0.9))),
            ..World::configured(&(with + common))
        };
        populate(&world, Dice::new(seed));
        world
    })
}

fn meaning(label: &str, confidence: f64) -> Intent {
    Intent {
        label: label.to_owned(),
        confidence,
        status: IntentStatus::Classified,
        risk_tags: vec!["t\"ag".to_owned()],
        explanation: Some("hush".to_owned()),
        model: Some("m 1".to_owned()),
    }
}

fn populate(world: &World, mut dice: Dice) {
    world.policies(&POLICIES);
    let names = [
        "method", "content", "text", "risky", "tried", "meant", "", "retired",
    ];
    let mut tokens = Vec::new();
    for name in names {
        let (id, token) = world.agent();
        if name == "retired" {
            world.policies(&with_retired());
            world.assign(&id, name);
            world.policies(&POLICIES);
        } else if !name.is_empty() {
            world.assign(&id, name);
        }
        tokens.push(token);
    }
    for n in 0..DECISIONS {
        world
            .now
            .set(world.now.get() + 200_000 + i64::try_from(dice.below(99_999)).unwrap());
        // A policy is changed on the way.
        if n == DECISIONS / 2 {
            let mut files = POLICIES;
            files[0].1 = r#"{"name":"method","default":"Hitl"}"#;
            world.policies(&files);
        }
        answers(world, &mut dice);
        world.undecided.set(dice.below(400) == 0);
        let fails = (dice.below(300) == 0).then(|| UpstreamError::Prohibited("x".to_owned()));
        world.upstream_fails.replace(fails);
        let at = usize::try_from(dice.below(tokens.len() as u64)).unwrap();
        let response = world.send(request(&mut dice, &tokens[at]));
        assert!(
            response.status() != 401 && response.status() != 400,
            "{response:?}"
        );
        world.undecided.set(false);
        world.reached.borrow_mut().clear();
    }
    world.upstream_fails.replace(None);
}

fn with_retired() -> Vec<(&'static str, &'static str)> {
    let mut files = POLICIES.to_vec();
    files.push(("retired.json", r#"{"name":"retired","default":"Allow"}"#));
    files
}

/// What server and classifier say next.
fn answers(world: &World, dice: &mut Dice) {
    let says = [
        r#"{"result":true}"#,
        r#"{"result":true}"#,
        r#"{"result":true}"#,
        r#"{"result":false}"#,
        r#"{"result":{"hitl":true,"reason":"ask \u0000 me","rule":"r"}}"#,
        r#"{"result":{"allow":true,"rule":"\u0000"}}"#,
        r#"{"result":7}"#,
        "no JSON",
    ];
    let status = if dice.below(9) == 0 { 500 } else { 200 };
    let answer = (status, dice.one(&says).to_owned());
    world.answers.replace([(OPA.to_owned(), answer)].into());
    let mut intent = meaning(dice.one(&LABELS), dice.below(100) as f64 / 99.0);
    if dice.below(9) == 0 {
        intent.status = IntentStatus::Failed;
    }
    world.intent.replace(Some(intent));
}

fn request(dice: &mut Dice, token: &str) -> Request<Vec<u8>> {
    let method = dice.one(&[
        "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "delete", "X",
    ]);
    let origin = dice.one(&[
        "https://api.example",
        "https://api.example",
        "https://api.example",
        "https://api.example",
        "https://api.example",
        "https://api.example",
        "https://api.example",
        "HTTPS://API.example:443",
        "http://h.example:8080",
        "http://127.0.0.1",
        "https://big.example",
        "http://x.evil.example",
        "https://[2606:4700::1111]",
    ]);
    let path = dice.one(&[
        "",
        "/",
        "/a/b",
        "/ask/x",
        "/%61dmin/",
        "/v12/x/../y",
        "/admin/users",
        "//admin//x",
        "/a;v=1/b",
        "/export/all.csv",
        "/users/all",
        "/caf%C3%A9",
        "/x/./y",
        "/delete",
    ]);
    let query = dice.one(&[
        "",
        "",
        "",
        "",
        "?x=1",
        "?admin=1",
        "?%61dmin=1&b=2",
        "?next=/admin/",
        "?q=%C3%A4",
    ]);
    let secret = match dice.below(40) {
        0 => "token=plain",
        1 => "token=/dump/",
        2 => "x=1;api_key=admin=1",
        _ => "",
    };
    let query = match (secret, query) {
        ("", query) => query.to_owned(),
        (secret, "") => format!("?{secret}"),
        (secret, query) => format!("{query}&{secret}"),
    };
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/proxy/{origin}{path}{query}"))
        .header("authorization", format!("Bearer {token}"));
    for (name, values) in [
        ("x-team", ["red", "blue", "blue", ""]),
        ("x-api-key", ["hush", "", "", ""]),
        (
            "content-type",
            ["application/json", "application/json", "text/plain", ""],
        ),
        ("x-http-method-override", ["delete", "", "", ""]),
        ("referer", ["http://h/?token=hush", "", "", ""]),
        ("content-encoding", ["gzip", "", "", ""]),
    ] {
        // What a body is, is said once: else nobody could tell.
        let times = if name.starts_with("content-") {
            1
        } else {
            dice.below(2) + 1
        };
        for _ in 0..times {
            let value = dice.one(&values);
            let rare = name.starts_with("content-e") || name.starts_with("x-http");
            if !(value.is_empty() || rare && dice.below(8) != 0) {
                request = request.header(name, value);
            }
        }
    }
    let body = dice.one(&[
        "",
        "",
        "hello",
        r#"{"amount":7,"kind":"a"}"#,
        r#"{"amount":700}"#,
        r#"{"amount":"x"}"#,
        r#"{"items":[{"op":"drop"},{"op":"add"}]}"#,
        r#"{"items":[[{"op":"add"}]],"items":null}"#,
        r#"{"amount":1e2,"amount":1E3,"kind":["a","b"]}"#,
        r#"{"broken":"#,
        "[1,2,3]",
        r#"{"kind":{"x":1}}"#,
    ]);
    request.body(body.as_bytes().to_vec()).unwrap()
}
