//! `GET /audit/export`: every row once, oldest first, with its explanation.

use http::StatusCode;
use serde_json::Value;
use vectra_domain::repository::AuditRepository;
use vectra_domain::{AuditId, AuditTrail, DecisionType, RiskScore, Timestamp};

use crate::world::World;

const UNKNOWN: &str = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";

/// The id of the nth row.
fn id(n: u128) -> String {
    AuditId::new(uuid(n)).to_string()
}

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x018f_4d2e_7c1b_7000_8000_0000_0000_0000 | n)
}

/// Appends row `n` of this second since 1970.
fn append(world: &World, n: u128, second: i64, explanation: &str) {
    let row = AuditTrail {
        id: AuditId::new(uuid(n)),
        agent_id: UNKNOWN.parse().unwrap(),
        decision_type: DecisionType::Deny,
        reason: Some("no \"quotes\"".to_owned()),
        method: "GET".to_owned(),
        path: format!("/{n}"),
        target_url: format!("http://h/{n}"),
        risk_score: RiskScore::new(0.25).unwrap(),
        timestamp: Timestamp::from_micros(second * Timestamp::SECOND).unwrap(),
    };
    // The first request of a world makes its tables.
    world.manage("GET", "/health", "");
    AuditRepository::append(&world.memory, &row, explanation).unwrap();
}

/// Five rows, the middle three of one moment, appended out of order.
fn five() -> World {
    let world = World::new();
    for (n, second) in [(4, 2), (5, 3), (2, 2), (1, 1), (3, 2)] {
        append(&world, n, second, &format!(r#"{{"n":{n}}}"#));
    }
    world
}

fn page(world: &World, query: &str) -> (Vec<String>, Option<String>) {
    let (status, page) = world.manage("GET", &format!("/audit/export?{query}"), "");
    assert_eq!(status, StatusCode::OK, "{query}: {page}");
    let items = page["items"].as_array().unwrap().iter();
    let paths = items.map(|item| item["path"].as_str().unwrap().to_owned());
    let next = page["nextCursor"].as_str().map(str::to_owned);
    (paths.collect(), next)
}

/// All pages; how many there were.
fn pages(world: &World, query: &str) -> (Vec<String>, usize) {
    let (mut rows, mut next) = page(world, query);
    let mut count = 1;
    while let Some(cursor) = next {
        let (more, following) = page(world, &format!("{query}&cursor={cursor}"));
        assert!(!more.is_empty(), "an empty page");
        rows.extend(more);
        next = following;
        count += 1;
    }
    (rows, count)
}

#[test]
fn an_item_is_a_row_of_the_audit_and_its_explanation_as_json() {
    let world = World::new();
    let explanation = r#"{"z":1, "a":[1.0,"é"],"deep":{"n":12345678901234567890123}}"#;
    append(&world, 1, 1, explanation);
    let (_, list) = world.manage("GET", "/audit", "");
    let (_, export) = world.manage("GET", "/audit/export", "");
    let mut expected = list["items"][0].clone();
    expected["explanation"] = serde_json::from_str(explanation).unwrap();
    assert_eq!(export["items"], Value::Array(vec![expected]));
    assert_eq!(export["nextCursor"], Value::Null);

    // Byte for byte.
    let request = http::Request::get("/audit/export")
        .header("authorization", format!("Bearer {}", crate::world::ADMIN));
    let response = world.send(request.body(Vec::new()).unwrap());
    assert_eq!(response.headers()["content-type"], "application/json");
    let text = String::from_utf8(response.into_body()).unwrap();
    assert!(text.contains(explanation), "{text}");
}

#[test]
fn rows_come_oldest_first_and_each_once_however_large_the_pages_are() {
    let world = five();
    let all = ["/1", "/2", "/3", "/4", "/5"];
    for (limit, count) in [(1, 5), (2, 3), (3, 2), (4, 2), (5, 1), (500, 1)] {
        let (rows, pages) = pages(&world, &format!("limit={limit}"));
        assert_eq!(
            (rows.as_slice(), pages),
            (&all.map(str::to_owned)[..], count)
        );
    }
}

#[test]
fn a_range_holds_its_start_and_not_its_end() {
    let world = five();
    let second = |n: u32| format!("1970-01-01T00:00:0{n}Z");
    for (from, to, expected) in [
        (1, 4, vec!["/1", "/2", "/3", "/4", "/5"]),
        (2, 3, vec!["/2", "/3", "/4"]),
        (3, 9, vec!["/5"]),
        (2, 2, vec![]),
        (4, 9, vec![]),
    ] {
        for limit in [1, 100] {
            let query = format!("limit={limit}&from={}&to={}", second(from), second(to));
            assert_eq!(pages(&world, &query).0, expected, "{query}");
        }
    }
    assert_eq!(page(&world, &format!("to={}", second(2))).0, ["/1"]);
    let fine = "from=1970-01-01T01:00:02.000001%2B01:00";
    assert_eq!(page(&world, fine).0, ["/5"]);
}

#[test]
fn an_export_goes_on_after_a_row() {
    let world = five();
    let after = |n| format!("after={}", id(n));
    assert_eq!(page(&world, &after(1)).0, ["/2", "/3", "/4", "/5"]);
    assert_eq!(page(&world, &after(3)).0, ["/4", "/5"]);
    assert_eq!(page(&world, &after(5)), (vec![], None));
    let upper = format!("after={}", id(3).to_uppercase());
    assert_eq!(page(&world, &upper).0, ["/4", "/5"]);
    let within = format!("{}&to=1970-01-01T00:00:03Z", after(2));
    assert_eq!(page(&world, &within).0, ["/3", "/4"]);
    let before_it = format!("{}&from=1970-01-01T00:00:03Z", after(2));
    assert_eq!(page(&world, &before_it).0, ["/5"]);
}

#[test]
fn bad_parameters_are_named() {
    let world = five();
    let (_, cursor) = page(&world, "limit=1");
    let both = format!("after={}&cursor={}", id(1), cursor.unwrap());
    for (query, member) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("from=yesterday", "from"),
        ("from=1970-01-01", "from"),
        ("to=0000-01-01T00:00:00Z", "to"),
        ("from=1970-01-01T00:00:02Z&to=1970-01-01T00:00:01Z", "to"),
        ("cursor=AAAA", "cursor"),
        ("cursor=", "cursor"),
        ("after=seven", "after"),
        ("after=", "after"),
        (&both, "after"),
        ("agentId=x", "agentId"),
        ("to=%00", "to"),
    ] {
        let (status, problem) = world.manage("GET", &format!("/audit/export?{query}"), "");
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}: {problem}");
        assert_eq!(problem["errorCode"], "VEC400001", "{query}");
        assert!(problem["errors"][member].is_array(), "{query}: {problem}");
    }
    let unknown = format!("/audit/export?after={UNKNOWN}");
    let (status, problem) = world.manage("GET", &unknown, "");
    assert_eq!(
        (status, &problem["errorCode"]),
        (StatusCode::NOT_FOUND, &"VEC501001".into())
    );
    assert!(problem["detail"].as_str().unwrap().contains(UNKNOWN));
}

/// 120 rows with explanations of 100 KiB each.
fn large() -> (World, Vec<String>) {
    let world = World::new();
    let explanation = format!(r#"{{"x":"{}"}}"#, "y".repeat(100 * 1024));
    for n in 1..=120 {
        append(&world, n, 1, &explanation);
    }
    (world, (1..=120).map(|n| format!("/{n}")).collect())
}

#[test]
fn a_page_of_large_explanations_ends_early_and_the_next_one_goes_on() {
    let (world, all) = large();
    let (first, next) = page(&world, "limit=500");
    assert_eq!(first.len(), 50);
    assert!(next.is_some());
    world.database.calls();
    let (rows, count) = pages(&world, "limit=500");
    assert_eq!((rows, count), (all, 3));
    // One read and a look at what follows, and in the last page only the read.
    assert_eq!(world.database.calls(), ["audit.range"; 5]);
}

#[test]
fn a_host_that_gives_only_small_results_still_gives_every_row() {
    let (world, all) = large();
    // Seven rows at once, then two, then one, however many are asked for.
    for rows in [7, 2, 1] {
        world.database.bound.set(rows * 101 * 1024);
        let (found, _) = pages(&world, "limit=40");
        assert_eq!(found, all, "{rows}");
    }
    world.database.bound.set(50 * 1024);
    let (status, problem) = world.manage("GET", "/audit/export", "");
    assert_eq!(
        (status, &problem["errorCode"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"VEC300003".into())
    );
}
