//! Every endpoint, in every way that it uses the database.

use crate::endpoints::{Class, Endpoint, Reading, Standing, Who};
use crate::world::Setting;

const fn managed(
    name: &'static str,
    class: Class,
    route: (&'static str, &'static str),
    target: &'static str,
    status: u16,
) -> Endpoint {
    Endpoint {
        name,
        class,
        route,
        method: route.0,
        target,
        body: "",
        who: Who::Operator,
        policy: None,
        standing: Standing::Active,
        setting: Setting::Usual,
        status,
        afterthought: None,
        reading: Reading::Once,
    }
}

const fn proxied(
    name: &'static str,
    class: Class,
    method: &'static str,
    policy: Option<&'static str>,
    status: u16,
) -> Endpoint {
    Endpoint {
        method,
        who: Who::Agent,
        policy,
        ..managed(
            name,
            class,
            ("ANY", "/proxy/{target}"),
            "/proxy/http://{upstream}{path}",
            status,
        )
    }
}

const AGENT: &str = "/agents/{agent}";
const UNKNOWN: &str = "/agents/00000000-0000-4000-9000-000000000000";
const SHOW_AGENT: (&str, &str) = ("GET", "/agents/{agentId}");
const ASSIGN: (&str, &str) = ("PUT", "/agents/{agentId}/policy");
const DELETE_AGENT: (&str, &str) = ("DELETE", "/agents/{agentId}");
const TOKEN: (&str, &str) = ("POST", "/tokens");
const EXPORT: (&str, &str) = ("GET", "/audit/export");
const HELD: (&str, &str) = ("GET", "/hitls/{id}");

/// All of them.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        who: Who::Nobody,
        ..managed("health", Class::Health, ("GET", "/health"), "/health", 200)
    },
    Endpoint {
        body: r#"{"name":"new"}"#,
        ..managed(
            "register an agent",
            Class::Agents,
            ("POST", "/agents"),
            "/agents",
            201,
        )
    },
    managed(
        "list agents",
        Class::Agents,
        ("GET", "/agents"),
        "/agents",
        200,
    ),
    managed("show an agent", Class::Agents, SHOW_AGENT, AGENT, 200),
    managed(
        "show an unknown agent",
        Class::Agents,
        SHOW_AGENT,
        UNKNOWN,
        404,
    ),
    Endpoint {
        body: r#"{"policyName":"read-only"}"#,
        ..managed(
            "assign a policy",
            Class::Agents,
            ASSIGN,
            "/agents/{agent}/policy",
            200,
        )
    },
    Endpoint {
        body: r#"{"policyName":null}"#,
        policy: Some("read-only"),
        ..managed(
            "unassign a policy",
            Class::Agents,
            ASSIGN,
            "/agents/{agent}/policy",
            200,
        )
    },
    managed("delete an agent", Class::Agents, DELETE_AGENT, AGENT, 204),
    managed(
        "delete an unknown agent",
        Class::Agents,
        DELETE_AGENT,
        UNKNOWN,
        404,
    ),
    Endpoint {
        who: Who::Nobody,
        body: r#"{"agentId":"{agent}","clientSecret":"{secret}"}"#,
        ..managed("issue a token", Class::Tokens, TOKEN, "/tokens", 200)
    },
    Endpoint {
        who: Who::Nobody,
        body: r#"{"agentId":"{agent}","clientSecret":"{secret}"}"#,
        standing: Standing::Deleted,
        ..managed(
            "issue a token to a deleted agent",
            Class::Tokens,
            TOKEN,
            "/tokens",
            401,
        )
    },
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
    proxied("allow without a policy", Class::Allowed, "GET", None, 200),
    proxied(
        "allow by a policy",
        Class::Allowed,
        "GET",
        Some("read-only"),
        200,
    ),
    Endpoint {
        body: r#"{"amount":1}"#,
        ..proxied(
            "allow with a body",
            Class::Allowed,
            "POST",
            Some("no-admin"),
            200,
        )
    },
    Endpoint {
        setting: Setting::Walled,
        afterthought: Some(3),
        ..proxied(
            "allow, and the host refuses the address",
            Class::Allowed,
            "GET",
            None,
            403,
        )
    },
    proxied("deny", Class::Refused, "POST", Some("read-only"), 403),
    proxied("hold", Class::Refused, "DELETE", Some("safe-delete"), 202),
    Endpoint {
        setting: Setting::Limited,
        ..proxied("over the rate limit", Class::Refused, "GET", None, 429)
    },
    Endpoint {
        setting: Setting::OneHeld,
        standing: Standing::HoldsOne,
        ..proxied(
            "hold too many",
            Class::Refused,
            "DELETE",
            Some("safe-delete"),
            429,
        )
    },
    Endpoint {
        standing: Standing::Deleted,
        ..proxied("deleted agent", Class::Refused, "GET", None, 403)
    },
    Endpoint {
        standing: Standing::DeletedMeanwhile,
        ..proxied("agent deleted meanwhile", Class::Refused, "GET", None, 403)
    },
];
