//! The import component: translates between WIT and `vectra-import`, nothing else.

mod bindings;
mod original;
mod repositories;

use bindings::exports::vectra::gateway::importer;
use bindings::wasi::clocks::wall_clock;
use vectra_domain::Timestamp;
use vectra_import::Ports;

use original::SpinOriginal;
use repositories::Repositories;

struct Component;

bindings::export!(Component with_types_in bindings);

impl importer::Guest for Component {
    fn step(from: Option<String>, budget: u32) -> Result<importer::Progress, String> {
        let original = SpinOriginal::open()?;
        let ports = Ports {
            original: &original,
            destination: &Repositories,
        };
        vectra_import::step(&ports, now(), from.as_deref(), budget)
            .map(progress)
            .map_err(|error| error.to_string())
    }
}

fn now() -> Timestamp {
    let now = wall_clock::now();
    let micros = i64::try_from(now.seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(Timestamp::SECOND)
        .saturating_add(i64::from(now.nanoseconds / 1_000));
    Timestamp::EPOCH.plus(micros)
}

fn progress(progress: vectra_import::Progress) -> importer::Progress {
    let counts = progress.counts.into_iter().map(|count| importer::Count {
        what: count.what.to_owned(),
        number: count.number,
    });
    let notes = progress.notes.into_iter().map(|note| importer::Note {
        place: note.place,
        reason: note.reason,
        value: note.value,
    });
    importer::Progress {
        counts: counts.collect(),
        notes: notes.collect(),
        policies: progress.policies,
        next: progress.next,
    }
}
