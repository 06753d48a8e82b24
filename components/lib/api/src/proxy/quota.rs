//! What an agent may ask for in a minute, told in `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers).

use http::{HeaderName, HeaderValue};
use vectra_domain::{Context, Timestamp};

use crate::gateway::Gateway;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Seconds of the window: an aligned minute.
const WINDOW: i64 = 60;

/// Requests per aligned minute, and the minute they are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quota {
    limit: u32,
    now: Timestamp,
}

impl<U> Gateway<'_, U> {
    /// The agent's own limit, else the default; none if requests are not limited. Its
    /// own holds also where the default is switched off.
    pub(super) fn quota(&self, context: &Context, now: Timestamp) -> Option<Quota> {
        let limit = context
            .access
            .requests_per_minute
            .or(self.settings.rate_limit)?;
        Some(Quota { limit, now })
    }

    /// Whether the agent has had all of its minute's requests already, so that nobody need
    /// be asked about another: a policy server and a model cost time and money. Recording
    /// has the last word, and counts the refusal.
    pub(super) fn is_over_quota(&self, context: &Context, now: Timestamp) -> bool {
        let quota = self.quota(context, now);
        quota.is_some_and(|quota| context.activity.minute_total >= quota.limit)
    }
}

impl Quota {
    /// Requests per aligned minute.
    pub(super) const fn limit(self) -> u32 {
        self.limit
    }

    /// The header fields after so many requests in the minute of the record. They stand
    /// beside those of the upstream, under a name of their own. Of a minute that has
    /// passed by `now` nothing is left to be said.
    pub(super) fn fields(
        self,
        used: u32,
        now: Timestamp,
    ) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let current = now.floor(Timestamp::MINUTE) == self.now.floor(Timestamp::MINUTE);
        let left = self.limit.saturating_sub(used);
        let reset = WINDOW - now.seconds().rem_euclid(WINDOW);
        let rest = current.then(|| (RATE_LIMIT, format!("\"vectra\";r={left};t={reset}")));
        let policy = format!("\"vectra\";q={};w={WINDOW}", self.limit);
        let fields = rest.into_iter().chain([(RATE_LIMIT_POLICY, policy)]);
        fields.filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_left_and_when_the_minute_ends() {
        // Limit, second of the minute, requests so far; what is left, seconds to go.
        let cases = [
            (60, 0, 1, 59, 60),
            (60, 59, 60, 0, 1),
            (3, 30, 4, 0, 30),
            (0, 1, 0, 0, 59),
        ];
        for (limit, second, used, left, reset) in cases {
            let now = Timestamp::from_micros((120 + second) * Timestamp::SECOND + 999).unwrap();
            let fields: Vec<_> = Quota { limit, now }.fields(used, now).collect();
            assert_eq!(fields[0].1, format!("\"vectra\";r={left};t={reset}"));
            assert_eq!(fields[1].1, format!("\"vectra\";q={limit};w=60"));
        }
    }

    #[test]
    fn says_nothing_of_a_minute_that_has_passed() {
        let now = Timestamp::from_micros(59 * Timestamp::SECOND).unwrap();
        let quota = Quota { limit: 9, now };
        let later = now.plus(2 * Timestamp::SECOND);
        let names: Vec<_> = quota.fields(1, later).map(|(name, _)| name).collect();
        assert_eq!(names, [RATE_LIMIT_POLICY]);
    }
}
