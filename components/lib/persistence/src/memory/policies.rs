//! `vectra:persistence/policies`.

use std::ops::Bound;

use vectra_domain::repository::{PolicyRepository, Result};
use vectra_domain::{PersistenceError, Policy, PolicySource, PolicyStatus, PutResult, Timestamp};

use super::{Memory, take};
use crate::check;

impl PolicyRepository for Memory {
    fn put(&self, policy: &Policy) -> Result<PutResult> {
        check::policy(policy)?;
        self.call(|state| {
            let revisions = state.policies.entry(policy.name.clone()).or_default();
            let newest = revisions.last();
            let others = |newest: &Policy| {
                newest.source != policy.source && newest.status != PolicyStatus::Retired
            };
            if newest.is_some_and(others) {
                return Err(PersistenceError::Conflict("Policy.Source".to_owned()));
            }
            let before = newest.map_or(0, |newest| newest.revision);
            let same = newest.is_some_and(|newest| {
                newest.content_hash == policy.content_hash
                    && newest.status == policy.status
                    && newest.source == policy.source
                    && newest.compiled == policy.compiled
            });
            if same {
                return Ok(PutResult {
                    revision: before,
                    changed: false,
                });
            }
            let revision = before.saturating_add(1);
            revisions.push(Policy {
                revision,
                ..policy.clone()
            });
            Ok(PutResult {
                revision,
                changed: true,
            })
        })
    }

    fn find(&self, name: &str, revision: Option<u32>) -> Result<Option<Policy>> {
        check::text("Policy.Name", name)?;
        self.call(|state| {
            let Some(revisions) = state.policies.get(name) else {
                return Ok(None);
            };
            let mut newest_first = revisions.iter().rev();
            let found = match revision {
                Some(revision) => newest_first.find(|policy| policy.revision == revision),
                None => newest_first.next(),
            };
            Ok(found.cloned())
        })
    }

    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Policy>> {
        let limit = check::limit(limit)?;
        check::optional_text("Policy.Name", after)?;
        self.call(|state| {
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let rows = state.policies.range::<str, _>((from, Bound::Unbounded));
            Ok(take(
                limit,
                rows.filter_map(|(_, revisions)| revisions.last().cloned()),
            ))
        })
    }

    fn revisions(&self, name: &str, before: Option<u32>, limit: u32) -> Result<Vec<Policy>> {
        let limit = check::limit(limit)?;
        check::text("Policy.Name", name)?;
        self.call(|state| {
            let newest_first = state.policies.get(name).into_iter().flatten().rev();
            let earlier = newest_first
                .filter(|policy| before.is_none_or(|before| policy.revision < before))
                .map(|policy| Policy {
                    document: String::new(),
                    compiled: Vec::new(),
                    ..policy.clone()
                });
            Ok(take(limit, earlier))
        })
    }

    fn retire_missing(
        &self,
        source: PolicySource,
        keep: &[String],
        now: Timestamp,
    ) -> Result<Vec<String>> {
        for name in keep {
            check::text("Policy.Name", name)?;
        }
        self.call(|state| {
            let mut retired = Vec::new();
            for (name, revisions) in &mut state.policies {
                let Some(newest) = revisions.last() else {
                    continue;
                };
                if newest.source != source
                    || newest.status == PolicyStatus::Retired
                    || keep.contains(name)
                {
                    continue;
                }
                let revision = Policy {
                    revision: newest.revision.saturating_add(1),
                    status: PolicyStatus::Retired,
                    problem: None,
                    created_at: now,
                    ..newest.clone()
                };
                revisions.push(revision);
                retired.push(name.clone());
            }
            Ok(retired)
        })
    }
}
