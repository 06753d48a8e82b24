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
            if newest.is_some_and(|newest| newest.source != policy.source) {
                return Err(PersistenceError::Conflict("Policy.Source".to_owned()));
            }
            let before = newest.map_or(0, |newest| newest.revision);
            let same = newest.is_some_and(|newest| {
                newest.content_hash == policy.content_hash && newest.status == policy.status
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
