//! What the model is worth on data it has not seen: what `report.json` and the README say.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use vectra_classifier::{Label, model_version};

use crate::rows::{Row, labelled, rows};

const HELDOUT: &str = include_str!("../heldout.jsonl");
const GOLDEN: &str = include_str!("../golden.jsonl");
const REPORT: &str = include_str!("../../../../semantic-local/training/report.json");
const README: &str = include_str!("../../../../semantic-local/README.md");
const MODEL: &[u8] = include_bytes!("../../model/intent.model");

/// No label may be worth less than this on held-out data.
const PRECISION_FLOOR: f64 = 0.65;
const RECALL_FLOOR: f64 = 0.7;
const ACCURACY_FLOOR: f64 = 0.8;

type Confusion = BTreeMap<String, BTreeMap<String, u32>>;

#[derive(Deserialize)]
struct Report {
    rows: usize,
    accuracy: f64,
    confusion: Confusion,
    calibration: Vec<Bin>,
    model: String,
}

#[derive(Deserialize)]
struct Bin {
    confidence: String,
    rows: u32,
    accuracy: Option<f64>,
}

fn report() -> Report {
    serde_json::from_str(REPORT).unwrap()
}

fn confusion() -> Confusion {
    let names = || {
        Label::ALL
            .into_iter()
            .map(|label| label.as_str().to_owned())
    };
    let mut table: Confusion = names()
        .map(|truth| (truth, names().map(|label| (label, 0)).collect()))
        .collect();
    for (truth, method, path, content_type, text) in rows::<Row>(HELDOUT) {
        let (label, _) = labelled(&method, &path, &content_type, &text);
        *table
            .get_mut(&truth)
            .unwrap()
            .get_mut(label.as_str())
            .unwrap() += 1;
    }
    table
}

#[test]
fn held_out_rows_are_confused_as_the_report_says() {
    let report = report();
    assert_eq!(confusion(), report.confusion);
    assert_eq!(rows::<Row>(HELDOUT).len(), report.rows);
}

#[test]
fn every_label_keeps_its_floor_of_precision_and_recall() {
    let table = confusion();
    let mut right = 0;
    for label in Label::ALL {
        let name = label.as_str();
        let good = table[name][name];
        let there: u32 = table[name].values().sum();
        let named: u32 = table.values().map(|row| row[name]).sum();
        right += good;
        let (precision, recall) = (
            f64::from(good) / f64::from(named),
            f64::from(good) / f64::from(there),
        );
        assert!(
            precision >= PRECISION_FLOOR,
            "{name}: precision {precision}"
        );
        assert!(recall >= RECALL_FLOOR, "{name}: recall {recall}");
    }
    let accuracy = f64::from(right) / f64::from(u32::try_from(rows::<Row>(HELDOUT).len()).unwrap());
    assert!(accuracy >= ACCURACY_FLOOR, "{accuracy}");
    assert!((accuracy - report().accuracy).abs() < 0.001, "{accuracy}");
}

#[test]
fn held_out_rows_are_none_of_those_that_confidence_was_fitted_to() {
    // The golden file holds both kinds; a row that is both would be there twice.
    let golden: Vec<Vec<Value>> = rows(GOLDEN);
    for row in rows::<Vec<Value>>(HELDOUT) {
        let same = golden.iter().filter(|known| known[..4] == row[1..5]);
        assert_eq!(same.count(), 1, "{row:?}");
    }
}

#[test]
fn the_readme_shows_the_report() {
    let report = report();
    assert!(README.contains(&format!("{:.1} %", report.accuracy * 100.0)));
    for label in Label::ALL {
        let row = &report.confusion[label.as_str()];
        let cells: Vec<String> = Label::ALL
            .iter()
            .map(|other| row[other.as_str()].to_string())
            .collect();
        let line = format!("| `{}` | {} |", label.as_str(), cells.join(" | "));
        assert!(README.contains(&line), "{line}");
    }
    for bin in report.calibration {
        let line = format!(
            "| {} | {} | {:.3} |",
            bin.confidence,
            bin.rows,
            bin.accuracy.unwrap_or_default()
        );
        assert!(README.contains(&line), "{line}");
    }
}

#[test]
fn the_version_is_the_digest_of_the_model_and_in_the_report() {
    let digest = Sha256::digest(&MODEL[23..]);
    let hex: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(model_version(), Ok(hex.as_str()));
    assert_eq!(report().model, hex);
    assert!(MODEL.len() <= 256 * 1024, "{} bytes", MODEL.len());
}
