//! One bounded step of an import.

mod position;
mod tally;

use std::collections::BTreeSet;

use vectra_domain::repository::Result as Written;
use vectra_domain::{Agent, AuditTrail, PersistenceError, Timestamp};

use crate::note::{Count, Note, Notes, shown};
use crate::table::{Original, Page, Row, Value, columns, has};
use crate::{agent, audit};
use position::Position;
use tally::Tally;

/// Most rows that one step reads, whatever it is asked: with texts as long as they
/// may be, they still fit in what hosts give in one answer.
pub const MAX_BUDGET: u32 = 200;

const AGENTS: &str = "Agents";
const AUDIT: &str = "AuditLogs";
const HISTORY: &str = "AgentHistories";

/// A step was not done. Everything before it is kept; it may be done again.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The position is none that a step gave.
    #[error("`{0}` is no position of an import")]
    Position(String),
    /// The tables are not the original's.
    #[error("this is no database of the original: {0}")]
    NotTheOriginal(String),
    /// The original's database did not answer.
    #[error("cannot read the original's database: {0}")]
    Read(String),
    /// Ours did not.
    #[error("cannot write: {0}")]
    Write(#[from] PersistenceError),
}

/// Where the rows go: what an import needs of the repositories.
pub trait Destination {
    /// Makes the tables if they are missing.
    ///
    /// # Errors
    /// [`PersistenceError`].
    fn ensure(&self) -> Written<()>;

    /// Adds an agent.
    ///
    /// # Errors
    /// [`PersistenceError::Conflict`] if its id exists, in whatever state.
    fn insert(&self, agent: &Agent) -> Written<()>;

    /// Appends an audit row with its explanation (JSON).
    ///
    /// # Errors
    /// [`PersistenceError::Conflict`] if its id exists.
    fn append(&self, row: &AuditTrail, explanation: &str) -> Written<()>;
}

/// Where the rows come from, and where they go.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The original's database.
    pub original: &'a dyn Original,
    /// Ours.
    pub destination: &'a dyn Destination,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// What it counted; a step that follows may count more of the same.
    pub counts: Vec<Count>,
    /// What is not as it was.
    pub notes: Vec<Note>,
    /// Names of the policies that its agents are assigned to, safe to print.
    pub policies: Vec<String>,
    /// Where the next step begins; none at the end.
    pub next: Option<String>,
}

/// Brings over at most `budget` rows (1 to [`MAX_BUDGET`]) from a position on; none
/// is the beginning. `now` becomes the time that agents were registered.
///
/// # Errors
/// [`ImportError`].
pub fn step(
    ports: &Ports<'_>,
    now: Timestamp,
    after: Option<&str>,
    budget: u32,
) -> Result<Progress, ImportError> {
    let budget = budget.clamp(1, MAX_BUDGET);
    let position = match after {
        Some(text) => text
            .parse()
            .map_err(|_| ImportError::Position(shown(text)))?,
        None => begin(ports)?,
    };
    match position {
        Position::Agents(from) => agents(ports, now, from, budget),
        Position::Audit(from) => audit_rows(ports, from, budget),
        Position::History => history(ports.original),
    }
}

/// Looks whether it is the original's database, and makes our tables.
fn begin(ports: &Ports<'_>) -> Result<Position, ImportError> {
    let wrong = |what: String| Err(ImportError::NotTheOriginal(what));
    let present = columns(ports.original, AGENTS).map_err(ImportError::Read)?;
    if present.is_empty() {
        return wrong(format!("it has no table `{AGENTS}`"));
    }
    if !has(&present, "Id") {
        return wrong(format!("its table `{AGENTS}` has no column `Id`"));
    }
    let encoding = ports.original.query("PRAGMA encoding", Vec::new());
    match encoding.map_err(ImportError::Read)?.as_slice() {
        [row] if *row == [Value::Text("UTF-8".to_owned())] => {}
        _ => return wrong("its text is not UTF-8".to_owned()),
    }
    ports.destination.ensure()?;
    Ok(Position::Agents(i64::MIN))
}

/// A table's page, and where the next one begins.
struct Read {
    rows: Vec<Row>,
    next: Option<i64>,
}

fn read(original: &dyn Original, page: &Page<'_>) -> Result<Read, ImportError> {
    let rows = page.read(original).map_err(ImportError::Read)?;
    let full = rows.len() as u64 >= u64::from(page.limit);
    let last = rows.last().map(|row| row.id).filter(|_| full);
    let next = last.and_then(|last| last.checked_add(1));
    Ok(Read { rows, next })
}

fn agents(
    ports: &Ports<'_>,
    now: Timestamp,
    from: i64,
    budget: u32,
) -> Result<Progress, ImportError> {
    let present = columns(ports.original, AGENTS).map_err(ImportError::Read)?;
    let page = Page {
        table: AGENTS,
        present: &present,
        wanted: &agent::COLUMNS,
        expression: None,
        from,
        limit: budget,
    };
    let Read { rows, next } = read(ports.original, &page)?;
    let (mut progress, mut tally) = (Progress::default(), Tally::default());
    let mut policies = BTreeSet::new();
    for row in rows {
        let place = format!("{AGENTS} row {}", row.id);
        let mut notes = Notes::new(&mut progress.notes, place);
        match agent::agent(row, now, &mut notes) {
            Some(agent) => {
                tally.count(ports.destination.insert(&agent), &mut notes)?;
                policies.extend(agent.policy_name.as_deref().map(shown));
            }
            None => tally.left += 1,
        }
    }
    progress.policies = policies.into_iter().collect();
    progress.counts = tally.counts([
        "agents brought over",
        "agents that were there already",
        "agents left out",
    ]);
    let next = next.map_or(Position::Audit(i64::MIN), Position::Agents);
    progress.next = Some(next.to_string());
    Ok(progress)
}

fn audit_rows(ports: &Ports<'_>, from: i64, budget: u32) -> Result<Progress, ImportError> {
    let present = columns(ports.original, AUDIT).map_err(ImportError::Read)?;
    let mut progress = Progress {
        next: Some(Position::History.to_string()),
        ..Progress::default()
    };
    if present.is_empty() {
        Notes::new(&mut progress.notes, AUDIT.to_owned()).add("there is no such table");
        return Ok(progress);
    }
    let has_held = has(&present, "Intent") && has(&present, "Status");
    let page = Page {
        table: AUDIT,
        present: &present,
        wanted: &audit::COLUMNS,
        expression: Some(audit::HELD).filter(|_| has_held),
        from,
        limit: budget,
    };
    let Read { rows, next } = read(ports.original, &page)?;
    let mut tally = Tally::default();
    let (mut masked, mut bodies) = (0, 0);
    for row in rows {
        let place = format!("{AUDIT} row {}", row.id);
        let mut notes = Notes::new(&mut progress.notes, place);
        match audit::audit(row, &mut notes) {
            Some(imported) => {
                masked += u64::from(imported.masked);
                bodies += u64::from(imported.body);
                let written = ports
                    .destination
                    .append(&imported.row, &imported.explanation);
                tally.count(written, &mut notes)?;
            }
            None => tally.left += 1,
        }
    }
    progress.counts = tally.counts([
        "audit rows brought over",
        "audit rows that were there already",
        "audit rows left out",
    ]);
    progress.counts.extend([
        Count {
            what: "audit rows with something masked in their URL",
            number: masked,
        },
        Count {
            what: "audit rows whose request body (`Intent`) was left out",
            number: bodies,
        },
    ]);
    if let Some(next) = next {
        progress.next = Some(Position::Audit(next).to_string());
    }
    Ok(progress)
}

/// Counters per minute have no place in a history of single requests.
fn history(original: &dyn Original) -> Result<Progress, ImportError> {
    let mut progress = Progress::default();
    let present = columns(original, HISTORY).map_err(ImportError::Read)?;
    if present.is_empty() {
        return Ok(progress);
    }
    let rows = original.query(&format!("SELECT COUNT(*) FROM {HISTORY}"), Vec::new());
    let rows = rows.map_err(ImportError::Read)?;
    let number = match rows.first().and_then(|row| row.first()) {
        Some(Value::Integer(number)) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    };
    progress.counts = vec![Count {
        what: "counters of the risk engine (`AgentHistories`) left out",
        number,
    }];
    Ok(progress)
}
