//! `GET /audit/export`: what was decided in a stretch of time, and why, oldest first.

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use vectra_domain::repository::AuditRange;
use vectra_domain::{AuditId, Timestamp};

use super::walk::{Explained, Walk};
use super::{Row, place, read_place};
use crate::gateway::{Answer, Gateway, json_text};
use crate::page::{PageQuery, PageSize, cursor_at};
use crate::problem::{Kind, Refusal};

const SIZE: PageSize = PageSize {
    usual: 100,
    most: 500,
};

/// A page ends after so many bytes, however few rows they are.
const BYTES: usize = 4 * 1024 * 1024;

impl<U> Gateway<'_, U> {
    /// `GET /audit/export`.
    pub(crate) fn export_audit<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &["from", "to", "after"], SIZE)?;
        let range = self.range(&query)?;
        let (rows, more) = self.explained(range)?;
        let next = rows.last().filter(|_| more);
        let page = Page {
            items: rows.iter().map(ExplainedRow::of).collect(),
            next_cursor: next.map(|(row, _)| cursor_at(&place(row))),
        };
        // Maps with other keys than text are all that cannot be written.
        let body = serde_json::to_vec(&page)
            .map_err(|error| Refusal::new(Kind::DatabaseUnavailable).internal(error.to_string()))?;
        Ok(json_text(StatusCode::OK, body))
    }

    /// What is asked for; its limit is the page's.
    fn range(&self, query: &PageQuery) -> Result<AuditRange, Refusal> {
        let since = time(query, "from")?.unwrap_or(Timestamp::EPOCH.plus(i64::MIN));
        let until = time(query, "to")?.unwrap_or(Timestamp::EPOCH.plus(i64::MAX));
        if since > until {
            return Err(Refusal::field("to", "must not be before `from`"));
        }
        let after = match query.filter("after") {
            Some(_) if query.has_cursor() => {
                return Err(Refusal::field("after", "cannot be given with `cursor`"));
            }
            Some(id) => Some(self.place_of(id)?),
            None => query.cursor(read_place)?,
        };
        Ok(AuditRange {
            agent_id: None,
            since,
            until,
            after,
            limit: query.limit,
        })
    }

    /// Where a row stands.
    fn place_of(&self, id: &str) -> Result<(Timestamp, AuditId), Refusal> {
        let id = id
            .parse::<AuditId>()
            .map_err(|error| Refusal::field("after", error.to_string()))?;
        match self.with_schema(|| self.ports.audit.find(id))? {
            Some(record) => Ok((record.entry.timestamp, record.entry.id)),
            None => Err(super::not_found(&id.to_string())),
        }
    }

    /// The rows of a page, and whether others follow.
    fn explained(&self, range: AuditRange) -> Result<(Vec<Explained>, bool), Refusal> {
        let mut left = range.limit;
        let mut walk = Walk::along(range);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while left > 0 && bytes < BYTES {
            let found = self.step(&mut walk, left)?;
            bytes = found.iter().map(size).fold(bytes, usize::saturating_add);
            left = left.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
            rows.extend(found);
            if walk.has_ended() {
                return Ok((rows, false));
            }
        }
        Ok((rows, !self.step(&mut walk, 1)?.is_empty()))
    }
}

/// A moment of the query.
fn time(query: &PageQuery, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let time = query.filter(name).map(str::parse::<Timestamp>);
    time.transpose()
        .map_err(|error| Refusal::field(name, error.to_string()))
}

/// About how many bytes a row takes.
fn size((row, explanation): &Explained) -> usize {
    let reason = row.reason.as_ref().map_or(0, String::len);
    explanation.len() + reason + row.path.len() + row.target_url.len()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    items: Vec<ExplainedRow<'a>>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct ExplainedRow<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    /// As it was stored; none of a row that has none.
    explanation: Option<&'a RawValue>,
}

impl<'a> ExplainedRow<'a> {
    fn of((row, explanation): &'a Explained) -> Self {
        Self {
            row: Row::of(row),
            explanation: serde_json::from_str(explanation).ok(),
        }
    }
}
