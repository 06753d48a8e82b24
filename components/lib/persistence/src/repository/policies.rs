//! `vectra:persistence/policies`.

use vectra_domain::repository::{PolicyRepository, Result};
use vectra_domain::{PersistenceError, Policy, PolicySource, PutResult, Timestamp};

use super::Repositories;
use crate::bind::Bind;
use crate::{Database, check, mapping};

impl<D: Database> PolicyRepository for Repositories<D> {
    fn put(&self, policy: &Policy) -> Result<PutResult> {
        check::policy(policy)?;
        let bind = Bind::new()
            .text("Policy.Name", &policy.name)
            .text("Policy.Document", &policy.document)
            .blob(&policy.compiled)
            .integer(policy.status.code())
            .optional_text("Policy.Problem", policy.problem.as_deref())
            .integer(policy.source.code())
            .optional_text("Policy.SourceName", policy.source_name.as_deref())
            .text("Policy.ContentHash", &policy.content_hash)
            .time(policy.created_at);
        let row = self.first(self.dialect.policy_put, bind.finish()?)?;
        let mut row = row.ok_or_else(|| crate::row::unexpected("Policy.Revision"))?;
        let revision = row.count("Policy.Revision")?;
        let before = row.optional_integer("Policy.Revision")?;
        Ok(PutResult {
            revision,
            changed: before != Some(i64::from(revision)),
        })
    }

    fn find(&self, name: &str, revision: Option<u32>) -> Result<Option<Policy>> {
        let bind = Bind::new()
            .text("Policy.Name", name)
            .optional_integer(revision.map(i64::from));
        let row = self.first(self.dialect.policy_find, bind.finish()?)?;
        row.map(|mut row| mapping::policy(&mut row)).transpose()
    }

    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Policy>> {
        // No name is empty, so every name lies after the empty one.
        let bind = Bind::new()
            .text("Policy.Name", after.unwrap_or_default())
            .integer(check::limit(limit)?);
        self.all(self.dialect.policy_list, bind.finish()?, mapping::policy)
    }

    fn revisions(&self, name: &str, before: Option<u32>, limit: u32) -> Result<Vec<Policy>> {
        let bind = Bind::new()
            .text("Policy.Name", name)
            .integer(before.map_or(i64::MAX, i64::from))
            .integer(check::limit(limit)?);
        let statement = self.dialect.policy_revisions;
        self.all(statement, bind.finish()?, mapping::policy)
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
        let keep = serde_json::to_string(keep)
            .map_err(|error| PersistenceError::Invalid(error.to_string()))?;
        let bind = Bind::new()
            .integer(source.code())
            .text("Policy.Name", &keep)
            .time(now);
        let read = |row: &mut crate::row::Reader| row.text("Policy.Name");
        let mut names = self.all(self.dialect.policy_retire, bind.finish()?, read)?;
        names.sort_unstable();
        Ok(names)
    }
}
