//! The gateway's counters as a scraper reads them.

use std::collections::BTreeMap;

use http::Request;
use vectra_api::metrics::{Sources, render};
use vectra_domain::PersistenceError;

use crate::database::{Manner, Place};
use crate::world::World;

/// Samples by name and labels. Strict: every line is a comment of a known kind or a
/// sample of a family that was announced, and no sample comes twice.
fn parse(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n'));
    let mut family = String::new();
    let mut helped = String::new();
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(!help.is_empty());
            helped = name.to_owned();
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(name, helped);
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            family = name.to_owned();
        } else {
            let (key, value) = line.rsplit_once(' ').unwrap();
            let name = key.split('{').next().unwrap();
            assert_eq!(name, family, "{line}");
            if let Some(labels) = key.strip_prefix(name).filter(|labels| !labels.is_empty()) {
                let labels = labels.strip_prefix('{').and_then(|l| l.strip_suffix('}'));
                for label in labels.unwrap().split(',') {
                    let (name, value) = label.split_once('=').unwrap();
                    assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
                    assert!(value.len() >= 2 && value.starts_with('"') && value.ends_with('"'));
                }
            }
            let known = samples.insert(key.to_owned(), value.parse().unwrap());
            assert_eq!(known, None, "{line}");
        }
    }
    samples
}

fn scrape(world: &World) -> BTreeMap<String, f64> {
    parse(&render(&Sources {
        schema: &world.database,
        ledger: &world.database,
        held: &world.database,
        now: vectra_api::Clock::now(world),
    }))
}

#[test]
fn decisions_are_counted_by_outcome_and_stage() {
    let world = World::configured(r#"{"System":{"RateLimit":{"DefaultRequestsPerMinute":5}}}"#);
    world.policies(&[(
        "p.json",
        r#"{"name":"p","default":"Allow","rules":[
            {"effect":"Deny","conditions":[{"field":"method","operator":"eq","value":"DELETE"}]},
            {"effect":"Hitl","conditions":[{"field":"method","operator":"eq","value":"PUT"}]}]}"#,
    )]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    for (method, status) in [
        ("GET", 201),
        ("GET", 201),
        ("DELETE", 403),
        ("PUT", 202),
        ("GET", 201),
        ("GET", 429),
        ("GET", 429),
    ] {
        let request = Request::builder()
            .method(method)
            .uri("/proxy/http://api.example/")
            .header("authorization", format!("Bearer {token}"));
        let response = world.send(request.body(Vec::new()).unwrap());
        assert_eq!(response.status(), status);
    }
    let samples = scrape(&world);
    let decisions = |labels: &str| samples[&format!("vectra_decisions_total{{{labels}}}")];
    assert_eq!(decisions(r#"outcome="allow",stage="none",shadow="""#), 3.0);
    assert_eq!(decisions(r#"outcome="deny",stage="policy",shadow="""#), 1.0);
    assert_eq!(decisions(r#"outcome="hitl",stage="policy",shadow="""#), 1.0);
    assert_eq!(samples[r#"vectra_refused_total{reason="rate_limit"}"#], 2.0);
    assert_eq!(samples[r#"vectra_held_requests{status="pending"}"#], 1.0);
    assert_eq!(samples["vectra_database_up"], 1.0);
}

#[test]
fn a_database_that_does_not_answer_is_told() {
    let world = World::new();
    world.agent();
    let down = PersistenceError::Unavailable("down".to_owned());
    world
        .database
        .fail(Place::Call("ledger.counters"), down, Manner::Before);
    let samples = scrape(&world);
    assert_eq!(samples["vectra_database_up"], 0.0);
    assert!(
        !samples
            .keys()
            .any(|key| key.starts_with("vectra_decisions_total"))
    );
}
