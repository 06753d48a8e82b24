//! Sends the request of an endpoint with each fault, and looks at what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use vectra_tests::client::Response;

use crate::answer::Met;
use crate::catalogue::{Case, cases};
use crate::endpoints::{Class, Endpoint, Standing};
use crate::fixture::Fixture;
use crate::host::Pace;
use crate::plan::{Armed, Fault, Manner, Place, Record, Script};
use crate::stage::Engine;
use crate::table::endpoints;
use crate::texts::Meaning;
use crate::view::{Effect, Rows};
use crate::world::{Setting, World};

/// Something wrong, and at which fault.
struct Failure {
    what: String,
    place: String,
}

/// Endpoints at once: each has two hosts, whose guests take their share of the memory
/// maps that a process may have.
const AT_ONCE: usize = 8;

/// All endpoints of a class, side by side.
pub async fn class(engine: Engine, class: Class) {
    let mut running = JoinSet::new();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let all = endpoints().enumerate();
    for (share, one) in all.filter(|(_, one)| one.class == class) {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            endpoint(engine, one, share).await
        });
    }
    let (mut count, mut failures) = (0, Vec::new());
    for (ran, failed) in running.join_all().await {
        count += ran;
        failures.extend(failed);
    }
    assert!(
        failures.is_empty(),
        "{} failures in {count} requests\n{}",
        failures.len(),
        summary(&failures)
    );
    assert!(count > 0, "nothing was tested");
    println!("{engine:?}, {class:?}: {count} requests with a fault each");
}

/// Each kind of failure with its number and its first place.
fn summary(failures: &[Failure]) -> String {
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Failure { what, place } in failures {
        kinds.entry(what).or_default().push(place);
    }
    let line = |(what, places): (&str, Vec<&str>)| {
        format!("{} times: {what}\n    first: {}\n", places.len(), places[0])
    };
    kinds.into_iter().map(line).collect()
}

/// What came of a request.
struct Seen {
    response: Response,
    record: Record,
    effect: Effect,
    /// After nothing, after each statement.
    effects: Vec<Effect>,
    inconsistency: Option<String>,
    /// Acts of which nobody knows what came of them.
    open_acts: i64,
    rows: Rows,
    received: usize,
}

/// Each fault, and after it the same request without one.
async fn endpoint(engine: Engine, endpoint: &Endpoint, share: usize) -> (usize, Vec<Failure>) {
    let world = World::new(engine, endpoint.setting).await.unwrap();
    let clean = perform(&world, endpoint, None).await.unwrap();
    let without = unharmed(endpoint, &clean, &clean);
    let mut failures = placed(without, format!("{engine:?}, {}, no fault", endpoint.name));
    let mut count = 0;
    let Record {
        statements, opens, ..
    } = &clean.record;
    for case in cases(engine, *statements, opens.len(), share) {
        if endpoint.standing == Standing::DeletedMeanwhile && case.1 == Meaning::NoTables {
            // It would be repeated before anything happened meanwhile.
            continue;
        }
        count += 1;
        let mut found = match met(&world, endpoint, &case.0).await {
            Ok(seen) => harmed(endpoint, &case, &clean, &seen),
            Err(error) => vec![format!("no answer: {error:#}")],
        };
        match perform(&world, endpoint, None).await {
            Ok(seen) => {
                let next = unharmed(endpoint, &clean, &seen);
                found.extend(next.into_iter().map(|one| format!("afterwards {one}")));
            }
            Err(error) => found.push(format!("afterwards no answer: {error:#}")),
        }
        let Armed {
            place,
            fault,
            extent,
        } = &case.0;
        let mut fault = format!("{fault:?}");
        fault.truncate(fault.floor_char_boundary(200));
        let place = format!(
            "{engine:?}, {}, {place:?}, {extent:?}, {fault}",
            endpoint.name
        );
        failures.extend(placed(found, place));
    }
    (count, failures)
}

fn placed(found: Vec<String>, place: String) -> Vec<Failure> {
    let failure = |what| Failure {
        what,
        place: place.clone(),
    };
    found.into_iter().map(failure).collect()
}

/// How often a request is sent that should meet a fault in a short time.
const ATTEMPTS: usize = 5;

/// A request that meets the fault. On a busy machine a short time may be over before.
async fn met(world: &World, endpoint: &Endpoint, armed: &Armed) -> Result<Seen> {
    for _ in 1..ATTEMPTS {
        let seen = perform(world, endpoint, Some(armed.clone())).await?;
        if seen.record.struck > 0 || !matches!(armed.fault, Fault::Silent(_)) {
            return Ok(seen);
        }
    }
    perform(world, endpoint, Some(armed.clone())).await
}

async fn perform(world: &World, endpoint: &Endpoint, armed: Option<Armed>) -> Result<Seen> {
    let Fixture {
        request,
        agent,
        path,
        interlude,
    } = Fixture::new(world, endpoint).await?;
    let pace = match &armed {
        Some(Armed {
            fault: Fault::Silent(_),
            ..
        }) => Pace::Short,
        _ => Pace::Usual,
    };
    let real = world.stage.real();
    let before = real.view.snapshot(&agent).await?;
    let _ = world.upstream.take_received();
    world.stage.plan.begin(Script {
        traced: armed.is_none().then(|| agent.clone()),
        armed,
        interlude,
    });
    let response = world.send(&request, pace).await;
    let record = world.stage.plan.end();
    let after = real.view.snapshot(&agent).await?;
    let trace = [&before].into_iter().chain(&record.trace);
    Ok(Seen {
        response: response?,
        effect: after.since(&before),
        effects: trace.map(|one| one.since(&before)).collect(),
        inconsistency: after.inconsistency(),
        open_acts: after.open_acts() - before.open_acts(),
        rows: real.view.rows(&path).await?,
        received: world.upstream.take_received().len(),
        record,
    })
}

/// What is wrong with a request that met no fault.
fn unharmed(endpoint: &Endpoint, clean: &Seen, seen: &Seen) -> Vec<String> {
    let mut failures = everywhere(endpoint, seen);
    let status = seen.response.status;
    if status != endpoint.status {
        let body = String::from_utf8_lossy(&seen.response.body);
        failures.push(format!("{status} instead of {}: {body}", endpoint.status));
    }
    if seen.received != usize::from(endpoint.forwards()) {
        failures.push(format!("{} requests arrived", seen.received));
    }
    if seen.open_acts != 0 {
        failures.push("nobody knows what came of the act".to_owned());
    }
    let statements = seen.record.statements;
    if statements != clean.record.statements || statements == 0 {
        failures.push(format!("{statements} statements"));
    }
    if seen.effect != clean.effect {
        failures.push(format!("it did {:?}, not {:?}", seen.effect, clean.effect));
    }
    failures
}

/// What is wrong with a request that met a fault.
fn harmed(endpoint: &Endpoint, case: &Case, clean: &Seen, seen: &Seen) -> Vec<String> {
    let (armed, meaning) = case;
    let mut failures = everywhere(endpoint, seen);
    if seen.record.struck == 0 {
        failures.push("the fault was not met".to_owned());
    }
    let far = |statements: usize| &clean.effects[statements];
    // What the first statement changes here, somebody else does.
    let others = usize::from(endpoint.standing == Standing::DeletedMeanwhile);
    let asked_for = |at: usize| far(at).asked_for();
    let changes = |at: usize| at > others && asked_for(at - 1) != asked_for(at);
    let (done, changes) = match (armed.place, armed.fault.manner()) {
        (Place::Open(at), _) => (clean.record.opens[at - 1], false),
        (Place::Statement(at), Manner::Before) => (at - 1, changes(at)),
        (Place::Statement(at), Manner::After) => (at, changes(at)),
    };
    let met = Met {
        endpoint,
        armed,
        meaning: *meaning,
        changes,
    };
    failures.extend(met.problems(&seen.response));

    let status = seen.response.status;
    // Rows that are not there are an answer too, of which there may be another note.
    let same = |wanted: &Effect| match armed.fault {
        Fault::Misshapen(_) => seen.effect.asked_for() == wanted.asked_for(),
        _ => seen.effect == *wanted,
    };
    let (whole, as_far) = (same(&clean.effect), same(far(done)));
    let afterwards = met.is_afterthought();
    let succeeded = (200..300).contains(&status) || seen.received > 0;
    // Whole, if a call that may be repeated was: as if nothing had happened.
    let right = match (succeeded, status == endpoint.status) {
        (true, _) => whole || (afterwards && as_far),
        (false, true) => whole || as_far,
        (false, false) => as_far,
    };
    if !right {
        let (did, far) = (&seen.effect, far(done));
        failures.push(format!("{status}, and it did {did:?}, not {far:?}"));
    }
    let answered = status == endpoint.status || afterwards;
    if seen.received > usize::from(endpoint.forwards() && answered) {
        failures.push(format!("{status}, and {} requests arrived", seen.received));
    }
    failures
}

/// What never happens.
fn everywhere(endpoint: &Endpoint, seen: &Seen) -> Vec<String> {
    let mut failures = Vec::new();
    let Rows {
        audit,
        allowed,
        history,
    } = seen.rows;
    // An address that the host refuses is recorded in a row of its own.
    let most = if endpoint.setting == Setting::Walled {
        2
    } else {
        1
    };
    if audit > most || allowed > 1 || history > 1 {
        failures.push(format!("recorded more than once: {:?}", seen.rows));
    }
    if seen.received > 0 && (allowed, seen.received) != (1, 1) {
        failures.push(format!("{} arrived with {:?}", seen.received, seen.rows));
    }
    failures.extend(seen.inconsistency.clone());
    failures
}
