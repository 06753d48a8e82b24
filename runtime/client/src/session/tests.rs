use serde_json::json;

use super::*;
use crate::fake::{Fake, answer};
use crate::http::{Address, Limits};
use crate::table::column;

const COLUMNS: &[Column] = &[column("name", "name")];

fn session(fake: &Fake) -> Session {
    let address = Address::parse(&fake.url()).unwrap();
    let client = Client::new(address, None, None, Limits::default()).unwrap();
    Session::new(client, None, Format::Json)
}

fn page(names: std::ops::Range<usize>, cursor: Option<&str>) -> String {
    let items: Vec<_> = names.map(|name| json!({ "name": name })).collect();
    answer(
        200,
        &json!({ "items": items, "nextCursor": cursor }).to_string(),
    )
}

#[tokio::test]
async fn a_list_is_followed_to_its_end_or_as_far_as_it_is_wanted() {
    let pages = || vec![page(0..200, Some("a&b")), page(200..250, None)];
    for (max, limits, more) in [(1000, ["200", "200"], None), (250, ["200", "50"], None)] {
        let fake = Fake::start(pages());
        let items = session(&fake).items(&Call::get(&["agents"]), max).await;
        let items = items.unwrap();
        assert_eq!((items.items.len(), items.next_cursor), (250, more));
        let asked: Vec<_> = fake.asked().into_iter().map(|asked| asked.line).collect();
        let [first, second] = limits;
        assert_eq!(
            asked,
            [
                format!("GET /agents?limit={first}"),
                format!("GET /agents?limit={second}&cursor=a%26b"),
            ]
        );
    }
    let fake = Fake::start(vec![page(0..7, Some("c"))]);
    let items = session(&fake)
        .items(&Call::get(&["agents"]), 7)
        .await
        .unwrap();
    assert_eq!(items.next_cursor.as_deref(), Some("c"));
}

#[tokio::test]
async fn a_list_that_does_not_go_on_is_given_up() {
    for pages in [
        vec![page(0..1, Some("a")), page(1..2, Some("a"))],
        vec![page(0..0, Some("a"))],
        vec![answer(200, "[]")],
        vec![answer(200, "<html>")],
        vec![answer(200, "")],
    ] {
        let fake = Fake::start(pages);
        let error = session(&fake)
            .items(&Call::get(&["a"]), 9)
            .await
            .unwrap_err();
        assert!(matches!(error, Failure::Answer(_)), "{error}");
    }
}

#[test]
fn json_is_what_came_and_one_document() {
    let body = "{\"b\": 0.30000000000000004, \"a\":\"\u{9b}\"}";
    let view = View::Record(Record::of(COLUMNS));
    assert_eq!(
        shown(Format::Json, body.as_bytes(), &view).unwrap(),
        "{\"b\": 0.30000000000000004, \"a\":\"\\u009b\"}\n"
    );
    let items: Items = read(br#"{"items":[{"b":1e0, "a":2}],"nextCursor":null}"#).unwrap();
    assert_eq!(
        shown_list(Format::Json, &items, COLUMNS).unwrap(),
        "{\"items\":[{\"b\":1e0, \"a\":2}],\"nextCursor\":null}\n"
    );
    let done = View::Done("deleted".to_owned());
    assert_eq!(shown(Format::Json, b"", &done).unwrap(), "");
}

#[test]
fn a_table_shows_what_a_view_names() {
    let rules = View::Record(Record {
        columns: COLUMNS,
        once: None,
        below: Some(("rules", COLUMNS)),
    });
    let body = json!({ "name": "p", "rules": [{ "name": "r" }] }).to_string();
    let table = |body: &str, view: &View| shown(Format::Table, body.as_bytes(), view);
    assert_eq!(table(&body, &rules).unwrap(), "name  p\n\nNAME\nr\n");
    assert_eq!(
        table(r#"{"name":"t\u001b"}"#, &View::Bare("name")).unwrap(),
        "t\\u{1b}\n"
    );
    let done = View::Done("deleted".to_owned());
    assert_eq!(table("", &done).unwrap(), "deleted\n");
    for (body, view) in [
        ("[]", &rules),
        ("\"a\"", &rules),
        ("hush", &rules),
        ("{}", &View::Bare("name")),
    ] {
        let error = table(body, view).unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
    }
}
