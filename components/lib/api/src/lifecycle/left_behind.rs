//! What a process that ended has left behind: approved requests that were not sent, and
//! what was not told of held requests.

use vectra_domain::HeldStatus;
use vectra_domain::Timestamp;
use vectra_domain::repository::{HeldPage, MAX_PAGE};

use crate::gateway::Gateway;
use crate::ports::Upstream;

/// Most approved requests that one tick looks at.
const MOST: u32 = 100;
/// No other one is begun after so long, in microseconds: ticks have an end.
const LONGEST: i64 = 10 * Timestamp::SECOND;

impl<U> Gateway<'_, U> {
    /// Sends approved requests that nobody has sent, and tells what is due of held ones: at
    /// most `budget` of them. What fails is told in the log and tried again in the next tick.
    pub fn carry_on<B>(&self, budget: u32)
    where
        U: Upstream<B>,
    {
        if budget == 0 {
            return;
        }
        let approved = HeldPage {
            status: Some(HeldStatus::Approved),
            agent_id: None,
            after: None,
            limit: budget.min(MOST),
        };
        let begun = self.ports.clock.now();
        match self.with_schema(|| self.ports.held.list(&approved)) {
            Ok(rows) => {
                for held in rows {
                    if begun.plus(LONGEST) <= self.ports.clock.now() {
                        break;
                    }
                    self.release_held::<B>(held.id);
                }
            }
            Err(error) => self.log(&format!("approved requests are not sent: {error}")),
        }
        self.notify_until::<B>(begun.plus(LONGEST));
        self.forget_untold(budget.min(MAX_PAGE));
    }
}
