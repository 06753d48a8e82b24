//! A held request is approved and sent while the database fails: it is sent once or not
//! at all, and whatever is left half done is carried on or known to be uncertain.

use std::time::{Duration, Instant};

use serde_json::json;
use vectra_tests::DEADLINE;
use vectra_tests::client::Request;
use vectra_tests::process::ADMIN_KEY;

use crate::catalogue::plain;
use crate::fixture::{Held, hold, token};
use crate::host::Pace;
use crate::plan::{Armed, Extent, Fault, Manner, Place, Script};
use crate::stage::Engine;
use crate::world::{Setting, World};

/// States as they are stored.
const PENDING: i64 = 0;
const APPROVED: i64 = 1;
const RELEASING: i64 = 2;
const RELEASED: i64 = 3;

struct Case<'a> {
    world: &'a World,
    agent: String,
    held: Held,
}

impl Case<'_> {
    async fn number(&self, what: &str) -> i64 {
        let sql = format!("SELECT {what} WHERE Id = '{}'", self.held.id);
        self.world.stage.real().view.number(&sql).await.unwrap()
    }

    async fn status(&self) -> i64 {
        self.number("Status FROM HeldRequest").await
    }

    async fn approve(&self) -> Option<u16> {
        let request = Request::new("POST", &format!("/hitls/{}/approve", self.held.id))
            .bearer(ADMIN_KEY)
            .json(&json!({}));
        let answer = self.world.send(&request, Pace::Usual).await;
        answer.ok().map(|answer| answer.status)
    }

    /// What the agent gets at last.
    async fn response(&self) -> u16 {
        let request = Request::new("GET", &format!("/hitls/{}/response", self.held.id));
        let request = request.bearer(&token(&self.agent).unwrap());
        self.world.send(&request, Pace::Usual).await.unwrap().status
    }

    /// Carries on what is left: approves what is pending, ticks for what is approved, until
    /// there is nothing more to be done.
    async fn carry_on(&self) -> i64 {
        let begun = Instant::now();
        loop {
            match self.status().await {
                PENDING => {
                    let status = self.approve().await;
                    assert!(matches!(status, Some(200 | 409)), "{status:?}");
                }
                APPROVED => {
                    // It may meet the fault instead.
                    let _ = self.world.host.tick(10).await;
                }
                RELEASING if begun.elapsed() < Duration::from_millis(300) => {}
                settled => return settled,
            }
            assert!(begun.elapsed() < DEADLINE, "it is never settled");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn case(world: &World) -> Case<'_> {
    let agent = world.agent(Some("safe-delete")).await.unwrap();
    let held = hold(world, &agent).await.unwrap();
    let _ = world.upstream.take_received();
    Case { world, agent, held }
}

/// Every statement of approval and release fails, before it is carried out and after, and
/// for SQLite the guest ends there.
fn scripts(engine: Engine, statements: usize) -> impl Iterator<Item = Script> {
    let [broken, unknown] = plain(engine);
    let mut faults = vec![
        Fault::Said(broken.clone(), Manner::Before),
        Fault::Said(broken, Manner::After),
        Fault::Said(unknown, Manner::After),
    ];
    if engine == Engine::Sqlite {
        faults.extend([Manner::Before, Manner::After].map(Fault::Trap));
    }
    (1..=statements).flat_map(move |at| {
        let armed = |fault| Armed {
            place: Place::Statement(at),
            fault,
            extent: Extent::Once,
        };
        let script = |fault: &Fault| Script {
            armed: Some(armed(fault.clone())),
            ..Script::default()
        };
        faults.iter().map(script).collect::<Vec<_>>()
    })
}

/// All of them, one after the other.
pub async fn release(engine: Engine) {
    let world = World::new(engine, Setting::Usual).await.unwrap();
    let clean = case(&world).await;
    world.stage.plan.begin(Script::default());
    assert_eq!(clean.approve().await, Some(200));
    assert_eq!(clean.carry_on().await, RELEASED);
    assert_eq!(clean.response().await, 200);
    let statements = world.stage.plan.end().statements;
    assert!(statements > 5, "{statements} statements");
    for script in scripts(engine, statements) {
        let fault = format!("{:?}", script.armed);
        let case = case(&world).await;
        world.stage.plan.begin(script);
        let answered = case.approve().await;
        let settled = case.carry_on().await;
        world.stage.plan.end();
        let received = world.upstream.take_received().len();
        let releases = format!(
            "count(*) FROM HeldRelease WHERE HeldId = '{}'",
            case.held.id
        );
        let releases = format!("SELECT {releases}");
        let releases = world.stage.real().view.number(&releases).await.unwrap();
        assert!(received <= 1, "{fault}: it was sent {received} times");
        assert!(
            received == 0 || releases == 1,
            "{fault}: it was sent without its record"
        );
        match settled {
            RELEASED => {
                assert_eq!(received, 1, "{fault}: answered {answered:?}");
                assert_eq!(case.response().await, 200, "{fault}");
            }
            // What came of it was not written down: nobody knows, and it is not tried again.
            RELEASING => assert_eq!(case.response().await, 425, "{fault}"),
            other => panic!("{fault}: it has come to {other}"),
        }
    }
}
