//! `vectra:persistence/intent-cache`.

use vectra_domain::Timestamp;
use vectra_domain::repository::IntentCache;

use crate::Ports;
use crate::fixtures::{after_noon, assert_invalid, at};

/// Two keys of one place.
const COLLIDING: [&str; 2] = ["key-23", "key-88"];

fn find(ports: &impl Ports, key: &str, now: i64) -> Option<String> {
    IntentCache::find(ports, key, after_noon(now)).unwrap()
}

fn put(ports: &impl Ports, key: &str, document: &str, expires_at: i64) {
    IntentCache::put(ports, key, document, after_noon(expires_at)).unwrap();
}

fn prune(ports: &impl Ports, now: i64, limit: u32) -> u32 {
    IntentCache::prune(ports, after_noon(now), limit).unwrap()
}

pub fn finds_an_answer_until_it_expires(ports: &impl Ports) {
    assert_eq!(find(ports, "key", 0), None);
    put(ports, "key", r#"{"label": "read"}"#, 10);
    for (now, there) in [(-1, true), (0, true), (9, true), (10, false), (11, false)] {
        let expected = there.then(|| r#"{"label": "read"}"#.to_owned());
        assert_eq!(find(ports, "key", now), expected, "{now}");
    }
    for other in ["Key", "ke", "key "] {
        assert_eq!(find(ports, other, 0), None);
    }
}

pub fn keeps_the_answer_that_was_put_last(ports: &impl Ports) {
    put(ports, "key", "1", 10);
    put(ports, "other", "3", 10);
    put(ports, "key", "2", 5);
    assert_eq!(find(ports, "key", 4).as_deref(), Some("2"));
    assert_eq!(find(ports, "key", 5), None);
    put(ports, "key", "1", 20);
    assert_eq!(find(ports, "key", 19).as_deref(), Some("1"));
    assert_eq!(find(ports, "other", 9).as_deref(), Some("3"));
}

pub fn keeps_no_more_than_there_are_places(ports: &impl Ports) {
    // The SHA-256 of both begins with the same 14 bits.
    let (first, second) = (COLLIDING[0], COLLIDING[1]);
    put(ports, first, "1", 10);
    put(ports, second, "2", 10);
    assert_eq!(find(ports, first, 0), None);
    assert_eq!(find(ports, second, 0).as_deref(), Some("2"));
}

pub fn prunes_the_oldest_answers_up_to_the_limit(ports: &impl Ports) {
    for (key, expires_at) in [("d", 4), ("b", 2), ("e", 5), ("a", 1), ("c", 3)] {
        put(ports, key, "{}", expires_at);
    }
    let left = || {
        let keys = ["a", "b", "c", "d", "e"];
        let there = keys.map(|key| find(ports, key, -1).is_some());
        there.map(usize::from).iter().sum::<usize>()
    };
    assert_eq!(prune(ports, 0, 10), 0);
    assert_eq!(prune(ports, 3, 2), 2);
    assert_eq!((find(ports, "b", -1), left()), (None, 3));
    assert_eq!(prune(ports, 3, 2), 1);
    assert_eq!(prune(ports, 3, 2), 0);
    assert_eq!((find(ports, "c", -1), left()), (None, 2));
    assert_eq!(prune(ports, 100, 1_000), 2);
    for limit in [0, 1_001] {
        assert_invalid(IntentCache::prune(ports, after_noon(0), limit));
    }
}

pub fn keeps_every_answer_as_it_is(ports: &impl Ports) {
    let end: Timestamp = at("9999-12-31T23:59:59.999999Z");
    let largest = format!("\"{}\"", "x".repeat(16 * 1024 - 2));
    let longest = "ä".repeat(64);
    let answers = [
        ("'; -- \" $1 ?1", "{ \"a\" : [1.50, \"漢 🦀 '\"] }"),
        (longest.as_str(), "null"),
        ("k", largest.as_str()),
    ];
    for (key, document) in answers {
        IntentCache::put(ports, key, document, end).unwrap();
        assert_eq!(find(ports, key, 0).as_deref(), Some(document));
    }
}

pub fn refuses_keys_and_answers_outside_their_bounds(ports: &impl Ports) {
    let now = after_noon(0);
    for key in [
        String::new(),
        "x".repeat(129),
        "ä".repeat(65),
        "a\0b".to_owned(),
    ] {
        assert_invalid(IntentCache::find(ports, &key, now));
        assert_invalid(IntentCache::put(ports, &key, "{}", now));
    }
    let large = format!("\"{}\"", "x".repeat(16 * 1024 - 1));
    for document in ["", "{", "{} {}", "\"\0\"", &large] {
        assert_invalid(IntentCache::put(ports, "key", document, after_noon(10)));
    }
    assert_eq!(find(ports, "key", 0), None);
}
