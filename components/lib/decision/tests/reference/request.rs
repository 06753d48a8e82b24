//! Requests of all kinds, together with what they are: nobody has to read them again.

use vectra_decision::{
    Agent, Intent, IntentStatus, Meaning, PolicyQuestion, PolicyRequest, Risk, RiskFactor,
};

use super::dice::Dice;
use super::tree::Tree;

/// A request and what is known of it by making it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What a policy is asked.
    pub question: PolicyQuestion,
    /// Its path without `//` and `;…`, which are left out before dot segments are followed,
    /// or after.
    pub plain_paths: [String; 2],
    /// Scheme, host and port of its target; none if that is no URL.
    pub target: Option<(&'static str, &'static str, u16)>,
    /// What its body is.
    pub content: Content,
}

/// What a body is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// There is none.
    Missing,
    /// It was not inspected.
    Unread,
    /// White space, or nothing.
    Blank,
    /// JSON.
    Json(Tree),
    /// Something else.
    Other,
}

/// Methods, some as no client should send them.
const METHODS: [&str; 13] = [
    "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "Delete", "pOST",
    "MKCOL", "X-ODD",
];

/// Segments of paths as sent, as normalised, and without what follows a `;`: a segment
/// of which nothing is left then is none.
const SEGMENTS: [Segment; 19] = [
    ("admin", "admin", "admin"),
    ("%61dmin", "admin", "admin"),
    ("ADMIN", "ADMIN", "ADMIN"),
    ("adm%69n", "admin", "admin"),
    ("api", "api", "api"),
    ("v1", "v1", "v1"),
    ("%761", "v1", "v1"),
    ("users", "users", "users"),
    ("7", "7", "7"),
    ("export", "export", "export"),
    ("e%58port", "eXport", "eXport"),
    ("a%20b", "a%20b", "a%20b"),
    ("caf%c3%a9", "caf%C3%A9", "caf%C3%A9"),
    ("data.csv", "data.csv", "data.csv"),
    ("admin;v=1", "admin;v=1", "admin"),
    ("", "", ""),
    (";a;b", ";a;b", ""),
    (".;x", ".;x", "."),
    ("..;x", "..;x", ".."),
];

type Segment = (&'static str, &'static str, &'static str);

/// Segments that lead on to nothing, and back.
const NOTHING: Segment = ("", "", "");
const HERE: [Segment; 2] = [(".", ".", "."), ("%2e", ".", ".")];
const BACK: [Segment; 2] = [("..", "..", ".."), (".%2E", "..", "..")];

/// Queries, likewise.
const QUERIES: [(&str, &str); 7] = [
    ("", ""),
    ("", ""),
    ("?id=1&role=admin", "?id=1&role=admin"),
    ("?role=admin&id=1", "?role=admin&id=1"),
    ("?r%6fle=%61dmin", "?role=admin"),
    ("?q=%2e%2e%2f", "?q=..%2F"),
    ("?", "?"),
];

/// Hosts in their one form.
pub const HOSTS: [&str; 6] = [
    "api.example.com",
    "upstream.example",
    "evil.example",
    "127.0.0.1",
    "[::1]",
    "xn--bcher-kva.example",
];
/// Ports.
pub const PORTS: [u16; 6] = [80, 443, 8080, 8443, 1, 65535];
/// Names of headers.
pub const HEADERS: [&str; 6] = [
    "x-team",
    "content-type",
    "x",
    "user-agent",
    "authorization",
    "cookie",
];
/// Values of headers.
pub const HEADER_VALUES: [&str; 8] = [
    "a",
    "b",
    "A",
    "",
    "application/json",
    "text/plain",
    "Bearer s3cret",
    "a, b",
];
/// Names of headers that name another method, and what they name.
pub const OVERRIDES: [&str; 3] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];
const OVERRIDING: [&str; 5] = ["DELETE", "delete", "POST", "GET", "X-ODD"];
/// Agents.
pub const AGENTS: [&str; 2] = [
    "6f1c2a4e-0000-4000-8000-000000000001",
    "6f1c2a4e-0000-4000-8000-000000000002",
];
/// Names of policies.
pub const POLICIES: [&str; 3] = ["p", "q", "P"];
/// Scores.
pub const SCORES: [f64; 9] = [0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 0.8, 0.95, 1.0];
/// Risk factors.
pub const FACTORS: [&str; 6] = [
    "method",
    "path",
    "agent_history",
    "time_of_day",
    "body_size",
    "anomaly",
];
/// Labels of intents.
pub const LABELS: [&str; 5] = ["read", "write", "harmful", "destructive_delete", "unknown"];
/// Risk tags of intents.
pub const TAGS: [&str; 3] = ["destructive", "data_exfiltration", "privilege_escalation"];

/// Bodies that are no JSON.
const OTHERS: [&str; 12] = [
    "op=delete&a=x",
    "{\"a\":\"x\"",
    "{\"a\":\"x\"}}",
    "{'a':'x'}",
    "{\"a\" \"x\"}",
    "[1 2]",
    "<a>x</a>",
    "nul",
    "{\"a\":01}",
    "{\"a\":\"x\ny\"}",
    "\u{1f}\u{8b}\u{8}",
    "{\"a\":NaN}",
];

impl Asked {
    /// Any request.
    pub fn roll(dice: &mut Dice) -> Self {
        let [path, normalised_path, first, last] = paths(dice);
        let (target, origin) = origin(dice);
        let (content, body) = content(dice);
        let target_url = match target {
            Some(_) => format!("{origin}{path}"),
            None => origin,
        };
        let request = PolicyRequest {
            method: dice.pick(&METHODS).to_owned(),
            normalised_path,
            path,
            target_url,
            headers: headers(dice),
            body_unread: content == Content::Unread,
            body,
        };
        let agent = Agent {
            id: dice.pick(&AGENTS).to_owned(),
            trust_score: score(dice),
            policy_name: (!dice.once_in(4)).then(|| dice.pick(&POLICIES).to_owned()),
        };
        let question = PolicyQuestion {
            request,
            agent,
            risk: risk(dice),
            intent: meaning(dice),
        };
        Self {
            plain_paths: [first, last],
            question,
            target,
            content,
        }
    }
}

/// A path as sent, normalised, and plain: from the one and from the other.
fn paths(dice: &mut Dice) -> [String; 4] {
    let mut segments = Vec::new();
    for _ in 0..dice.below(4) {
        segments.push(dice.pick(&SEGMENTS));
        match dice.below(16) {
            0 => segments.push(dice.pick(&HERE)),
            1 => segments.extend([("x", "x", "x"), dice.pick(&BACK)]),
            2 | 3 => segments.push(dice.pick(&BACK)),
            _ => {}
        }
    }
    if dice.once_in(2) || segments.is_empty() {
        segments.push(NOTHING);
    }
    let normalised = followed(&segments);
    let (one, other) = dice.pick(&QUERIES);
    let path = |segments: &[Segment], name: fn(&Segment) -> &str, query: &str| {
        let names = segments.iter().flat_map(|segment| ["/", name(segment)]);
        names.chain([query]).collect()
    };
    [
        path(&segments, |segment| segment.0, one),
        path(&normalised, |segment| segment.1, other),
        plain(&segments) + other,
        plain(&normalised) + other,
    ]
}

/// What is left when dot segments have been followed.
fn followed(segments: &[Segment]) -> Vec<Segment> {
    let mut left = Vec::new();
    for segment in segments {
        match segment.1 {
            "." => {}
            ".." => {
                left.pop();
            }
            _ => left.push(*segment),
        }
    }
    if segments
        .last()
        .is_some_and(|last| matches!(last.1, "." | ".."))
    {
        left.push(NOTHING);
    }
    left
}

/// The path of those servers to which segments of nothing are none.
fn plain(segments: &[Segment]) -> String {
    let some: Vec<Segment> = segments
        .iter()
        .filter(|(_, _, bare)| !bare.is_empty())
        .map(|(_, _, bare)| (*bare, *bare, *bare))
        .collect();
    let mut left = followed(&some);
    let ends_in_nothing = segments.last().is_none_or(|last| last.2.is_empty());
    if left.is_empty() || ends_in_nothing && left.last() != Some(&NOTHING) {
        left.push(NOTHING);
    }
    left.iter().flat_map(|segment| ["/", segment.2]).collect()
}

type Target = Option<(&'static str, &'static str, u16)>;

fn origin(dice: &mut Dice) -> (Target, String) {
    if dice.once_in(24) {
        let none = dice.pick(&["nonsense", "http://user@h/", "://h/", ""]);
        return (None, none.to_owned());
    }
    let scheme = dice.pick(&["http", "https"]);
    let host = dice.pick(&HOSTS);
    let own = if scheme == "https" { 443 } else { 80 };
    let port = if dice.once_in(2) {
        own
    } else {
        dice.pick(&PORTS)
    };
    let shown = if port == own {
        String::new()
    } else {
        format!(":{port}")
    };
    (
        Some((scheme, host, port)),
        format!("{scheme}://{host}{shown}"),
    )
}

fn headers(dice: &mut Dice) -> Vec<(String, String)> {
    let count = dice.below(6);
    let overriding = dice.maybe(8, |dice| {
        (
            dice.pick(&OVERRIDES).to_owned(),
            dice.pick(&OVERRIDING).to_owned(),
        )
    });
    let header = |dice: &mut Dice| {
        let name = dice.pick(&HEADERS).to_owned();
        (name, dice.pick(&HEADER_VALUES).to_owned())
    };
    overriding
        .into_iter()
        .chain((0..count).map(|_| header(dice)))
        .collect()
}

fn content(dice: &mut Dice) -> (Content, Option<String>) {
    match dice.below(16) {
        0 => (Content::Missing, None),
        1 => (Content::Unread, None),
        2 => (
            Content::Blank,
            Some(dice.pick(&["", " ", "\r\n\t "]).to_owned()),
        ),
        3 | 4 => (Content::Other, Some(dice.pick(&OTHERS).to_owned())),
        5 => {
            // One level too many, and just as many as are read.
            let (depth, content) = if dice.once_in(2) {
                (65, Content::Other)
            } else {
                let nested = (0..64).fold(None, |inner, _| {
                    Some(Tree::List(inner.into_iter().collect()))
                });
                (64, nested.map_or(Content::Missing, Content::Json))
            };
            (content, Some("[".repeat(depth) + &"]".repeat(depth)))
        }
        _ => {
            let tree = Tree::body(dice);
            let mut text = String::new();
            tree.write(dice, &mut text);
            text.push_str(dice.pick(&["", "", "", "// said", "/* said */"]));
            (Content::Json(tree), Some(text))
        }
    }
}

fn score(dice: &mut Dice) -> f64 {
    if dice.once_in(200) {
        return dice.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    }
    if dice.once_in(8) {
        return (dice.bits() >> 11) as f64 / (1_u64 << 53) as f64;
    }
    dice.pick(&SCORES)
}

fn risk(dice: &mut Dice) -> Risk {
    Risk {
        score: score(dice),
        factors: FACTORS
            .iter()
            .map(|name| RiskFactor {
                name: (*name).to_owned(),
                score: dice.pick(&SCORES),
                weight: dice.pick(&SCORES),
            })
            .collect(),
    }
}

fn meaning(dice: &mut Dice) -> Meaning {
    match dice.below(8) {
        0 | 1 => Meaning::Unasked,
        2 => Meaning::Unknown,
        _ => Meaning::Known(intent(dice)),
    }
}

/// What a classifier may say.
pub fn intent(dice: &mut Dice) -> Intent {
    Intent {
        label: dice.pick(&LABELS).to_owned(),
        confidence: dice.pick(&SCORES),
        status: if dice.once_in(5) {
            IntentStatus::Failed
        } else {
            IntentStatus::Classified
        },
        risk_tags: TAGS
            .iter()
            .filter(|_| dice.once_in(3))
            .map(|tag| (*tag).to_owned())
            .collect(),
        explanation: dice.maybe(2, |_| "why".to_owned()),
        model: dice.maybe(2, |_| "model 1".to_owned()),
    }
}
