//! The endpoints: one table that the router, the OpenAPI test and `Allow` read.

/// One endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// HTTP method; `ANY` for all of them.
    pub method: &'static str,
    /// Path as in the OpenAPI document.
    pub path: &'static str,
    pub(crate) endpoint: Endpoint,
}

/// What an endpoint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    RegisterAgent,
    ListAgents,
    ShowAgent,
    AssignPolicy,
    DeleteAgent,
    IssueToken,
    ListPolicies,
    ShowPolicy,
    ListAudit,
    ExportAudit,
    ShowHeld,
    Health,
    Proxy,
}

const fn route(method: &'static str, path: &'static str, endpoint: Endpoint) -> Route {
    Route {
        method,
        path,
        endpoint,
    }
}

/// All endpoints.
pub const ROUTES: &[Route] = &[
    route("POST", "/agents", Endpoint::RegisterAgent),
    route("GET", "/agents", Endpoint::ListAgents),
    route("GET", "/agents/{agentId}", Endpoint::ShowAgent),
    route("PUT", "/agents/{agentId}/policy", Endpoint::AssignPolicy),
    route("DELETE", "/agents/{agentId}", Endpoint::DeleteAgent),
    route("POST", "/tokens", Endpoint::IssueToken),
    route("GET", "/policies", Endpoint::ListPolicies),
    route("GET", "/policies/{name}", Endpoint::ShowPolicy),
    route("GET", "/audit", Endpoint::ListAudit),
    // Before any route with a parameter in this place.
    route("GET", "/audit/export", Endpoint::ExportAudit),
    route("GET", "/hitls/{id}", Endpoint::ShowHeld),
    route("GET", "/health", Endpoint::Health),
    route("ANY", "/proxy/{target}", Endpoint::Proxy),
];

/// Where a request belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Match<'p> {
    /// To this endpoint, with the path's parameter if it has one.
    Found(Endpoint, Option<&'p str>),
    /// The path is known, the method is not; those that are.
    WrongMethod(Vec<&'static str>),
    /// Nowhere.
    NotFound,
}

/// Finds the endpoint. Names match in any case, as in the original (OB §2); the
/// proxy's own prefix is checked by the proxy.
pub(crate) fn find<'p>(method: &str, path: &'p str) -> Match<'p> {
    let segment = path.split('/').nth(1).unwrap_or_default();
    if segment.eq_ignore_ascii_case("proxy") {
        return Match::Found(Endpoint::Proxy, None);
    }
    let mut allowed = Vec::new();
    for route in ROUTES {
        if let Some(parameter) = matches(route.path, path) {
            if route.method == method {
                return Match::Found(route.endpoint, parameter);
            }
            allowed.push(route.method);
        }
    }
    if allowed.is_empty() {
        Match::NotFound
    } else {
        Match::WrongMethod(allowed)
    }
}

/// The parameter (if the pattern has one) when the path matches.
fn matches<'p>(pattern: &str, path: &'p str) -> Option<Option<&'p str>> {
    let mut parameter = None;
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameter),
            (Some(wanted), Some(given)) if wanted.starts_with('{') => {
                if given.is_empty() {
                    return None;
                }
                parameter = Some(given);
            }
            (Some(wanted), Some(given)) if wanted.eq_ignore_ascii_case(given) => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_endpoints_by_method_and_path() {
        let cases = [
            ("GET", "/agents", Match::Found(Endpoint::ListAgents, None)),
            ("GET", "/Agents", Match::Found(Endpoint::ListAgents, None)),
            (
                "GET",
                "/agents/x",
                Match::Found(Endpoint::ShowAgent, Some("x")),
            ),
            (
                "PUT",
                "/agents/x/policy",
                Match::Found(Endpoint::AssignPolicy, Some("x")),
            ),
            (
                "GET",
                "/audit/export",
                Match::Found(Endpoint::ExportAudit, None),
            ),
            ("GET", "/audit/exports", Match::NotFound),
            ("GET", "/agents/", Match::NotFound),
            ("GET", "/agents/x/y", Match::NotFound),
            ("PATCH", "/agents", Match::WrongMethod(vec!["POST", "GET"])),
            ("GET", "/", Match::NotFound),
            (
                "PURGE",
                "/proxy/http://h/",
                Match::Found(Endpoint::Proxy, None),
            ),
            ("GET", "/PROXY", Match::Found(Endpoint::Proxy, None)),
        ];
        for (method, path, expected) in cases {
            assert_eq!(find(method, path), expected, "{method} {path}");
        }
    }
}
