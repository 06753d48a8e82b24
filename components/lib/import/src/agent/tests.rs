use vectra_domain::{Agent, AgentStatus, Timestamp};

use super::agent;
use crate::cell::Cell;
use crate::note::{Note, Notes};
use crate::table::Row;

const ID: &str = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
const HASH: &str = "$2a$11$Qv1pUJmMZzG7W0sWkYI7DuNpCgnbNcSxYyGmTQaTqEwDgGvCqfZ3e";

fn text(text: &str) -> Cell {
    Cell::Text(text.as_bytes().to_vec())
}

/// A row as the original writes it.
fn row() -> [Cell; 9] {
    [
        text(ID),
        text("billing"),
        text("owner"),
        text("Active"),
        Cell::Null,
        text(HASH),
        Cell::Real(0.5),
        Cell::Null,
        Cell::Null,
    ]
}

fn now() -> Timestamp {
    "2026-02-03T04:05:06Z".parse().unwrap()
}

fn import(cells: [Cell; 9]) -> (Option<Agent>, Vec<Note>) {
    let mut notes = Vec::new();
    let row = Row::new(7, cells.to_vec());
    let agent = agent(
        row,
        now(),
        &mut Notes::new(&mut notes, "Agents row 7".into()),
    );
    (agent, notes)
}

/// The row with one cell of another value.
fn with(column: usize, cell: Cell) -> (Agent, Vec<String>) {
    let mut cells = row();
    cells[column] = cell;
    let (agent, notes) = import(cells);
    let reasons = notes.into_iter().map(|note| note.reason).collect();
    (agent.unwrap(), reasons)
}

#[test]
fn brings_a_row_of_the_original_over_whole() {
    let (agent, notes) = import(row());
    let agent = agent.unwrap();
    assert_eq!(notes, []);
    assert_eq!(agent.id.to_string(), ID.to_lowercase());
    assert_eq!(agent.name, "billing");
    assert_eq!(agent.owner_id.as_deref(), Some("owner"));
    assert_eq!(agent.status, AgentStatus::Active);
    assert_eq!(agent.policy_name, None);
    assert_eq!(agent.client_secret_hash, HASH);
    assert_eq!(agent.trust_score.get(), 0.5);
    assert_eq!(agent.created_at, now());
    assert_eq!(agent.updated_at, None);
}

#[test]
fn leaves_out_a_row_without_a_guid() {
    for cell in [
        Cell::Null,
        Cell::Integer(3),
        Cell::Blob,
        text(""),
        text("6F9619FF8B86D011B42D00C04FC964FF"),
        Cell::Text(vec![0xff; 36]),
    ] {
        let mut cells = row();
        cells[0] = cell.clone();
        let (agent, notes) = import(cells);
        assert!(agent.is_none(), "{cell:?}");
        assert_eq!(notes.len(), 1, "{cell:?}");
        assert_eq!(notes[0].place, "Agents row 7");
        assert_eq!(notes[0].reason, "`Id` is no GUID: the agent was left out");
    }
}

#[test]
fn an_unknown_status_is_never_active() {
    use AgentStatus::{Active, Quarantined, Revoked};
    let cases = [
        (text("Active"), Active, 0),
        (text("ACTIVE"), Active, 0),
        (text(" revoked "), Revoked, 0),
        (text("Quarantined"), Quarantined, 0),
        (text("0"), Active, 0),
        (Cell::Integer(1), Revoked, 0),
        (Cell::Null, Quarantined, 1),
        (text(""), Quarantined, 1),
        (text("Activ"), Quarantined, 1),
        (text("Active\0"), Quarantined, 2),
        (text("Deleted"), Quarantined, 1),
        (Cell::Integer(7), Quarantined, 1),
        (Cell::Real(0.0), Active, 0),
        (Cell::Blob, Quarantined, 2),
    ];
    for (cell, status, notes) in cases {
        let (agent, reasons) = with(3, cell.clone());
        assert_eq!(agent.status, status, "{cell:?}");
        assert_eq!(reasons.len(), notes, "{cell:?}: {reasons:?}");
    }
}

#[test]
fn an_unusable_trust_becomes_that_of_a_new_agent_or_less() {
    let cases = [
        (Cell::Real(0.0), 0.0, 0),
        (Cell::Integer(1), 1.0, 0),
        (Cell::Real(1.0001), 0.5, 1),
        (Cell::Real(-0.1), 0.0, 1),
        (Cell::Real(f64::INFINITY), 0.5, 1),
        (Cell::Real(f64::NEG_INFINITY), 0.0, 1),
        (Cell::Real(f64::NAN), 0.5, 1),
        (Cell::Null, 0.5, 1),
        (text("0.9"), 0.5, 1),
        (Cell::Blob, 0.5, 1),
    ];
    for (cell, trust, notes) in cases {
        let (agent, reasons) = with(6, cell.clone());
        assert_eq!(agent.trust_score.get(), trust, "{cell:?}");
        assert_eq!(reasons.len(), notes, "{cell:?}");
    }
}

#[test]
fn a_policy_name_that_cannot_be_read_is_not_none() {
    let cases = [
        (Cell::Null, None, 0),
        (text(""), None, 0),
        (text("billing-policy"), Some("billing-policy"), 0),
        (text(" "), Some(" "), 0),
        (Cell::Blob, Some(super::NO_POLICY), 2),
        (text("a\0b"), Some("a\u{FFFD}b"), 1),
        (Cell::Text(b"a\xff".to_vec()), Some("a\u{FFFD}"), 1),
    ];
    for (cell, name, notes) in cases {
        let (agent, reasons) = with(4, cell.clone());
        assert_eq!(agent.policy_name.as_deref(), name, "{cell:?}");
        assert_eq!(reasons.len(), notes, "{cell:?}");
    }
}

#[test]
fn only_a_hash_that_can_be_checked_in_time_is_kept() {
    let with_cost = |cost: &str| HASH.replace("$11$", &format!("${cost}$"));
    for good in [
        HASH.to_owned(),
        HASH.replace("2a", "2y"),
        with_cost("04"),
        with_cost("16"),
    ] {
        let (agent, reasons) = with(5, text(&good));
        assert_eq!((agent.client_secret_hash, reasons.len()), (good, 0));
    }
    let bad = [
        Cell::Null,
        Cell::Blob,
        text(""),
        text("secret"),
        text(&with_cost("17")),
        text(&with_cost("31")),
        text(&with_cost("+9")),
        text(&HASH.replace("2a", "1")),
        text(&format!("{HASH}$")),
        text(&HASH.replace('Q', "é")),
    ];
    for cell in bad {
        let (agent, reasons) = with(5, cell.clone());
        assert_eq!(agent.client_secret_hash, "!", "{cell:?}");
        assert_eq!(reasons.len(), 1, "{cell:?}");
    }
}

#[test]
fn names_have_1_to_128_characters() {
    let id = ID.to_lowercase();
    let cases = [
        (text("x"), "x".to_owned(), 0),
        (text(&"é".repeat(128)), "é".repeat(128), 0),
        (text(&"é".repeat(129)), "é".repeat(128), 1),
        (text(&"x".repeat(20_000)), "x".repeat(128), 2),
        (text(""), id.clone(), 1),
        (Cell::Null, id.clone(), 1),
        (Cell::Blob, id, 2),
        (Cell::Integer(12), "12".to_owned(), 0),
    ];
    for (cell, name, notes) in cases {
        let (agent, reasons) = with(1, cell.clone());
        assert_eq!(agent.name, name);
        assert_eq!(reasons.len(), notes, "{reasons:?}");
    }
}

#[test]
fn times_are_taken_where_there_are_some() {
    let (agent, reasons) = with(7, text("2024-05-01 12:34:56.1234567"));
    assert_eq!(agent.created_at.to_string(), "2024-05-01T12:34:56.123456Z");
    assert!(reasons.is_empty());
    let (agent, reasons) = with(8, text("2024-05-02 00:00:00"));
    let changed = agent.updated_at.map(|time| time.to_string());
    assert_eq!(changed.as_deref(), Some("2024-05-02T00:00:00.000000Z"));
    assert!(reasons.is_empty());
    let (agent, reasons) = with(7, text("yesterday"));
    assert_eq!((agent.created_at, reasons.len()), (now(), 1));
}

#[test]
fn notes_name_the_row_and_show_no_secret() {
    let mut cells = row();
    cells[3] = text("Odd\u{1b}[31m\n");
    cells[5] = text("plain secret");
    let (_, notes) = import(cells);
    let place = format!("Agents row 7, {}", ID.to_lowercase());
    assert!(notes.iter().all(|note| note.place == place), "{notes:?}");
    assert_eq!(notes[0].value.as_deref(), Some("Odd\\u{1b}[31m\\n"));
    assert_eq!(notes[1].value, None);
}
