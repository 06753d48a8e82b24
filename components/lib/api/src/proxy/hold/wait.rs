//! `Prefer: wait=N` (RFC 7240 §4.3): keeps the agent's call open for a human.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use vectra_domain::{Entry, HeldRequest, HeldRequestId};

use crate::auth::agent::Holder;
use crate::gateway::{Answer, Gateway};
use crate::hitls::{is_settled, status_at};
use crate::outcome::FollowUp;
use crate::ports::Upstream;
use crate::proxy::{Proxied, held_answer};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The shortest and the longest time between two looks.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl<U> Gateway<'_, U> {
    /// Answers the agent whose request is held: at once, or when it is settled if the agent
    /// would rather wait, for so long as it would and the settings let it.
    pub(in crate::proxy) fn answer_held<B>(
        &self,
        caller: &Holder,
        entry: &Entry,
        proxied: &Proxied,
    ) -> Answer<U::Body>
    where
        U: Upstream<B>,
    {
        let patience = wanted(&proxied.headers, self.settings.held.max_wait);
        let (Some(seconds), Some(held)) = (patience, &entry.held) else {
            let mut response = held_answer(entry)?;
            response.extensions_mut().insert(FollowUp::Notify);
            return Ok(response);
        };
        let begun = self.ports.clock.now();
        // Before waiting: whoever is to decide must know. That is part of the wait.
        self.notify_some::<B>(1);
        let told = self
            .ports
            .clock
            .now()
            .micros()
            .saturating_sub(begun.micros());
        let told = Duration::from_micros(u64::try_from(told).unwrap_or(0));
        let left = Duration::from_secs(u64::from(seconds)).saturating_sub(told);
        let answer = match self.settled(held.id, left) {
            // Once more: the agent may have been stopped meanwhile.
            Some(settled) => self
                .still_active(caller)
                .and_then(|_| self.settled_answer(&settled, &proxied.method)),
            None => held_answer(entry),
        };
        applied(answer, seconds)
    }

    /// The held request as soon as it is settled; none if that takes too long or cannot be
    /// known.
    fn settled(&self, id: HeldRequestId, mut left: Duration) -> Option<HeldRequest> {
        let mut pause = FIRST_PAUSE;
        // What was slept counts, so that this ends whatever the clock says.
        while !left.is_zero() {
            let now = pause.min(left);
            self.ports.clock.sleep(now);
            left = left.saturating_sub(now);
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            let held = match self.with_schema(|| self.ports.held.find(id)) {
                Ok(held) => held?,
                Err(error) => {
                    self.log(&format!("held request {id} is not waited for: {error}"));
                    return None;
                }
            };
            if is_settled(status_at(&held, self.ports.clock.now())) {
                return Some(held);
            }
        }
        None
    }
}

/// How long the agent would wait, in seconds, at most `most`; none if it would not.
fn wanted(headers: &HeaderMap, most: u32) -> Option<u32> {
    let fields = headers.get_all(PREFER).iter();
    let seconds = fields
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|preference| {
            let preference = preference.split(';').next()?;
            let (name, value) = preference.split_once('=')?;
            let seconds = value.trim().trim_matches('"').parse::<u32>().ok()?;
            name.trim().eq_ignore_ascii_case("wait").then_some(seconds)
        })?;
    Some(seconds.min(most)).filter(|seconds| *seconds > 0)
}

/// Says for how long it was waited; who was not told before that is now.
fn applied<T>(
    answer: Result<Response<T>, crate::problem::Refusal>,
    seconds: u32,
) -> Result<Response<T>, crate::problem::Refusal> {
    let Ok(value) = HeaderValue::try_from(format!("wait={seconds}")) else {
        return answer;
    };
    match answer {
        Ok(mut response) => {
            response.headers_mut().append(PREFERENCE_APPLIED, value);
            response.extensions_mut().insert(FollowUp::Notify);
            Ok(response)
        }
        Err(refusal) => Err(refusal.header(PREFERENCE_APPLIED, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_long_an_agent_would_wait() {
        let cases: [(&[&str], Option<u32>); 10] = [
            (&[], None),
            (&["wait=5"], Some(5)),
            (&["Wait = \"5\""], Some(5)),
            (&["respond-async, wait=5; foo"], Some(5)),
            (&["respond-async", "wait=5"], Some(5)),
            (&["wait=100"], Some(60)),
            (&["wait=0"], None),
            (&["wait=-1"], None),
            (&["wait=99999999999"], None),
            (&["await=5, wait"], None),
        ];
        for (fields, expected) in cases {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(PREFER, HeaderValue::from_static(field));
            }
            assert_eq!(wanted(&headers, 60), expected, "{fields:?}");
            assert_eq!(wanted(&headers, 0), None, "{fields:?}");
        }
    }
}
