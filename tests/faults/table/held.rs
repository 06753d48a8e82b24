//! What is held for a human, and what it takes to send it. What happens while it is sent
//! stands in `release.rs`.

use super::managed;
use crate::endpoints::{Class, Endpoint, Standing, Who};
use crate::world::Setting;

const APPROVE: (&str, &str) = ("POST", "/hitls/{id}/approve");
const DENY: (&str, &str) = ("POST", "/hitls/{id}/deny");
const SETTLE: (&str, &str) = ("POST", "/hitls/{id}/settle");
const ADD: (&str, &str) = ("POST", "/credentials");
const REPLACE: (&str, &str) = ("PUT", "/credentials/{credentialId}");
const REMOVE: (&str, &str) = ("DELETE", "/credentials/{credentialId}");

/// Something of a held request: what is shown of it after a change is an afterthought.
const fn held(
    name: &'static str,
    route: (&'static str, &'static str),
    target: &'static str,
    status: u16,
) -> Endpoint {
    Endpoint {
        standing: Standing::HoldsOne,
        policy: Some("safe-delete"),
        ..managed(name, Class::Held, route, target, status)
    }
}

const fn decision(
    name: &'static str,
    route: (&'static str, &'static str),
    target: &'static str,
    status: u16,
    answered: usize,
) -> Endpoint {
    Endpoint {
        body: r#"{"comment":"so be it"}"#,
        answered: Some(answered),
        ..held(name, route, target, status)
    }
}

/// Held requests and credentials.
pub const ENDPOINTS: &[Endpoint] = &[
    held(
        "list held requests",
        ("GET", "/hitls"),
        "/hitls?status=Pending&agentId={agent}",
        200,
    ),
    Endpoint {
        who: Who::Agent,
        ..held(
            "ask for the answer to a held request",
            ("GET", "/hitls/{id}/response"),
            "/hitls/{held}/response",
            425,
        )
    },
    Endpoint {
        setting: Setting::TwoApprovals,
        ..decision(
            "approve a held request, as one of two",
            APPROVE,
            "/hitls/{held}/approve",
            200,
            6,
        )
    },
    decision("deny a held request", DENY, "/hitls/{held}/deny", 200, 3),
    Endpoint {
        body: r#"{"sent":true}"#,
        ..decision(
            "settle a held request that is not uncertain",
            SETTLE,
            "/hitls/{held}/settle",
            409,
            4,
        )
    },
    managed(
        "what was counted",
        Class::Held,
        ("GET", "/counters"),
        "/counters",
        200,
    ),
    Endpoint {
        who: Who::Auditor,
        // That the key was used cannot always be noted.
        afterthought: Some(2),
        ..managed(
            "who an operator is",
            Class::Held,
            ("GET", "/operators/self"),
            "/operators/self",
            200,
        )
    },
    managed(
        "list credentials",
        Class::Held,
        ("GET", "/credentials"),
        "/credentials",
        200,
    ),
    Endpoint {
        body: r#"{"origin":"https://h{agent}.example","headers":{"X-Key":"k"}}"#,
        afterthought: Some(3),
        ..managed("add a credential", Class::Held, ADD, "/credentials", 201)
    },
    Endpoint {
        body: r#"{"headers":{"X-Key":"k"}}"#,
        afterthought: Some(4),
        ..managed(
            "replace a credential",
            Class::Held,
            REPLACE,
            "/credentials/{credential}",
            200,
        )
    },
    Endpoint {
        afterthought: Some(3),
        ..managed(
            "remove a credential",
            Class::Held,
            REMOVE,
            "/credentials/{credential}",
            204,
        )
    },
];
