//! What is only read.

use super::managed;
use crate::endpoints::{Class, Endpoint, Reading, Standing, Who};

const EXPORT: (&str, &str) = ("GET", "/audit/export");
const HELD: (&str, &str) = ("GET", "/hitls/{id}");

const fn list(name: &'static str, path: &'static str) -> Endpoint {
    managed(name, Class::Lists, ("GET", path), path, 200)
}

/// Lists, the export, and what is shown.
pub const ENDPOINTS: &[Endpoint] = &[
    managed(
        "list policies",
        Class::Lists,
        ("GET", "/policies"),
        "/policies",
        200,
    ),
    managed(
        "show a policy",
        Class::Lists,
        ("GET", "/policies/{name}"),
        "/policies/read-only",
        200,
    ),
    Endpoint {
        standing: Standing::HoldsOne,
        policy: Some("safe-delete"),
        ..managed(
            "list the audit",
            Class::Lists,
            ("GET", "/audit"),
            "/audit?agentId={agent}",
            200,
        )
    },
    Endpoint {
        standing: Standing::HoldsThree,
        policy: Some("safe-delete"),
        reading: Reading::Again,
        ..managed(
            "export the audit",
            Class::Lists,
            EXPORT,
            "/audit/export?limit=2",
            200,
        )
    },
    Endpoint {
        standing: Standing::HoldsOne,
        policy: Some("safe-delete"),
        ..managed(
            "export what follows a row of the audit",
            Class::Lists,
            EXPORT,
            "/audit/export?limit=1&after={audit}",
            200,
        )
    },
    Endpoint {
        standing: Standing::HoldsOne,
        policy: Some("safe-delete"),
        ..managed(
            "show a held request to an operator",
            Class::Lists,
            HELD,
            "/hitls/{held}",
            200,
        )
    },
    Endpoint {
        who: Who::Agent,
        standing: Standing::HoldsOne,
        policy: Some("safe-delete"),
        ..managed(
            "show a held request to its agent",
            Class::Lists,
            HELD,
            "/hitls/{held}",
            200,
        )
    },
    Endpoint {
        standing: Standing::HoldsOne,
        policy: Some("safe-delete"),
        ..managed(
            "show a row of the audit",
            Class::Lists,
            ("GET", "/audit/{auditId}"),
            "/audit/{audit}",
            200,
        )
    },
    managed(
        "list a policy's revisions",
        Class::Lists,
        ("GET", "/policies/{name}/revisions"),
        "/policies/read-only/revisions",
        200,
    ),
    Endpoint {
        body: r#"{"request":{"method":"GET","url":"http://api.example/"}}"#,
        ..managed(
            "try a policy",
            Class::Lists,
            ("POST", "/policies/{name}/evaluate"),
            "/policies/read-only/evaluate",
            200,
        )
    },
    Endpoint {
        standing: Standing::HoldsOne,
        policy: Some("safe-delete"),
        body: "{}",
        ..managed(
            "decide again",
            Class::Lists,
            ("POST", "/decisions/replay/{auditId}"),
            "/decisions/replay/{audit}",
            200,
        )
    },
    Endpoint {
        standing: Standing::HoldsThree,
        policy: Some("safe-delete"),
        reading: Reading::Again,
        body: r#"{"policy":{"name":"safe-delete"},"from":"2020-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z","agentId":"{agent}"}"#,
        ..managed(
            "hold a draft against the past",
            Class::Lists,
            ("POST", "/decisions/what-if"),
            "/decisions/what-if",
            200,
        )
    },
    list("list operators", "/operators"),
    Endpoint {
        who: Who::Auditor,
        // That the key was used cannot always be noted.
        afterthought: Some(2),
        ..list("list operators to one of them", "/operators")
    },
    list("list acts", "/audit/acts"),
    Endpoint {
        standing: Standing::Limited,
        ..list("list refusals", "/audit/refusals")
    },
    Endpoint {
        standing: Standing::CircuitOpen,
        ..list("list circuits", "/circuits")
    },
    Endpoint {
        standing: Standing::CircuitOpen,
        ..list("list changes of circuits", "/circuits/changes")
    },
];
