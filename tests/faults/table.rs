//! Every endpoint, in every way that it uses the database.

#[path = "table/agents.rs"]
mod agents;
#[path = "table/held.rs"]
mod held;
#[path = "table/lists.rs"]
mod lists;
#[path = "table/proxied.rs"]
mod proxied;

use crate::endpoints::{Class, Endpoint, Reading, Standing, Who};
use crate::world::Setting;

/// All of them.
pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    let tables = [
        ENDPOINTS,
        agents::ENDPOINTS,
        held::ENDPOINTS,
        lists::ENDPOINTS,
        proxied::ENDPOINTS,
    ];
    tables.into_iter().flatten()
}

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
        answered: None,
        reading: Reading::Once,
    }
}

const fn token(name: &'static str, status: u16) -> Endpoint {
    Endpoint {
        who: Who::Nobody,
        body: r#"{"agentId":"{agent}","clientSecret":"{secret}"}"#,
        ..managed(name, Class::Tokens, ("POST", "/tokens"), "/tokens", status)
    }
}

const ADD: (&str, &str) = ("POST", "/operators");
const REVOKE: (&str, &str) = ("DELETE", "/operators/{operatorId}");

const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        who: Who::Nobody,
        ..managed("health", Class::Health, ("GET", "/health"), "/health", 200)
    },
    Endpoint {
        body: r#"{"name":"{name}","role":"Reviewer"}"#,
        afterthought: Some(3),
        ..managed("add an operator", Class::Operators, ADD, "/operators", 201)
    },
    Endpoint {
        afterthought: Some(3),
        ..managed(
            "revoke an operator",
            Class::Operators,
            REVOKE,
            "/operators/{operator}",
            204,
        )
    },
    Endpoint {
        who: Who::Auditor,
        // That the key was used cannot always be noted.
        afterthought: Some(2),
        ..managed(
            "revoke an operator as an auditor",
            Class::Operators,
            REVOKE,
            "/operators/{operator}",
            403,
        )
    },
    Endpoint {
        // What cannot be done is told, and done at the next tick.
        answered: Some(1),
        ..managed(
            "do what is due",
            Class::Operators,
            ("POST", "/lifecycle/tick"),
            "/lifecycle/tick",
            200,
        )
    },
    token("issue a token", 200),
    Endpoint {
        body: r#"{"agentId":"{agent}","clientSecret":"another secret"}"#,
        ..token("issue a token for a wrong secret", 401)
    },
    Endpoint {
        standing: Standing::Deleted,
        ..token("issue a token to a deleted agent", 401)
    },
];
