//! What uses the database outside requests: the tables, `start` and `tick`.

use serde_json::Value;
use vectra_host::Event;
use vectra_tests::client::Request;

use crate::catalogue::plain;
use crate::fixture::{hold, token};
use crate::host::Pace;
use crate::plan::{Armed, Extent, Fault, Manner, Place, Script};
use crate::stage::Engine;
use crate::world::{Setting, World, policies};

/// The Nth statement fails, before it is carried out or after.
fn faults(engine: Engine, statements: usize) -> impl Iterator<Item = Script> {
    let [broken, unknown] = plain(engine);
    (1..=statements).flat_map(move |at| {
        let faults = [
            Fault::Said(broken.clone(), Manner::Before),
            Fault::Said(unknown.clone(), Manner::After),
        ];
        faults.map(|fault| Script {
            armed: Some(Armed {
                place: Place::Statement(at),
                fault,
                extent: Extent::Once,
            }),
            ..Script::default()
        })
    })
}

fn objects(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT count(*) FROM sqlite_master",
        Engine::Postgres => {
            "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace) \
             + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) \
             + (SELECT count(*) FROM pg_trigger)"
        }
    }
}

/// `GET /health` makes the tables when they are missing. What it left undone is done
/// by the next request of an agent.
pub async fn first_request(engine: Engine) {
    let world = World::new(engine, Setting::Usual).await.unwrap();
    let health = async || {
        let request = Request::new("GET", "/health");
        let answer = world.send(&request, Pace::Usual).await.unwrap();
        (answer.status, answer.json().unwrap_or(Value::Null))
    };
    let governed = async || {
        let request = Request::new("GET", "/proxy/http://127.0.0.1:1/");
        let request = request.bearer(&token(&world.first_agent).unwrap());
        world.send(&request, Pace::Usual).await.unwrap().status
    };
    let made = async || {
        let real = world.stage.real();
        real.view.number(objects(engine)).await.unwrap()
    };
    world.stage.clear().await.unwrap();
    world.stage.plan.begin(Script::default());
    let clean = health().await;
    let statements = world.stage.plan.end().statements;
    let objects = made().await;
    assert_eq!(clean.0, 200, "{}", clean.1);
    assert!(statements > 3, "{statements} statements made no tables");
    for script in faults(engine, statements) {
        let fault = format!("{:?}", script.armed);
        world.stage.clear().await.unwrap();
        world.stage.plan.begin(script);
        let (status, body) = health().await;
        assert_eq!(world.stage.plan.end().struck, 1, "{fault}");
        assert_eq!(status, 503, "{fault}: {body}");
        assert_eq!(
            governed().await,
            403,
            "{fault}: of an agent that is not there"
        );
        assert_eq!(health().await, clean, "{fault}");
        assert_eq!(made().await, objects, "{fault}");
    }
}

/// `lifecycle.start` brings the policies up to their files.
pub async fn start(engine: Engine) {
    let world = World::new(engine, Setting::Usual).await.unwrap();
    let files = |round: usize| policies(&format!("round {round}")).unwrap();
    let count = async |sql: &str| world.stage.real().view.number(sql).await.unwrap();
    world.stage.plan.begin(Script::default());
    world.host.start(files(0)).await.unwrap();
    let statements = world.stage.plan.end().statements;
    let each = i64::try_from(files(0).len()).unwrap();
    let mut expected = count("SELECT count(*) FROM Policy").await;
    for (round, script) in (1..).zip(faults(engine, statements)) {
        let fault = format!("{:?}", script.armed);
        world.stage.plan.begin(script);
        let failed = world.host.start(files(round)).await;
        assert_eq!(world.stage.plan.end().struck, 1, "{fault}");
        assert!(failed.is_err(), "{fault}: {failed:?}");
        world.host.start(files(round)).await.expect(&fault);
        expected += each;
        let revisions = count("SELECT count(*) FROM Policy").await;
        assert_eq!(revisions, expected, "{fault}: a revision of each policy");
        let newest = format!(
            "SELECT count(*) FROM Policy p WHERE Status = 0 AND Document LIKE '%\"round {round}\"%' \
             AND Revision = (SELECT MAX(Revision) FROM Policy WHERE Name = p.Name)"
        );
        assert_eq!(count(&newest).await, each, "{fault}: the newest revisions");
    }
}

/// Rows that a tick removes or expires, one of each kind.
const OLD: &str = "SELECT (SELECT count(*) FROM HeldRequest \
      WHERE Status = 0 AND ExpiresAt < '2010-01-01T00:00:00.000000Z') \
    + (SELECT count(*) FROM AgentHistory WHERE Timestamp < '2010-01-01T00:00:00.000000Z') \
    + (SELECT count(*) FROM AgentActivity WHERE Start < '2010-01-01T00:00:00.000000Z') \
    + (SELECT count(*) FROM UpstreamCircuitChange WHERE Timestamp < '2010-01-01T00:00:00.000000Z') \
    + (SELECT count(*) FROM IntentCache WHERE ExpiresAt < '2010-01-01T00:00:00.000000Z') \
    + (SELECT count(*) FROM Agent WHERE Status = 3)";

async fn grow_old(world: &World, agent: &str) {
    hold(world, agent).await.unwrap();
    let deleted = world.agent(None).await.unwrap();
    let id = format!("01000000-0000-7000-8000-{:012x}", world.next());
    let then = "2004-11-03T19:53:47.000000Z";
    for sql in [
        format!(
            "INSERT INTO HeldRequest (Id, AgentId, AuditId, Status, Method, TargetUrl, Digest, KeyId, \
             Sealed, CreatedAt, ExpiresAt) VALUES ('{id}', '{agent}', '{id}', 0, 'GET', '/', '', '', \
             '', '{then}', '{then}')"
        ),
        format!("UPDATE Agent SET Status = 3, UpdatedAt = '{then}' WHERE Id = '{deleted}'"),
        format!(
            "INSERT INTO AgentHistory (Id, AgentId, Method, Path, Timestamp, DecisionType) \
             VALUES ('{id}', '{agent}', 'GET', '/', '{then}', 0)"
        ),
        format!(
            "INSERT INTO AgentActivity (AgentId, Span, Start, Requests, Violations, Refused) \
             VALUES ('{agent}', 60, '2004-11-03T19:53:00.000000Z', 1, 0, 0)"
        ),
        format!(
            "INSERT INTO UpstreamCircuitChange (Origin, AgentId, Before, After, Timestamp) \
             VALUES ('http://localhost:80', '{agent}', 0, 1, '{then}')"
        ),
        format!(
            "INSERT INTO IntentCache (Place, Key, Document, ExpiresAt) \
             VALUES (1, 'key', '{{}}', '{then}')"
        ),
    ] {
        world.stage.real().view.run(&sql).await.unwrap();
    }
}

/// `lifecycle.tick` expires held requests and removes what is old.
pub async fn tick(engine: Engine) {
    let world = World::new(engine, Setting::Usual).await.unwrap();
    let agent = world.agent(Some("safe-delete")).await.unwrap();
    let count = async |sql: &str| world.stage.real().view.number(sql).await.unwrap();
    grow_old(&world, &agent).await;
    assert_eq!(count(OLD).await, 6);
    world.stage.plan.begin(Script::default());
    world.host.tick(10).await.unwrap();
    let statements = world.stage.plan.end().statements;
    assert_eq!((statements, count(OLD).await), (9, 0));
    // The last ones carry on with held requests, and tell of it in the log only.
    let counted = statements - 2;
    for (round, script) in (2..).zip(faults(engine, counted)) {
        let fault = format!("{:?}", script.armed);
        grow_old(&world, &agent).await;
        world.stage.plan.begin(script);
        let ticked = world.host.tick(10).await;
        assert_eq!(world.stage.plan.end().struck, 1, "{fault}");
        let told = ticked.as_ref().map_or(true, |progress| {
            let warns = |event: &Event| matches!(event, Event::Warning(_));
            progress.events.iter().any(warns)
        });
        assert!(told, "{fault}: nobody is told: {ticked:?}");
        world.host.tick(10).await.expect(&fault);
        assert_eq!(count(OLD).await, 0, "{fault}");
        let audit = count("SELECT count(*) FROM AuditTrail").await;
        assert_eq!(audit, round, "{fault}: the audit stays");
    }
}
