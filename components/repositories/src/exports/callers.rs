//! The interfaces for who calls.

use vectra_domain::repository::{
    ActRepository, AgentAccessRepository, ExternalIssuerRepository, LockoutRepository,
    OperatorRepository,
};

use super::call;
use crate::bindings::exports::vectra::persistence::{
    acts, agent_access, external_issuers, lockouts, operators, types,
};
use crate::convert::of;
use crate::{Shell, Store, convert};

impl<S: Store> agent_access::Guest for Shell<S> {
    fn find(agent_id: String) -> Result<types::AgentAccess, types::Error> {
        call(|| {
            AgentAccessRepository::find(&S::repositories(), of("AgentId", convert::id(&agent_id))?)
                .map(convert::from_access)
        })
    }

    fn rotate(rotation: agent_access::Rotation) -> Result<(), types::Error> {
        call(|| S::repositories().rotate(&convert::to_rotation(rotation)?))
    }

    fn limit(
        agent_id: String,
        requests_per_minute: Option<u32>,
        now: i64,
    ) -> Result<(), types::Error> {
        call(|| {
            let (agent, now) = (
                of("AgentId", convert::id(&agent_id))?,
                of("Now", convert::time(now))?,
            );
            S::repositories().limit(agent, requests_per_minute, now)
        })
    }

    fn revoke_tokens(agent_id: String, now: i64) -> Result<(), types::Error> {
        call(|| {
            S::repositories().revoke_tokens(
                of("AgentId", convert::id(&agent_id))?,
                of("Now", convert::time(now))?,
            )
        })
    }
}

impl<S: Store> operators::Guest for Shell<S> {
    fn insert(operator: types::Operator) -> Result<(), types::Error> {
        call(|| OperatorRepository::insert(&S::repositories(), &convert::to_operator(operator)?))
    }

    fn find_by_key(key_hash: String) -> Result<Option<types::Operator>, types::Error> {
        call(|| {
            let operator = S::repositories().find_by_key(&key_hash)?;
            Ok(operator.map(convert::from_operator))
        })
    }

    fn touch(id: String, now: i64) -> Result<(), types::Error> {
        call(|| {
            S::repositories().touch(
                of("OperatorId", convert::id(&id))?,
                of("Now", convert::time(now))?,
            )
        })
    }

    fn revoke(id: String, now: i64) -> Result<types::Operator, types::Error> {
        call(|| {
            S::repositories()
                .revoke(
                    of("OperatorId", convert::id(&id))?,
                    of("Now", convert::time(now))?,
                )
                .map(convert::from_operator)
        })
    }

    fn list(
        after: Option<operators::Cursor>,
        limit: u32,
    ) -> Result<Vec<types::Operator>, types::Error> {
        call(|| {
            let after = after
                .map(|cursor| Ok((cursor.name, of("Cursor.Id", convert::id(&cursor.id))?)))
                .transpose()?;
            let operators = OperatorRepository::list(&S::repositories(), after.as_ref(), limit)?;
            Ok(operators.into_iter().map(convert::from_operator).collect())
        })
    }
}

impl<S: Store> acts::Guest for Shell<S> {
    fn append(act: types::Act) -> Result<(), types::Error> {
        call(|| ActRepository::append(&S::repositories(), &convert::to_act(act)?))
    }

    fn complete(act_id: String, outcome: types::ActOutcome) -> Result<(), types::Error> {
        call(|| {
            let outcome = convert::to_act_outcome(outcome)?;
            S::repositories().complete(of("ActId", convert::id(&act_id))?, &outcome)
        })
    }

    fn list(
        query: acts::PageQuery,
    ) -> Result<Vec<(types::Act, Option<types::ActOutcome>)>, types::Error> {
        call(|| {
            let page = convert::to_act_page(query)?;
            let acts = ActRepository::list(&S::repositories(), &page)?;
            Ok(acts.into_iter().map(convert::from_act_row).collect())
        })
    }
}

impl<S: Store> lockouts::Guest for Shell<S> {
    fn find(subject: lockouts::Subject) -> Result<Option<lockouts::Failures>, types::Error> {
        call(|| {
            let subject = convert::to_subject(subject)?;
            let failures = LockoutRepository::find(&S::repositories(), &subject)?;
            Ok(failures.map(convert::from_failures))
        })
    }

    fn fail(subject: lockouts::Subject, now: i64, forget_before: i64) -> Result<(), types::Error> {
        call(|| {
            let subject = convert::to_subject(subject)?;
            let (now, before) = (
                of("Now", convert::time(now))?,
                of("ForgetBefore", convert::time(forget_before))?,
            );
            S::repositories().fail(&subject, now, before)
        })
    }

    fn clear(subject: lockouts::Subject) -> Result<(), types::Error> {
        call(|| S::repositories().clear(&convert::to_subject(subject)?))
    }
}

impl<S: Store> external_issuers::Guest for Shell<S> {
    fn find(issuer: String) -> Result<Option<external_issuers::Keys>, types::Error> {
        call(|| {
            let keys = ExternalIssuerRepository::find(&S::repositories(), &issuer)?;
            Ok(keys.map(convert::from_keys))
        })
    }

    fn claim(issuer: String, now: i64, not_since: i64) -> Result<bool, types::Error> {
        call(|| {
            let (now, since) = (
                of("Now", convert::time(now))?,
                of("NotSince", convert::time(not_since))?,
            );
            S::repositories().claim(&issuer, now, since)
        })
    }

    fn attempted(issuer: String) -> Result<Option<i64>, types::Error> {
        call(|| {
            let attempted = S::repositories().attempted(&issuer)?;
            Ok(attempted.map(vectra_domain::Timestamp::micros))
        })
    }

    fn put(issuer: String, keys: external_issuers::Keys) -> Result<(), types::Error> {
        call(|| {
            let keys = convert::to_keys(keys)?;
            ExternalIssuerRepository::put(&S::repositories(), &issuer, &keys)
        })
    }
}
