//! Decides again: the engine is asked as it was then, with the answers of then as data.

use vectra_decision::{Decision, Evaluation, PolicyAnswer, Recollection};

use super::past::Past;
use crate::gateway::Gateway;
use crate::proxy::explanation::{PolicyState, Provider};
use crate::proxy::holdable;

/// A decision that was made again.
pub(super) struct Again {
    pub(super) decision: Decision,
    /// What the policy said this time.
    pub(super) answer: PolicyAnswer,
}

/// Asks a policy; it is told which policy was asked then.
pub(super) type Ask<'a> =
    &'a dyn Fn(Option<&PolicyState>, &Recollection) -> Result<PolicyAnswer, Reasons>;

/// Why a decision cannot be made again.
pub(super) type Reasons = Vec<String>;

impl<U> Gateway<'_, U> {
    /// Decides again; `ask` asks a policy of the gateway's own.
    ///
    /// # Errors
    /// All that would have to be known and was not kept: nothing is guessed.
    pub(super) fn again(&self, past: &mut Past, ask: Ask<'_>) -> Result<Again, Reasons> {
        let one = |why: String| vec![why];
        let mut input = past.input(&self.settings.decision).map_err(one)?;
        for _ in 0..2 {
            match self.ports.engine.evaluate(&input) {
                Evaluation::Decided(decision) => {
                    past.path_is_known(&decision.risk).map_err(one)?;
                    return Ok(Again {
                        decision: holdable(decision, &input.request.body),
                        answer: input.policy,
                    });
                }
                Evaluation::NeedsPolicy(risk) if input.policy == PolicyAnswer::Pending => {
                    past.path_is_known(&risk).map_err(one)?;
                    let asks_server = past
                        .policy()
                        .is_some_and(|policy| policy.provider == Provider::Opa);
                    input.policy = if asks_server {
                        past.answer().map_err(one)?
                    } else {
                        let recollection = past.recollection(&input, risk);
                        ask(past.policy(), &recollection)?
                    };
                }
                Evaluation::NeedsIntent(_) => {
                    return Err(one("intent: nobody was asked for it".to_owned()));
                }
                Evaluation::NeedsPolicy(_) => break,
            }
        }
        Err(one("engine: it does not decide".to_owned()))
    }
}
