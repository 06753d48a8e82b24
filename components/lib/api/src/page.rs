//! Paging: `limit` and `cursor` in, `items` and `nextCursor` out.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};
use vectra_domain::IdError;

use crate::problem::Refusal;

/// How many items the pages of a list have.
#[derive(Clone, Copy)]
pub(crate) struct PageSize {
    /// Unless a size is asked for.
    pub(crate) usual: u32,
    /// At most.
    pub(crate) most: u32,
}

/// The pages of what is read by people.
pub(crate) const LIST: PageSize = PageSize {
    usual: 50,
    most: 200,
};

/// The query of a list.
pub(crate) struct PageQuery {
    parameters: Vec<(String, String)>,
    /// Items per page.
    pub(crate) limit: u32,
    cursor: Option<String>,
}

impl PageQuery {
    /// Reads a query string; `known` are the filters of this list.
    pub(crate) fn read(
        query: Option<&str>,
        known: &[&str],
        size: PageSize,
    ) -> Result<Self, Refusal> {
        let mut page = Self {
            parameters: Vec::new(),
            limit: size.usual,
            cursor: None,
        };
        for (name, value) in parameters(query)? {
            match name {
                "limit" => {
                    page.limit = value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=size.most).contains(limit))
                        .ok_or_else(|| {
                            Refusal::field(name, format!("must be 1 to {}", size.most))
                        })?;
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

    /// The id that a filter asks for.
    pub(crate) fn id<T: FromStr<Err = IdError>>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let id = self.filter(name).map(str::parse::<T>);
        id.transpose()
            .map_err(|error| Refusal::field(name, error.to_string()))
    }

    /// Whether there is a cursor.
    pub(crate) fn has_cursor(&self) -> bool {
        self.cursor.is_some()
    }

    /// The place the cursor stands for; `read` makes it of the cursor's parts.
    pub(crate) fn cursor<T>(
        &self,
        read: impl FnOnce(&[&str]) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let cursor = self.cursor.as_ref();
        cursor.map(|cursor| place_at(cursor, read)).transpose()
    }
}

/// The place a cursor stands for; `read` makes it of the cursor's parts.
pub(crate) fn place_at<T>(
    cursor: &str,
    read: impl FnOnce(&[&str]) -> Option<T>,
) -> Result<T, Refusal> {
    let wrong = || Refusal::field("cursor", "is not a cursor of this list");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    if text.contains('\0') {
        return Err(wrong());
    }
    let parts: Vec<&str> = text.split(SEPARATOR).collect();
    read(&parts).ok_or_else(wrong)
}

/// Between the parts of a cursor; no part holds it, since control characters are
/// refused in names.
const SEPARATOR: char = '\u{1f}';

/// The cursor that stands for a place.
pub(crate) fn cursor_at(place: &[String]) -> String {
    URL_SAFE_NO_PAD.encode(place.join(&SEPARATOR.to_string()))
}

/// One page; `items` holds one more than `limit` if there are more, and `place`
/// names the parts of the cursor after an item.
pub(crate) fn page<'i, T, S: Serialize>(
    items: &'i [T],
    limit: u32,
    place: impl Fn(&T) -> Vec<String>,
    show: impl Fn(&'i T) -> S,
) -> Value {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    let items = items.get(..limit).unwrap_or(items);
    let next = items.last().filter(|_| more);
    let next = next.map(|last| cursor_at(&place(last)));
    json!({ "items": items.iter().map(show).collect::<Vec<_>>(), "nextCursor": next })
}

/// The one parameter that an endpoint knows beside its path.
pub(crate) fn parameter(query: Option<&str>, known: &str) -> Result<Option<String>, Refusal> {
    let mut found = None;
    for (name, value) in parameters(query)? {
        if name != known {
            return Err(Refusal::field(name, "is not a parameter of this endpoint"));
        }
        found = Some(value);
    }
    Ok(found)
}

/// A query's names and values; none may stand there twice.
fn parameters(query: Option<&str>) -> Result<Vec<(&str, String)>, Refusal> {
    let mut found: Vec<(&str, String)> = Vec::new();
    let pairs = query.unwrap_or_default().split('&');
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if found.iter().any(|(known, _)| *known == name) {
            return Err(Refusal::field(name, "is given twice"));
        }
        found.push((name, decode(name, value)?));
    }
    Ok(found)
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
            &items,
            2,
            |item| vec![(*item).to_owned(), "x".to_owned()],
            |item| json!(item),
        );
        assert_eq!(page["items"], json!(["a", "b"]));
        let query = format!("cursor={}", page["nextCursor"].as_str().unwrap());
        let read = PageQuery::read(Some(&query), &[], LIST).unwrap();
        let place = read.cursor(|parts| Some(parts.join("/"))).unwrap();
        assert_eq!(place.as_deref(), Some("b/x"));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = page(&["a"], 2, |_| vec![], |item| json!(item));
        assert_eq!(page["nextCursor"], Value::Null);
    }

    #[test]
    fn refuses_bad_limits_cursors_and_names() {
        for query in ["limit=0", "limit=201", "limit=x", "page=1", "name=%ff"] {
            assert!(
                PageQuery::read(Some(query), &["name"], LIST).is_err(),
                "{query}"
            );
        }
        // No base64; U+0000, which no database may be asked for.
        for query in ["cursor=%21", "cursor=AA"] {
            let read = PageQuery::read(Some(query), &[], LIST).unwrap();
            assert!(read.cursor(|_| Some(())).is_err(), "{query}");
        }
    }
}
