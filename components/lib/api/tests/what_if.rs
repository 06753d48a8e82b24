//! What a draft would have decided about a million decisions: in bounded memory,
//! whatever the range, and in a few minutes of the slowest processor.
#![allow(
    missing_docs,
    dead_code,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

#[path = "gateway/database.rs"]
mod database;
#[path = "gateway/world.rs"]
mod world;

use std::time::{Duration, Instant};

use http::Request;
use serde_json::{Value, json};
use vectra_api::{ClientAddresses, Gateway, Ports, ResponseBody, Settings};
use vectra_domain::repository::{AuditPage, AuditRange, AuditRepository, Result};
use vectra_domain::{AuditId, AuditOutcome, AuditRecord, AuditTrail, Timestamp};

use world::{ADMIN, World};

const ROWS: i64 = 1_000_000;
/// Most by which the memory of the process may grow over what one page takes.
const GROWTH: u64 = 16 << 20;

const POLICY: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"red","effect":"Deny",
     "conditions":[{"field":"headers.x-team","operator":"eq","value":"red"}]},
    {"name":"much","effect":"Hitl",
     "conditions":[{"field":"body.amount","operator":"gt","value":100}]}]}"#;

/// A million rows, made when they are read of some that were really decided.
struct Rows {
    kinds: Vec<(AuditTrail, String)>,
    begin: Timestamp,
}

impl Rows {
    fn row(&self, n: i64) -> (AuditTrail, String) {
        let kinds = i64::try_from(self.kinds.len()).unwrap();
        let (row, explanation) = &self.kinds[usize::try_from(n % kinds).unwrap()];
        let number = 0x018f_4d2e_7c1b_7000_8000_0000_0000_0000 | u128::try_from(n).unwrap();
        let row = AuditTrail {
            id: AuditId::new(uuid::Uuid::from_u128(number)),
            timestamp: self.begin.plus(n * 1_000),
            ..row.clone()
        };
        (row, explanation.clone())
    }
}

impl AuditRepository for Rows {
    fn append(&self, _: &AuditTrail, _: &str) -> Result<()> {
        panic!("nothing is recorded")
    }

    fn find(&self, _: AuditId) -> Result<Option<AuditRecord>> {
        panic!("no row is asked for")
    }

    fn complete(&self, _: AuditId, _: &AuditOutcome) -> Result<()> {
        panic!("nothing is recorded")
    }

    fn list(&self, _: &AuditPage) -> Result<Vec<AuditTrail>> {
        panic!("no list is asked for")
    }

    fn range(&self, range: &AuditRange) -> Result<Vec<(AuditTrail, String)>> {
        let from = match range.after {
            Some((time, _)) => (time.micros() - self.begin.micros()) / 1_000 + 1,
            None => 0,
        };
        let to = (from + i64::from(range.limit)).min(ROWS);
        Ok((from..to).map(|n| self.row(n)).collect())
    }
}

/// Requests that really were decided.
fn decided(world: &World) -> Vec<(AuditTrail, String)> {
    world.policies(&[("p.json", POLICY)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    for (method, team, amount) in [
        ("GET", "blue", 1),
        ("POST", "blue", 10),
        ("POST", "red", 10),
        ("PUT", "green", 1_000),
        ("DELETE", "blue", 10),
    ] {
        world.now.set(world.now.get() + 1_000_000);
        let request = Request::builder()
            .method(method)
            .uri("/proxy/https://api.example/orders/7?x=1")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("x-team", team);
        let body = format!(r#"{{"amount":{amount}}}"#);
        world.send(request.body(body.into_bytes()).unwrap());
    }
    let range = AuditRange {
        agent_id: None,
        since: Timestamp::EPOCH,
        until: Timestamp::EPOCH.plus(i64::MAX),
        after: None,
        limit: 100,
    };
    AuditRepository::range(&world.memory, &range).unwrap()
}

fn ask(world: &World, rows: &Rows, settings: &Settings, question: &Value) -> Value {
    let database = &world.database;
    let ports = Ports {
        schema: database,
        agents: database,
        history: database,
        audit: rows,
        policies: database,
        held: database,
        notifications: database,
        credentials: database,
        ledger: database,
        access: database,
        operators: database,
        acts: database,
        lockouts: database,
        issuers: database,
        circuits: database,
        intents: database,
        engine: world,
        policy_engine: world,
        classifier: world,
        clock: world,
        random: world,
        secrets: world,
        client_addresses: ClientAddresses::Trusted,
        bundle_digest: None,
        upstream: world,
    };
    let request = Request::post("/decisions/what-if")
        .header("authorization", format!("Bearer {ADMIN}"))
        .header("content-type", "application/json")
        .body(question.to_string().into_bytes())
        .unwrap();
    let response = Gateway::new(ports, settings, &|_| {}).handle(request);
    match response.into_body() {
        ResponseBody::Bytes(bytes) => serde_json::from_slice(&bytes).unwrap(),
        ResponseBody::Empty | ResponseBody::Upstream(_) => Value::Null,
    }
}

/// The most memory that the process ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse::<u64>().unwrap() * 1024
}

/// The processor's time that this thread took: others may have the machine too.
fn worked() -> Duration {
    // Linux counts in hundredths of a second.
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields = fields.split_whitespace().skip(11).take(2);
    TICK * fields.map(|ticks| ticks.parse::<u32>().unwrap()).sum()
}

#[test]
fn a_draft_over_a_million_decisions_takes_bounded_memory_and_time() {
    let world = World::new();
    let rows = Rows {
        kinds: decided(&world),
        begin: Timestamp::from_micros(world.now.get()).unwrap(),
    };
    assert_eq!(rows.kinds.len(), 5);
    let settings = world.settings();
    let draft = json!({"name":"p","default":"Allow","rules":[
        {"name":"less","effect":"Hitl",
         "conditions":[{"field":"body.amount","operator":"gt","value":5}]},
        {"name":"put","effect":"Deny",
         "conditions":[{"field":"method","operator":"eq","value":"PUT"}]}]});
    let mut question =
        json!({"policy":draft,"from":"2000-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z"});
    let (mut examined, mut told, mut pages) = (0, 0, 0);
    let mut before = 0;
    let (begin, idle) = (Instant::now(), worked());
    loop {
        let answer = ask(&world, &rows, &settings, &question);
        examined += answer["examined"].as_i64().unwrap();
        let changed = answer["changed"].as_object().unwrap().values();
        told += answer["unchanged"].as_i64().unwrap();
        told += answer["notReplayable"]["count"].as_i64().unwrap();
        told += changed.map(|count| count.as_i64().unwrap()).sum::<i64>();
        pages += 1;
        if pages == 1 {
            before = peak();
        }
        match answer["nextCursor"].as_str() {
            Some(cursor) => question["cursor"] = cursor.into(),
            None => break,
        }
    }
    let (passed, taken) = (begin.elapsed(), worked() - idle);
    println!(
        "{ROWS} rows in {taken:?} of the processor ({passed:?}), {:.0} rows/s, {pages} pages; memory {} KiB, then {} KiB",
        ROWS as f64 / taken.as_secs_f64(),
        before / 1024,
        peak() / 1024
    );
    assert_eq!((examined, told), (ROWS, ROWS));
    assert!(peak() < before + GROWTH, "{} from {before}", peak());
    assert!(taken < Duration::from_secs(300), "{taken:?}");
}
