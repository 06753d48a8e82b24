//! The gateway: finds the endpoint, answers, and stamps every answer.

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use vectra_domain::repository::Schema;
use vectra_domain::{AgentStatus, PersistenceError};

use crate::acts::Order;
use crate::auth::Caller;
use crate::auth::operator::Identity;
use crate::console::console;
use crate::lifecycle::Asked;
use crate::log::{Log, on_one_line};
use crate::ports::{Ports, Upstream};
use crate::problem::{Kind, Refusal};
use crate::routes::{Ask, Change, Endpoint, Match, Read, find};
use crate::trace::{REQUEST_ID, request_id};
use crate::{RequestBody, ResponseBody, Settings};

/// The version of the gateway, as in `Vectra-Version`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const VECTRA_VERSION: HeaderName = HeaderName::from_static("vectra-version");

/// The gateway over its ports.
pub struct Gateway<'a, U> {
    pub(crate) ports: Ports<'a, U>,
    pub(crate) settings: &'a Settings,
    /// What is told of the present request.
    pub(crate) line: Log,
    log: &'a dyn Fn(&str),
}

/// The id of a request, among its extensions.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// What an endpoint answers.
pub(crate) type Answer<B> = Result<Response<ResponseBody<B>>, Refusal>;

impl<'a, U> Gateway<'a, U> {
    /// A gateway; `log` gets one line for each failure inside, never a secret.
    pub fn new(ports: Ports<'a, U>, settings: &'a Settings, log: &'a dyn Fn(&str)) -> Self {
        Self {
            ports,
            settings,
            line: Log::default(),
            log,
        }
    }

    /// Answers a request. Every answer carries `Vectra-Version` and `X-Request-Id`. One
    /// that is an upstream's has a [`Forwarded`](crate::Forwarded) among its extensions:
    /// whoever sends it on gives that to [`Gateway::conclude`] afterwards. One that leaves
    /// something to do has a [`FollowUp`](crate::FollowUp), for [`Gateway::follow_up`].
    pub fn handle<B>(&self, request: Request<B>) -> Response<ResponseBody<U::Body>>
    where
        B: RequestBody,
        U: Upstream<B>,
    {
        let now = self.ports.clock.now();
        let id = request_id(request.headers())
            .unwrap_or_else(|| self.ports.uuid().as_simple().to_string());
        let wanted = self.settings.log_requests;
        self.line.begin(wanted, now, &id, request.method().as_str());
        let mut request = request;
        request.extensions_mut().insert(RequestId(id.clone()));
        let mut response = self.answer(request).unwrap_or_else(|refusal| {
            match refusal.context() {
                Some(context) if !self.settings.log_requests => self.log(context),
                _ => self.line.refused(&refusal),
            }
            refusal.into_response()
        });
        let headers = response.headers_mut();
        headers.insert(VECTRA_VERSION, HeaderValue::from_static(VERSION));
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, id);
        }
        if self.settings.log_requests {
            (self.log)(&self.line.end(response.status(), self.ports.clock.now()));
        }
        response
    }

    /// One line for the operator, whatever others wrote of it.
    pub(crate) fn log(&self, line: &str) {
        (self.log)(&on_one_line(line));
    }

    fn answer<B>(&self, request: Request<B>) -> Answer<U::Body>
    where
        B: RequestBody,
        U: Upstream<B>,
    {
        let (head, body) = request.into_parts();
        let (route, parameter) = match find(head.method.as_str(), head.uri.path()) {
            Match::Found(route, parameter) => (route, parameter.unwrap_or_default()),
            Match::NotFound => return Err(Refusal::new(Kind::NoRoute)),
            Match::WrongMethod(allowed) => return Err(wrong_method(&allowed)),
        };
        self.line.route(route.path);
        let caller = self.admit::<B>(route.access, &head.headers)?;
        self.line.caller(&caller);
        match (route.endpoint, caller) {
            (Endpoint::Proxy, _) => self.proxy(head, body),
            (Endpoint::Health, _) => self.health(),
            (Endpoint::IssueToken, _) => self.issue_token(&head.headers, body),
            (Endpoint::ShowHeld, caller) => self.show_held(&caller, parameter),
            (Endpoint::HeldResponse, Caller::Agent(agent)) => self.held_response(agent, parameter),
            (Endpoint::Console, _) => console(None, &head.headers),
            (Endpoint::ConsoleFile, _) => console(Some(parameter), &head.headers),
            (Endpoint::Read(what), Caller::Operator(by)) => {
                self.read(what, &by, parameter, head.uri.query())
            }
            (Endpoint::Ask(what), Caller::Operator(_)) => {
                let question = self.question(&head.headers, body)?;
                // Once more: the key may have ended while the body was on its way.
                self.admit::<B>(route.access, &head.headers)?;
                self.ask(what, parameter, &question)
            }
            (Endpoint::Tick, Caller::Operator(_)) => {
                let asked = Asked::read(&head.headers, body)?;
                // Once more: the key may have ended while the body was on its way.
                let Caller::Operator(by) = self.admit::<B>(route.access, &head.headers)? else {
                    return Err(Refusal::new(Kind::MissingCredentials));
                };
                let action = format!("{} {}", route.method, route.path);
                self.tick_over_http::<B>(&by, action, &head.headers, asked)
            }
            (Endpoint::Change(what), Caller::Operator(by)) => {
                let query = head.uri.query();
                let order = self.order(what, &by, parameter, query, &head.headers, body)?;
                // Once more: the key may have ended while the body was on its way.
                let Caller::Operator(by) = self.admit::<B>(route.access, &head.headers)? else {
                    return Err(Refusal::new(Kind::MissingCredentials));
                };
                let action = format!("{} {}", route.method, route.path);
                self.act(&by, action, &head.headers, order)
            }
            // Only operators read and change, only agents have answers of their own.
            (
                Endpoint::Read(_)
                | Endpoint::Ask(_)
                | Endpoint::Tick
                | Endpoint::Change(_)
                | Endpoint::HeldResponse,
                _,
            ) => Err(Refusal::new(Kind::MissingCredentials)),
        }
    }

    /// What an operator reads.
    fn read<B>(
        &self,
        what: Read,
        by: &Identity,
        parameter: &str,
        query: Option<&str>,
    ) -> Answer<B> {
        match what {
            Read::Operators => self.list_operators(query),
            Read::Agents => self.list_agents(query),
            Read::Agent => self.show_agent(parameter),
            Read::Policies => self.list_policies(query),
            Read::Policy => self.show_policy(parameter, query),
            Read::PolicyRevisions => self.list_policy_revisions(parameter, query),
            Read::Audit => self.list_audit(query),
            Read::AuditRecord => self.show_audit(parameter),
            Read::AuditExport => self.export_audit(query),
            Read::Acts => self.list_acts(query),
            Read::Refusals => self.list_refusals(query),
            Read::Circuits => self.list_circuits(query),
            Read::CircuitChanges => self.list_circuit_changes(query),
            Read::Myself => self.show_self(by),
            Read::Counters => self.show_counters(),
            Read::HeldRequests => self.list_held(query),
            Read::Credentials => self.list_credentials(query),
        }
    }

    /// What an operator asks.
    fn ask<B>(&self, what: Ask, parameter: &str, question: &[u8]) -> Answer<B> {
        match what {
            Ask::EvaluatePolicy => self.evaluate_policy(parameter, question),
            Ask::EvaluateDraft => self.evaluate_draft(question),
            Ask::Replay => self.replay(parameter),
            Ask::WhatIf => self.what_if(question),
        }
    }

    /// The change that an operator asks for: read and checked, not made.
    fn order<'s, B>(
        &'s self,
        what: Change,
        by: &Identity,
        parameter: &str,
        query: Option<&str>,
        headers: &HeaderMap,
        body: B,
    ) -> Result<Order<'s, U::Body>, Refusal>
    where
        B: RequestBody + 's,
        U: Upstream<B>,
    {
        match what {
            Change::AddOperator => self.add_operator(headers, body),
            Change::RevokeOperator => self.revoke_operator(parameter),
            Change::RegisterAgent => self.register_agent(headers, body),
            Change::EditAgent => self.edit_agent(parameter, headers, body),
            Change::DeleteAgent => self.delete_agent(parameter),
            Change::AssignPolicy => self.assign_policy(parameter, headers, body),
            Change::UnassignPolicy => self.unassign_policy(parameter),
            Change::PutPolicy => self.put_policy(parameter, headers, body),
            Change::RetirePolicy => self.retire_policy(parameter, query),
            Change::LimitAgent => self.limit_agent(parameter, headers, body),
            Change::Quarantine => self.set_status(parameter, AgentStatus::Quarantined),
            Change::Revoke => self.set_status(parameter, AgentStatus::Revoked),
            Change::Activate => self.set_status(parameter, AgentStatus::Active),
            Change::ReplaceSecret => self.replace_secret(parameter, headers, body),
            Change::EndTokens => self.end_tokens(parameter),
            Change::ApproveHeld => self.approve_held(by, parameter, headers, body),
            Change::DenyHeld => self.deny_held(by, parameter, headers, body),
            Change::SettleHeld => self.settle_held(by, parameter, headers, body),
            Change::AddCredential => self.add_credential(headers, body),
            Change::ReplaceCredential => self.replace_credential(parameter, headers, body),
            Change::RemoveCredential => self.remove_credential(parameter),
        }
    }

    /// `GET /health`: asks the database.
    fn health<B>(&self) -> Answer<B> {
        match self.with_schema(|| self.ports.schema.version()) {
            Ok(version) => Ok(json(
                StatusCode::OK,
                &json!({ "status": "Healthy", "schemaVersion": version }),
            )),
            Err(error) => {
                self.log(&error.to_string());
                let body = json!({ "status": "Unhealthy" });
                Ok(json(StatusCode::SERVICE_UNAVAILABLE, &body))
            }
        }
    }

    /// Calls the database; makes the tables first if they turn out to be missing.
    pub(crate) fn with_schema<T>(
        &self,
        call: impl Fn() -> Result<T, PersistenceError>,
    ) -> Result<T, PersistenceError> {
        with_schema(self.ports.schema, call)
    }
}

/// Calls the database; makes the tables first if they turn out to be missing.
pub(crate) fn with_schema<T>(
    schema: &dyn Schema,
    call: impl Fn() -> Result<T, PersistenceError>,
) -> Result<T, PersistenceError> {
    match call() {
        Err(PersistenceError::SchemaMissing) => {
            schema.ensure()?;
            call()
        }
        other => other,
    }
}

fn wrong_method(allowed: &[&str]) -> Refusal {
    let refusal = Refusal::new(Kind::WrongMethod);
    match HeaderValue::from_str(&allowed.join(", ")) {
        Ok(methods) => refusal.header(header::ALLOW, methods),
        Err(_) => refusal,
    }
}

/// A JSON answer.
pub(crate) fn json<B>(status: StatusCode, body: &Value) -> Response<ResponseBody<B>> {
    json_text(status, body.to_string().into_bytes())
}

/// A JSON answer that is written already.
pub(crate) fn json_text<B>(status: StatusCode, body: Vec<u8>) -> Response<ResponseBody<B>> {
    let mut response = Response::new(ResponseBody::Bytes(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// An answer without a body.
pub(crate) fn no_content<B>() -> Response<ResponseBody<B>> {
    let mut response = Response::new(ResponseBody::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// An answer that shows a secret, which nobody on its way may keep.
pub(crate) fn unstored<B>(mut response: Response<ResponseBody<B>>) -> Response<ResponseBody<B>> {
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}
