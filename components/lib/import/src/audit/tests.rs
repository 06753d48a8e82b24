use serde_json::{Value as Json, json};
use vectra_domain::DecisionType::{self, Allow, Deny, Hitl};

use super::{Imported, audit};
use crate::cell::Cell;
use crate::note::{Note, Notes};
use crate::table::Row;

const AGENT: &str = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
const NIL: &str = "00000000-0000-0000-0000-000000000000";

fn text(text: &str) -> Cell {
    Cell::Text(text.as_bytes().to_vec())
}

/// A row as the original writes it, and whether it has a body.
fn row() -> [Cell; 8] {
    [
        text(AGENT),
        text("GET /items?page=2"),
        text("/items?page=2"),
        text("Allow"),
        Cell::Real(0.25),
        Cell::Null,
        text("2024-05-01 12:34:56.1234567"),
        Cell::Null,
    ]
}

fn import(cells: &[Cell]) -> (Option<Imported>, Vec<Note>) {
    let mut notes = Vec::new();
    let row = Row::new(17, cells.to_vec());
    let imported = audit(row, &mut Notes::new(&mut notes, "AuditLogs row 17".into()));
    (imported, notes)
}

/// The row with some cells of other values.
fn with(changes: &[(usize, Cell)]) -> (Imported, Vec<String>) {
    let mut cells = row();
    for (column, cell) in changes {
        cells[*column] = cell.clone();
    }
    let (imported, notes) = import(&cells);
    let reasons = notes.into_iter().map(|note| note.reason).collect();
    (imported.unwrap(), reasons)
}

fn explanation(imported: &Imported) -> Json {
    serde_json::from_str(&imported.explanation).unwrap()
}

#[test]
fn brings_a_row_of_the_original_over() {
    let (imported, reasons) = with(&[]);
    assert!(reasons.is_empty(), "{reasons:?}");
    let row = &imported.row;
    assert_eq!(row.agent_id.to_string(), AGENT.to_lowercase());
    assert_eq!(row.decision_type, Allow);
    assert_eq!(row.reason, None);
    assert_eq!(row.method, "GET");
    assert_eq!(row.path, "/items?page=***");
    assert_eq!(row.target_url, "/items?page=***");
    assert_eq!(row.risk_score.get(), 0.25);
    assert_eq!(row.timestamp.to_string(), "2024-05-01T12:34:56.123456Z");
    assert!(imported.masked);
    assert!(!imported.body);
    let expected = json!({ "imported": {
        "table": "AuditLogs", "row": 17, "action": "GET /items?page=***", "status": "Allow",
    }});
    assert_eq!(explanation(&imported), expected);
}

#[test]
fn a_row_gets_the_same_id_whatever_else_changes_in_it() {
    let (first, _) = with(&[]);
    let (again, _) = with(&[(5, text("reason")), (4, Cell::Null), (7, Cell::Integer(1))]);
    assert_eq!(first.row.id, again.row.id);
    for other in [
        (0, text(NIL)),
        (3, text("Deny")),
        (6, text("2024-05-01 12:34:57")),
    ] {
        assert_ne!(first.row.id, with(&[other]).0.row.id);
    }
}

#[test]
fn words_that_are_not_known_are_denials() {
    let cases: [(&str, DecisionType, Option<&str>, usize); 12] = [
        ("Allow", Allow, Some("why"), 0),
        ("deny", Deny, Some("why"), 0),
        ("HITL", Hitl, Some("why"), 0),
        ("PENDING_HITL", Hitl, Some("PENDING_HITL: why"), 0),
        ("HITL_APPROVED", Allow, Some("HITL_APPROVED: why"), 0),
        ("HITL_DENIED", Deny, Some("HITL_DENIED: why"), 0),
        ("HITL_REPLAYED", Allow, Some("HITL_REPLAYED: why"), 0),
        ("HITL_EXPIRED", Deny, Some("HITL_EXPIRED: why"), 1),
        ("Allowed", Deny, Some("Allowed: why"), 1),
        ("0", Deny, Some("0: why"), 1),
        ("", Deny, Some("why"), 1),
        ("Allow\0", Deny, Some("Allow\u{FFFD}: why"), 2),
    ];
    for (word, decision, reason, notes) in cases {
        let (imported, reasons) = with(&[(3, text(word)), (5, text("why"))]);
        assert_eq!(imported.row.decision_type, decision, "{word}");
        assert_eq!(imported.row.reason.as_deref(), reason, "{word}");
        assert_eq!(reasons.len(), notes, "{word}: {reasons:?}");
    }
    for (reason, expected) in [(Cell::Null, "PENDING_HITL"), (text(""), "PENDING_HITL")] {
        let (imported, _) = with(&[(3, text("PENDING_HITL")), (5, reason)]);
        assert_eq!(imported.row.reason.as_deref(), Some(expected));
    }
    for cell in [Cell::Null, Cell::Blob, Cell::Integer(0)] {
        assert_eq!(with(&[(3, cell)]).0.row.decision_type, Deny);
    }
}

#[test]
fn actions_are_taken_apart() {
    // Action, TargetUrl, method, path, target, notes.
    let cases = [
        ("GET /a", "/a", "GET", "/a", "/a", 0),
        ("POST /a b", "/a b", "POST", "/a b", "/a b", 0),
        ("PATCH", "/a", "PATCH", "/a", "/a", 0),
        ("UNKNOWN", "", "UNKNOWN", "", "", 0),
        ("", "/a", "UNKNOWN", "/a", "/a", 1),
        ("GET /a", "", "GET", "/a", "/a", 0),
        (
            "GET https://u:p@h/a?k=v",
            "https://u:p@h/a?k=v",
            "GET",
            "/a?k=***",
            "https://***@h/a?k=***",
            0,
        ),
        ("/a?token=s", "/a", "UNKNOWN", "/a?token=***", "/a", 1),
        ("GET\t/a", "/a", "UNKNOWN", "GET\t/a", "/a", 1),
    ];
    for (action, target, method, path, url, notes) in cases {
        let (imported, reasons) = with(&[(1, text(action)), (2, text(target))]);
        let row = &imported.row;
        let found = (
            row.method.as_str(),
            row.path.as_str(),
            row.target_url.as_str(),
        );
        assert_eq!(found, (method, path, url), "{action}");
        assert_eq!(reasons.len(), notes, "{action}: {reasons:?}");
        for secret in ["u:p", "=s", "=v"] {
            assert!(!imported.explanation.contains(secret), "{action}");
        }
    }
}

#[test]
fn a_risk_that_is_none_is_0_and_the_explanation_says_so() {
    let cases = [
        (Cell::Real(1.0), 1.0, None, 0),
        (Cell::Integer(0), 0.0, None, 0),
        (Cell::Null, 0.0, Some(Json::Null), 0),
        (Cell::Real(1.5), 1.0, Some(json!(1.5)), 1),
        (Cell::Real(-0.5), 0.0, Some(json!(-0.5)), 1),
        (Cell::Real(f64::INFINITY), 1.0, Some(Json::Null), 1),
        (text("high"), 0.0, Some(Json::Null), 1),
    ];
    for (cell, risk, kept, notes) in cases {
        let (imported, reasons) = with(&[(4, cell.clone())]);
        assert_eq!(imported.row.risk_score.get(), risk, "{cell:?}");
        let explained = explanation(&imported)["imported"].get("riskScore").cloned();
        assert_eq!(explained, kept, "{cell:?}");
        assert_eq!(reasons.len(), notes, "{cell:?}");
    }
}

#[test]
fn a_row_without_a_time_is_left_out() {
    for cell in [Cell::Null, Cell::Blob, Cell::Integer(5), text("soon")] {
        let mut cells = row();
        cells[6] = cell.clone();
        let (imported, notes) = import(&cells);
        assert!(imported.is_none(), "{cell:?}");
        let last = notes.last().unwrap();
        assert_eq!(last.reason, "`Timestamp` is no time: the row was left out");
    }
}

#[test]
fn a_row_without_an_agent_is_kept() {
    for cell in [Cell::Null, Cell::Blob, Cell::Integer(5), text("nobody")] {
        let (imported, reasons) = with(&[(0, cell)]);
        assert_eq!(imported.row.agent_id.to_string(), NIL);
        let reason = "`AgentId` is no GUID: imported as all zeros";
        assert_eq!(reasons.last().map(String::as_str), Some(reason));
    }
}

#[test]
fn bodies_stay_behind_and_only_the_held_requests_id_is_kept() {
    let held = "9f3c2a10-0000-4000-8000-000000000001";
    let cases = [
        (Cell::Null, false, None),
        (Cell::Integer(1), true, None),
        (text(held), false, Some(held)),
        (text("my password is: hunter2 and it is 36"), true, None),
    ];
    for (cell, body, id) in cases {
        let (imported, _) = with(&[(7, cell)]);
        assert_eq!(imported.body, body);
        let explained = explanation(&imported);
        assert_eq!(explained["imported"]["heldRequest"].as_str(), id);
        assert!(!imported.explanation.contains("hunter2"));
    }
}

#[test]
fn nothing_that_a_row_holds_is_too_much() {
    let odd = [
        Cell::Null,
        Cell::Blob,
        Cell::Integer(i64::MIN),
        Cell::Real(f64::NAN),
        text(""),
        text("\0"),
        Cell::Text(vec![0xff; 20_000]),
        text(&"é".repeat(9_000)),
        text(&"?=&#://@ ".repeat(2_000)),
    ];
    for column in 0..8 {
        for cell in &odd {
            let mut cells = row();
            cells[column] = cell.clone();
            if let (Some(imported), _) = import(&cells) {
                assert!(!imported.explanation.contains('\0'));
                explanation(&imported);
                assert!(imported.row.path.len() <= 50_000);
            }
        }
    }
    let (imported, _) = import(&[]);
    assert!(imported.is_none());
}
