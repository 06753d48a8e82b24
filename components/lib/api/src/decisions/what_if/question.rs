//! What is asked.

use serde::Deserialize;
use serde_json::value::RawValue;
use vectra_domain::Timestamp;
use vectra_domain::repository::AuditRange;

use crate::fields::typed;
use crate::gateway::Gateway;
use crate::problem::{Kind, Refusal};

/// Changes that are told one by one, unless more or less are asked for.
const CHANGES: u32 = 20;
/// Changes that are told one by one, at most.
const MOST_CHANGES: u32 = 100;

/// A question that can be answered.
pub(super) struct Question {
    /// The draft, compiled.
    pub(super) code: Vec<u8>,
    /// The policy in whose place the draft is put.
    pub(super) only_policy: String,
    /// The rows.
    pub(super) range: AuditRange,
    /// Changes that are told one by one.
    pub(super) limit: usize,
    pub(super) cursor: Option<String>,
}

/// The same as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    policy: Option<Box<RawValue>>,
    policy_name: Option<String>,
    revision: Option<u32>,
    from: String,
    to: String,
    agent_id: Option<String>,
    only_policy: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

impl<U> Gateway<'_, U> {
    pub(super) fn read_what_if(&self, question: &[u8]) -> Result<Question, Refusal> {
        let written: Written = typed(question)?;
        let range = range(&written)?;
        let limit = written.limit.unwrap_or(CHANGES);
        if !(1..=MOST_CHANGES).contains(&limit) {
            let message = format!("must be an integer from 1 to {MOST_CHANGES}");
            return Err(Refusal::field("limit", message));
        }
        let compiled = self.compiled(&self.draft(&written)?)?;
        Ok(Question {
            code: compiled.code,
            only_policy: written.only_policy.unwrap_or(compiled.name),
            range,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            cursor: written.cursor,
        })
    }

    /// The draft's source: given, or that of a revision there is.
    fn draft(&self, written: &Written) -> Result<String, Refusal> {
        let (name, revision) = match (&written.policy, &written.policy_name) {
            (Some(policy), None) if written.revision.is_none() => {
                let policy = policy.get();
                // As its author wrote it, comments and all, if it is a text.
                let text = serde_json::from_str(policy);
                return Ok(text.unwrap_or_else(|_| policy.to_owned()));
            }
            (None, Some(name)) if !name.contains('\0') => (name, written.revision),
            _ => {
                let message = "give either `policy`, or `policyName` and, if you like, `revision`";
                return Err(Refusal::field("policy", message));
            }
        };
        let found = self.with_schema(|| self.ports.policies.find(name, revision))?;
        let policy = found.ok_or_else(|| {
            let what = match revision {
                Some(revision) => format!("Revision {revision} of policy '{name}'"),
                None => format!("Policy '{name}'"),
            };
            Refusal::new(Kind::PolicyNotFound).detail(format!("{what} was not found."))
        })?;
        if policy.document.is_empty() {
            let detail = format!("Revision {} of policy '{name}' is broken.", policy.revision);
            return Err(Refusal::new(Kind::PolicyBroken).detail(detail));
        }
        Ok(policy.document)
    }
}

fn range(written: &Written) -> Result<AuditRange, Refusal> {
    let time = |name: &str, text: &str| {
        text.parse::<Timestamp>()
            .map_err(|error| Refusal::field(name, error.to_string()))
    };
    let (since, until) = (time("from", &written.from)?, time("to", &written.to)?);
    if since > until {
        return Err(Refusal::field("to", "must not be before `from`"));
    }
    let agent_id = written.agent_id.as_deref().map(str::parse);
    Ok(AuditRange {
        agent_id: agent_id
            .transpose()
            .map_err(|error: vectra_domain::IdError| {
                Refusal::field("agentId", error.to_string())
            })?,
        since,
        until,
        after: None,
        limit: 1,
    })
}
