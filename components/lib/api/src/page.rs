//! Paging: `limit` and `cursor` in, `items` and `nextCursor` out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::problem::Refusal;

/// Largest page.
const MAX_LIMIT: u32 = 200;
/// Page size unless one is asked for.
const DEFAULT_LIMIT: u32 = 50;

/// The query of a list.
pub(crate) struct PageQuery {
    parameters: Vec<(String, String)>,
    /// Items per page.
    pub(crate) limit: u32,
    cursor: Option<String>,
}

impl PageQuery {
    /// Reads a query string; `known` are the filters of this list.
    pub(crate) fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Refusal> {
        let mut page = Self {
            parameters: Vec::new(),
            limit: DEFAULT_LIMIT,
            cursor: None,
        };
        let mut seen: Vec<&str> = Vec::new();
        for pair in query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(name, value)?;
            if seen.contains(&name) {
                return Err(Refusal::field(name, "is given twice"));
            }
            seen.push(name);
            match name {
                "limit" => {
                    page.limit = value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                        .ok_or_else(|| Refusal::field(name, format!("must be 1 to {MAX_LIMIT}")))?;
                }
                "cursor" => page.cursor = Some(value),
                _ if known.contains(&name) => page.parameters.push((name.to_owned(), value)),
                _ => return Err(Refusal::field(name, "is not a parameter of this list")),
            }
        }
        Ok(page)
    }

    /// The value of a filter.
    pub(crate) fn filter(&self, name: &str) -> Option<&str> {
        let mut found = self.parameters.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// The place the cursor stands for; `read` makes it of the cursor's parts.
    pub(crate) fn cursor<T>(
        &self,
        read: impl FnOnce(&[&str]) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let wrong = || Refusal::field("cursor", "is not a cursor of this list");
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
        let text = String::from_utf8(bytes).map_err(|_| wrong())?;
        let parts: Vec<&str> = text.split(SEPARATOR).collect();
        read(&parts).map(Some).ok_or_else(wrong)
    }
}

/// Between the parts of a cursor; no part holds it, since control characters are
/// refused in names.
const SEPARATOR: char = '\u{1f}';

/// One page; `items` holds one more than `limit` if there are more, and `place`
/// names the parts of the cursor after an item.
pub(crate) fn page<T>(
    mut items: Vec<T>,
    limit: u32,
    place: impl Fn(&T) -> Vec<String>,
    show: impl Fn(&T) -> Value,
) -> Value {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| {
        let parts = place(last).join(&SEPARATOR.to_string());
        URL_SAFE_NO_PAD.encode(parts)
    });
    json!({ "items": items.iter().map(show).collect::<Vec<_>>(), "nextCursor": next })
}

fn decode(name: &str, value: &str) -> Result<String, Refusal> {
    let value = value.replace('+', " ");
    percent_encoding::percent_decode_str(&value)
        .decode_utf8()
        .ok()
        .filter(|text| !text.contains('\0'))
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| Refusal::field(name, "is not valid text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let items = vec!["a", "b", "c"];
        let page = page(
            items,
            2,
            |item| vec![(*item).to_owned(), "x".to_owned()],
            |item| json!(item),
        );
        assert_eq!(page["items"], json!(["a", "b"]));
        let query = format!("cursor={}", page["nextCursor"].as_str().unwrap());
        let read = PageQuery::read(Some(&query), &[]).unwrap();
        let place = read.cursor(|parts| Some(parts.join("/"))).unwrap();
        assert_eq!(place.as_deref(), Some("b/x"));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = page(vec!["a"], 2, |_| vec![], |item| json!(item));
        assert_eq!(page["nextCursor"], Value::Null);
    }

    #[test]
    fn refuses_bad_limits_cursors_and_names() {
        for query in ["limit=0", "limit=201", "limit=x", "page=1", "name=%ff"] {
            assert!(PageQuery::read(Some(query), &["name"]).is_err(), "{query}");
        }
        let read = PageQuery::read(Some("cursor=%21"), &[]).unwrap();
        assert!(read.cursor(|_| Some(())).is_err());
    }
}
