//! The endpoints: one table that the router, the OpenAPI test, the golden matrix of
//! roles and `Allow` read.

use vectra_domain::OperatorRole::{self, Admin, Auditor, Reviewer};

/// One endpoint. There is none without a word on who may call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// HTTP method; `ANY` for all of them.
    pub method: &'static str,
    /// Path as in the OpenAPI document.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    pub(crate) endpoint: Endpoint,
}

/// Who may call an endpoint. Everybody else is refused before anything of the request
/// but its key is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever reaches it.
    Anyone,
    /// Agents, with a token.
    Agent,
    /// Operators of these roles.
    Operators(&'static [OperatorRole]),
    /// Operators of these roles, and the agent that the thing asked for belongs to.
    OperatorsOrOwner(&'static [OperatorRole]),
    /// The agent that the thing asked for belongs to.
    Owner,
}

/// What an endpoint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Proxy,
    Health,
    IssueToken,
    ShowHeld,
    /// What an upstream answered to a held request.
    HeldResponse,
    /// The console's page.
    Console,
    /// A file that the page wants.
    ConsoleFile,
    /// Answers an operator and changes nothing.
    Read(Read),
    /// Answers an operator's question that has a body, and changes nothing.
    Ask(Ask),
    /// Does what is due, and takes policies from files.
    Tick,
    /// Changes something for an operator, and is noted as their act.
    Change(Change),
}

/// What an operator may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    Operators,
    Agents,
    Agent,
    Policies,
    Policy,
    PolicyRevisions,
    Audit,
    AuditRecord,
    AuditExport,
    Acts,
    Refusals,
    Circuits,
    CircuitChanges,
    Myself,
    Counters,
    HeldRequests,
    Credentials,
}

/// What an operator may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    EvaluatePolicy,
    EvaluateDraft,
    Replay,
    WhatIf,
}

/// What an operator may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    AddOperator,
    RevokeOperator,
    RegisterAgent,
    EditAgent,
    DeleteAgent,
    AssignPolicy,
    UnassignPolicy,
    PutPolicy,
    RetirePolicy,
    LimitAgent,
    Quarantine,
    Revoke,
    Activate,
    ReplaceSecret,
    EndTokens,
    ApproveHeld,
    DenyHeld,
    SettleHeld,
    AddCredential,
    ReplaceCredential,
    RemoveCredential,
}

const ADMINS: Access = Access::Operators(&[Admin]);
const AUDITORS: Access = Access::Operators(&[Admin, Auditor]);
const OPERATORS: Access = Access::Operators(&[Admin, Reviewer, Auditor]);
const REVIEWERS: Access = Access::Operators(&[Admin, Reviewer]);
const OWNER_TOO: Access = Access::OperatorsOrOwner(&[Admin, Reviewer, Auditor]);

const fn route(
    method: &'static str,
    path: &'static str,
    access: Access,
    endpoint: Endpoint,
) -> Route {
    Route {
        method,
        path,
        access,
        endpoint,
    }
}

const fn read(path: &'static str, access: Access, what: Read) -> Route {
    route("GET", path, access, Endpoint::Read(what))
}

const fn ask(path: &'static str, access: Access, what: Ask) -> Route {
    route("POST", path, access, Endpoint::Ask(what))
}

const fn change(method: &'static str, path: &'static str, access: Access, what: Change) -> Route {
    route(method, path, access, Endpoint::Change(what))
}

/// All endpoints.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    change("POST", "/operators", ADMINS, Change::AddOperator),
    read("/operators", AUDITORS, Read::Operators),
    read("/operators/self", OPERATORS, Read::Myself),
    change("DELETE", "/operators/{operatorId}", ADMINS, Change::RevokeOperator),
    change("POST", "/agents", ADMINS, Change::RegisterAgent),
    read("/agents", OPERATORS, Read::Agents),
    read("/agents/{agentId}", OPERATORS, Read::Agent),
    change("PATCH", "/agents/{agentId}", ADMINS, Change::EditAgent),
    change("DELETE", "/agents/{agentId}", ADMINS, Change::DeleteAgent),
    change("PUT", "/agents/{agentId}/policy", ADMINS, Change::AssignPolicy),
    change("DELETE", "/agents/{agentId}/policy", ADMINS, Change::UnassignPolicy),
    change("PUT", "/agents/{agentId}/limit", ADMINS, Change::LimitAgent),
    change("POST", "/agents/{agentId}/quarantine", ADMINS, Change::Quarantine),
    change("POST", "/agents/{agentId}/revoke", ADMINS, Change::Revoke),
    change("POST", "/agents/{agentId}/activate", ADMINS, Change::Activate),
    change("POST", "/agents/{agentId}/secret", ADMINS, Change::ReplaceSecret),
    change("DELETE", "/agents/{agentId}/tokens", ADMINS, Change::EndTokens),
    route("POST", "/tokens", Access::Anyone, Endpoint::IssueToken),
    read("/policies", OPERATORS, Read::Policies),
    read("/policies/{name}", OPERATORS, Read::Policy),
    change("PUT", "/policies/{name}", ADMINS, Change::PutPolicy),
    change("DELETE", "/policies/{name}", ADMINS, Change::RetirePolicy),
    read("/policies/{name}/revisions", OPERATORS, Read::PolicyRevisions),
    ask("/policies/{name}/evaluate", OPERATORS, Ask::EvaluatePolicy),
    ask("/decisions/evaluate", OPERATORS, Ask::EvaluateDraft),
    ask("/decisions/replay/{auditId}", AUDITORS, Ask::Replay),
    ask("/decisions/what-if", AUDITORS, Ask::WhatIf),
    read("/audit", OPERATORS, Read::Audit),
    // Before any route with a parameter in this place.
    read("/audit/export", AUDITORS, Read::AuditExport),
    read("/audit/acts", AUDITORS, Read::Acts),
    read("/audit/refusals", AUDITORS, Read::Refusals),
    // After all with a word in this place.
    read("/audit/{auditId}", OPERATORS, Read::AuditRecord),
    read("/circuits", OPERATORS, Read::Circuits),
    read("/circuits/changes", OPERATORS, Read::CircuitChanges),
    read("/counters", OPERATORS, Read::Counters),
    read("/hitls", OPERATORS, Read::HeldRequests),
    route("GET", "/hitls/{id}", OWNER_TOO, Endpoint::ShowHeld),
    change("POST", "/hitls/{id}/approve", REVIEWERS, Change::ApproveHeld),
    change("POST", "/hitls/{id}/deny", REVIEWERS, Change::DenyHeld),
    change("POST", "/hitls/{id}/settle", REVIEWERS, Change::SettleHeld),
    route("GET", "/hitls/{id}/response", Access::Owner, Endpoint::HeldResponse),
    read("/credentials", AUDITORS, Read::Credentials),
    change("POST", "/credentials", ADMINS, Change::AddCredential),
    change("PUT", "/credentials/{credentialId}", ADMINS, Change::ReplaceCredential),
    change("DELETE", "/credentials/{credentialId}", ADMINS, Change::RemoveCredential),
    route("POST", "/lifecycle/tick", ADMINS, Endpoint::Tick),
    route("GET", "/console", Access::Anyone, Endpoint::Console),
    route("GET", "/console/{file}", Access::Anyone, Endpoint::ConsoleFile),
    route("GET", "/health", Access::Anyone, Endpoint::Health),
    route("ANY", "/proxy/{target}", Access::Agent, Endpoint::Proxy),
];

/// Where a request belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Match<'p> {
    /// To this endpoint, with the path's parameter if it has one.
    Found(&'static Route, Option<&'p str>),
    /// The path is known, the method is not; those that are.
    WrongMethod(Vec<&'static str>),
    /// Nowhere.
    NotFound,
}

/// Finds the endpoint. Names match in any case, as in the original (OB §2); the
/// proxy's own prefix is checked by the proxy.
pub(crate) fn find<'p>(method: &str, path: &'p str) -> Match<'p> {
    let segment = path.split('/').nth(1).unwrap_or_default();
    let proxied = segment.eq_ignore_ascii_case("proxy");
    let mut allowed = Vec::new();
    for route in ROUTES {
        if proxied && route.endpoint == Endpoint::Proxy {
            return Match::Found(route, None);
        }
        if let Some(parameter) = matches(route.path, path) {
            // What can be read can be asked for without its body (RFC 9110 §9.1).
            let asked = if method == "HEAD" { "GET" } else { method };
            if route.method == asked {
                return Match::Found(route, parameter);
            }
            let heads = (route.method == "GET").then_some("HEAD");
            for method in [route.method].into_iter().chain(heads) {
                if !allowed.contains(&method) {
                    allowed.push(method);
                }
            }
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
        let read = |what, parameter| Ok((Endpoint::Read(what), parameter));
        let cases = [
            ("GET", "/agents", read(Read::Agents, None)),
            ("GET", "/Agents", read(Read::Agents, None)),
            ("GET", "/agents/x", read(Read::Agent, Some("x"))),
            (
                "PUT",
                "/agents/x/policy",
                Ok((Endpoint::Change(Change::AssignPolicy), Some("x"))),
            ),
            ("GET", "/audit/export", read(Read::AuditExport, None)),
            ("GET", "/audit/x", read(Read::AuditRecord, Some("x"))),
            ("POST", "/audit/export", Err(vec!["GET", "HEAD"])),
            ("GET", "/audit/x/y", Err(vec![])),
            ("GET", "/agents/", Err(vec![])),
            ("GET", "/agents/x/y", Err(vec![])),
            ("PATCH", "/agents", Err(vec!["POST", "GET", "HEAD"])),
            ("GET", "/", Err(vec![])),
            ("PURGE", "/proxy/http://h/", Ok((Endpoint::Proxy, None))),
            ("GET", "/PROXY", Ok((Endpoint::Proxy, None))),
        ];
        for (method, path, expected) in cases {
            let found = match find(method, path) {
                Match::Found(route, parameter) => Ok((route.endpoint, parameter)),
                Match::WrongMethod(allowed) => Err(allowed),
                Match::NotFound => Err(Vec::new()),
            };
            assert_eq!(found, expected, "{method} {path}");
        }
    }

    #[test]
    fn what_changes_something_is_an_act_of_an_operator() {
        for route in ROUTES {
            let operators = matches!(route.access, Access::Operators(_));
            let place = format!("{} {}", route.method, route.path);
            match route.endpoint {
                Endpoint::Change(_) => assert!(operators && route.method != "GET", "{place}"),
                Endpoint::Read(_) => assert!(operators && route.method == "GET", "{place}"),
                Endpoint::Ask(_) => assert!(operators && route.method == "POST", "{place}"),
                // An act if it carries files.
                Endpoint::Tick => assert_eq!(route.access, ADMINS, "{place}"),
                _ => assert!(!operators, "{place}"),
            }
        }
    }

    #[test]
    fn every_endpoint_stands_in_the_table_once() {
        for (nth, route) in ROUTES.iter().enumerate() {
            let others = ROUTES.iter().skip(nth + 1);
            assert!(
                others.clone().all(|other| other.endpoint != route.endpoint),
                "{}",
                route.path
            );
        }
    }
}
