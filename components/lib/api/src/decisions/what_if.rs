//! `POST /decisions/what-if`: what a draft of a policy would have decided about requests
//! of the past, all else as it was then.

mod question;
mod tally;

use http::StatusCode;
use vectra_decision::{PolicyAnswer, Recollection};
use vectra_domain::{AuditTrail, Timestamp};

use super::past::{self, Past};
use crate::audit::walk::Walk;
use crate::audit::{place, read_place};
use crate::gateway::{Answer, Gateway, json as answer};
use crate::page::{cursor_at, place_at};
use crate::proxy::explanation::Provider;
use question::Question;
use tally::{Seen, Tally, label};

/// Rows that are read for one answer, at most.
const ROWS: u64 = 5_000;
/// No further rows are read after so many microseconds.
const PATIENCE: i64 = 2 * Timestamp::SECOND;

impl<U> Gateway<'_, U> {
    /// `POST /decisions/what-if`.
    pub(crate) fn what_if<B>(&self, question: &[u8]) -> Answer<B> {
        let question = self.read_what_if(question)?;
        let mut range = question.range.clone();
        let cursor = question.cursor.as_deref();
        range.after = cursor
            .map(|cursor| place_at(cursor, read_place))
            .transpose()?;
        let mut walk = Walk::along(range);
        let mut tally = Tally::new(question.limit);
        let until = self.ports.clock.now().plus(PATIENCE);
        let mut last = None;
        while !walk.has_ended() && tally.read < ROWS && self.ports.clock.now() < until {
            let left = u32::try_from(ROWS.saturating_sub(tally.read)).unwrap_or(u32::MAX);
            for (row, explanation) in self.step(&mut walk, left)? {
                tally.read = tally.read.saturating_add(1);
                if let Some(seen) = self.tried(&question, &row, &explanation) {
                    tally.add(&row, seen);
                }
                last = Some(row);
            }
        }
        let next = last.filter(|_| !walk.has_ended());
        let next = next.map(|row| cursor_at(&place(&row)));
        Ok(answer(StatusCode::OK, &tally.shown(next)))
    }

    /// What the draft makes of a row; none if another policy was asked.
    fn tried(&self, question: &Question, row: &AuditTrail, explanation: &str) -> Option<Seen> {
        let mut past = match Past::read(row, explanation) {
            Ok(past) => past,
            Err(why) => {
                let policy = past::policy_name(explanation);
                let other = policy.is_some_and(|policy| policy != question.only_policy);
                return (!other).then(|| Seen::NotReplayable(vec![why]));
            }
        };
        let policy = past.policy().filter(|policy| {
            policy.provider == Provider::Internal
                && policy.name.as_deref() == Some(question.only_policy.as_str())
        });
        policy?;
        let then = label(past.told.outcome, past.told.shadow.as_deref());
        let ask = |recollection: &Recollection| {
            let verdict = self
                .ports
                .policy_engine
                .recall(&question.code, recollection)?;
            Ok(PolicyAnswer::Answered(verdict))
        };
        Some(
            match self.again(&mut past, &|_, recollection| ask(recollection)) {
                Err(why) => Seen::NotReplayable(why),
                // Another version of the engine: its own changes are not the draft's.
                Ok(again) if !past.has_risk(&again.decision.risk) => {
                    Seen::NotReplayable(vec!["risk: it is computed otherwise now".to_owned()])
                }
                Ok(again) => {
                    let decision = again.decision;
                    let now = label(decision.outcome, decision.shadow.as_ref());
                    let noted = decision.shadow.and_then(|objection| objection.rule);
                    match then == now {
                        true => Seen::Unchanged,
                        false => Seen::Changed {
                            then,
                            now,
                            rule: decision.rule.or(noted),
                        },
                    }
                }
            },
        )
    }
}
