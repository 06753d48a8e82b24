//! `vectra:persistence/agent-access`.

use vectra_domain::repository::{AgentAccessRepository, Result};
use vectra_domain::{AgentAccess, AgentId, Rotation, Timestamp};

use super::Repositories;
use crate::bind::Bind;
use crate::{Database, check, mapping};

impl<D: Database> AgentAccessRepository for Repositories<D> {
    fn find(&self, agent: AgentId) -> Result<AgentAccess> {
        let statement = self.dialect.callers.access_find;
        let row = self.first(statement, Bind::new().id(agent).finish()?)?;
        let access = row.map(|mut row| mapping::access(&mut row)).transpose()?;
        Ok(access.unwrap_or_default())
    }

    fn rotate(&self, rotation: &Rotation) -> Result<()> {
        check::rotation(rotation)?;
        let bind = Bind::new()
            .id(rotation.agent_id)
            .text("Agent.ClientSecretHash", &rotation.client_secret_hash)
            .optional_time(rotation.former_until)
            .time(rotation.now);
        self.change(self.dialect.callers.access_rotate, bind)
    }

    fn limit(&self, agent: AgentId, requests: Option<u32>, now: Timestamp) -> Result<()> {
        let bind = Bind::new()
            .id(agent)
            .optional_integer(requests.map(i64::from))
            .time(now);
        self.change(self.dialect.callers.access_limit, bind)
    }

    fn revoke_tokens(&self, agent: AgentId, now: Timestamp) -> Result<()> {
        let bind = Bind::new().id(agent).time(now);
        self.change(self.dialect.callers.access_revoke, bind)
    }
}
