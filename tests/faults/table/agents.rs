//! Agents and policies: what is shown of agents, and what changes either. A change is an act: it is
//! appended before the change, and what came of it after.

use super::managed;
use crate::endpoints::{Class, Endpoint, Standing};

const AGENT: &str = "/agents/{agent}";
const UNKNOWN: &str = "/agents/00000000-0000-4000-9000-000000000000";
const REGISTER: (&str, &str) = ("POST", "/agents");
const SHOW: (&str, &str) = ("GET", "/agents/{agentId}");
const EDIT: (&str, &str) = ("PATCH", "/agents/{agentId}");
const DELETE: (&str, &str) = ("DELETE", "/agents/{agentId}");
const ASSIGN: (&str, &str) = ("PUT", "/agents/{agentId}/policy");
const UNASSIGN: (&str, &str) = ("DELETE", "/agents/{agentId}/policy");
const PUT_POLICY: (&str, &str) = ("PUT", "/policies/{name}");
const RETIRE_POLICY: (&str, &str) = ("DELETE", "/policies/{name}");
const LIMIT: (&str, &str) = ("PUT", "/agents/{agentId}/limit");
const QUARANTINE: (&str, &str) = ("POST", "/agents/{agentId}/quarantine");
const REVOKE: (&str, &str) = ("POST", "/agents/{agentId}/revoke");
const ACTIVATE: (&str, &str) = ("POST", "/agents/{agentId}/activate");
const SECRET: (&str, &str) = ("POST", "/agents/{agentId}/secret");
const TOKENS: (&str, &str) = ("DELETE", "/agents/{agentId}/tokens");

const fn shown(
    name: &'static str,
    route: (&'static str, &'static str),
    target: &'static str,
    status: u16,
) -> Endpoint {
    managed(name, Class::Agents, route, target, status)
}

/// Something that is done with so many statements, the last of which says how it ended.
const fn change(
    name: &'static str,
    route: (&'static str, &'static str),
    target: &'static str,
    status: u16,
    statements: usize,
) -> Endpoint {
    Endpoint {
        afterthought: Some(statements),
        ..managed(name, Class::Agents, route, target, status)
    }
}

/// All about agents.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        body: r#"{"name":"new"}"#,
        ..change("register an agent", REGISTER, "/agents", 201, 3)
    },
    shown("list agents", ("GET", "/agents"), "/agents", 200),
    shown("show an agent", SHOW, AGENT, 200),
    shown("show an unknown agent", SHOW, UNKNOWN, 404),
    Endpoint {
        body: r#"{"name":"renamed"}"#,
        ..change("rename an agent", EDIT, AGENT, 200, 3)
    },
    Endpoint {
        body: r#"{"policyName":"read-only"}"#,
        ..change("assign a policy", ASSIGN, "/agents/{agent}/policy", 200, 4)
    },
    Endpoint {
        body: r#"{"policyName":null}"#,
        policy: Some("read-only"),
        ..change(
            "unassign a policy",
            ASSIGN,
            "/agents/{agent}/policy",
            200,
            3,
        )
    },
    Endpoint {
        policy: Some("read-only"),
        ..change(
            "take a policy away",
            UNASSIGN,
            "/agents/{agent}/policy",
            200,
            3,
        )
    },
    Endpoint {
        body: r#"{"name":"{agent}"}"#,
        ..change("put a policy", PUT_POLICY, "/policies/{agent}", 201, 3)
    },
    change(
        "retire an unknown policy",
        RETIRE_POLICY,
        "/policies/unknown",
        404,
        3,
    ),
    Endpoint {
        body: r#"{"requestsPerMinute":7}"#,
        ..change("limit an agent", LIMIT, "/agents/{agent}/limit", 200, 5)
    },
    change(
        "quarantine an agent",
        QUARANTINE,
        "/agents/{agent}/quarantine",
        200,
        3,
    ),
    change("revoke an agent", REVOKE, "/agents/{agent}/revoke", 200, 3),
    Endpoint {
        standing: Standing::Quarantined,
        ..change(
            "activate an agent",
            ACTIVATE,
            "/agents/{agent}/activate",
            200,
            3,
        )
    },
    Endpoint {
        body: r#"{"overlapSeconds":60}"#,
        ..change("replace a secret", SECRET, "/agents/{agent}/secret", 200, 4)
    },
    change(
        "end an agent's tokens",
        TOKENS,
        "/agents/{agent}/tokens",
        204,
        3,
    ),
    change("delete an agent", DELETE, AGENT, 204, 3),
    change("delete an unknown agent", DELETE, UNKNOWN, 404, 3),
];
