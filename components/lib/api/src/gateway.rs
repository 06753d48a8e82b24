//! The gateway: finds the endpoint, answers, and stamps every answer.

use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use vectra_domain::PersistenceError;

use crate::ports::{Ports, Upstream};
use crate::problem::{Kind, Refusal};
use crate::routes::{Endpoint, Match, find};
use crate::{RequestBody, ResponseBody, Settings};

/// The version of the gateway, as in `Vectra-Version`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const VECTRA_VERSION: HeaderName = HeaderName::from_static("vectra-version");

/// The gateway over its ports.
pub struct Gateway<'a, U> {
    pub(crate) ports: Ports<'a, U>,
    pub(crate) settings: &'a Settings,
    log: &'a dyn Fn(&str),
}

/// What an endpoint answers.
pub(crate) type Answer<B> = Result<Response<ResponseBody<B>>, Refusal>;

impl<'a, U> Gateway<'a, U> {
    /// A gateway; `log` gets one line for each failure inside, never a secret.
    pub fn new(ports: Ports<'a, U>, settings: &'a Settings, log: &'a dyn Fn(&str)) -> Self {
        Self {
            ports,
            settings,
            log,
        }
    }

    /// Answers a request. Every answer carries `Vectra-Version`.
    pub fn handle<B>(&self, request: Request<B>) -> Response<ResponseBody<U::Body>>
    where
        B: RequestBody,
        U: Upstream<B>,
    {
        let mut response = self.answer(request).unwrap_or_else(|refusal| {
            if let Some(context) = refusal.context() {
                (self.log)(context);
            }
            refusal.into_response()
        });
        response
            .headers_mut()
            .insert(VECTRA_VERSION, HeaderValue::from_static(VERSION));
        response
    }

    /// One line for the operator.
    pub(crate) fn log(&self, line: &str) {
        (self.log)(line);
    }

    fn answer<B>(&self, request: Request<B>) -> Answer<U::Body>
    where
        B: RequestBody,
        U: Upstream<B>,
    {
        let (head, body) = request.into_parts();
        let query = head.uri.query();
        let (endpoint, parameter) = match find(head.method.as_str(), head.uri.path()) {
            Match::Found(endpoint, parameter) => (endpoint, parameter.unwrap_or_default()),
            Match::NotFound => return Err(Refusal::new(Kind::NoRoute)),
            Match::WrongMethod(allowed) => return Err(wrong_method(&allowed)),
        };
        match endpoint {
            Endpoint::Proxy => return self.proxy(head, body),
            Endpoint::Health => return self.health(),
            Endpoint::IssueToken => return self.issue_token(&head.headers, body),
            Endpoint::ShowHeld => return self.show_held(&head.headers, parameter),
            _ => self.operator(&head.headers)?,
        }
        match endpoint {
            Endpoint::RegisterAgent => self.register_agent(&head.headers, body),
            Endpoint::ListAgents => self.list_agents(query),
            Endpoint::ShowAgent => self.show_agent(parameter),
            Endpoint::AssignPolicy => self.assign_policy(parameter, &head.headers, body),
            Endpoint::DeleteAgent => self.delete_agent(parameter),
            Endpoint::ListPolicies => self.list_policies(query),
            Endpoint::ShowPolicy => self.show_policy(parameter),
            Endpoint::ListAudit => self.list_audit(query),
            Endpoint::ExportAudit => self.export_audit(query),
            _ => Err(Refusal::new(Kind::NoRoute)),
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
                (self.log)(&error.to_string());
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
        match call() {
            Err(PersistenceError::SchemaMissing) => {
                self.ports.schema.ensure()?;
                call()
            }
            other => other,
        }
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
