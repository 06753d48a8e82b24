//! Requests of agents.

use super::managed;
use crate::endpoints::{Class, Endpoint, Standing, Who};
use crate::world::Setting;

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

/// What is forwarded, refused or held.
pub const ENDPOINTS: &[Endpoint] = &[
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
    Endpoint {
        standing: Standing::CircuitOpen,
        ..proxied(
            "while the circuit is open",
            Class::Circuits,
            "GET",
            None,
            503,
        )
    },
    Endpoint {
        standing: Standing::ProbeDue,
        afterthought: Some(3),
        ..proxied("be the probe", Class::Circuits, "GET", None, 200)
    },
    Endpoint {
        standing: Standing::ProbeDue,
        ..proxied(
            "be the probe, and be denied",
            Class::Circuits,
            "POST",
            Some("read-only"),
            403,
        )
    },
    Endpoint {
        setting: Setting::Down,
        afterthought: Some(3),
        ..proxied(
            "allow, and nobody is there",
            Class::Circuits,
            "GET",
            None,
            503,
        )
    },
];
