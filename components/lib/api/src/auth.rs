//! Who is calling: an operator by key, or an agent by token. Neither works for the
//! other.

pub(crate) mod agent;
pub(crate) mod operator;

use http::{HeaderMap, HeaderName};
use vectra_domain::AgentId;

use crate::gateway::Gateway;
use crate::ports::{Secret, Upstream};
use crate::problem::{Kind, Refusal};
use crate::routes::Access;
use operator::Identity;

/// Carries the agent's token so that its own `Authorization` passes upstream.
pub(crate) const VECTRA_AUTHORIZATION: HeaderName = HeaderName::from_static("vectra-authorization");

/// What every operator's key begins with.
pub(crate) const OPERATOR_PREFIX: &str = "vop_";

/// Who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Whoever it is; the endpoint asks for what it needs.
    Anyone,
    /// An operator with a role that may.
    Operator(Identity),
    /// An active agent, which may see what is its own.
    Agent(AgentId),
}

/// Which header carried the agent's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// `Vectra-Authorization`.
    Vectra,
    /// `Authorization`; it stays behind.
    Authorization,
}

/// The one bearer credential in a header; none if there is another number of them.
fn bearer<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, credential) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| credential.trim())
}

impl<U> Gateway<'_, U> {
    /// Lets in whom the endpoint is for. An agent's token for [`Access::Agent`] is read by
    /// the endpoint itself, which refuses targets that are none first (OB §4.3).
    pub(crate) fn admit<B>(&self, access: Access, headers: &HeaderMap) -> Result<Caller, Refusal>
    where
        U: Upstream<B>,
    {
        let operator = |roles| {
            let identity = self.operator(headers)?;
            identity.must_be(roles)?;
            Ok(Caller::Operator(identity))
        };
        match access {
            Access::Anyone | Access::Agent => Ok(Caller::Anyone),
            Access::Operators(roles) => operator(roles),
            Access::Owner => self.active_agent::<B>(headers).map(Caller::Agent),
            Access::OperatorsOrOwner(roles) => match operator(roles) {
                Err(refusal) if refusal.is_unauthenticated() => {
                    self.active_agent::<B>(headers).map(Caller::Agent)
                }
                other => other,
            },
        }
    }

    /// A secret; a missing one is the operator's affair, not the caller's.
    pub(crate) fn secret(&self, secret: Secret) -> Result<String, Refusal> {
        self.ports
            .secrets
            .get(secret)
            .map_err(|why| Refusal::new(Kind::Misconfigured).internal(why))
    }
}
