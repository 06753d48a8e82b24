//! Everything that can go wrong with a call: each case of the interfaces, with what
//! real databases say.

use std::sync::LazyLock;

use crate::bindings::spin::sqlite::sqlite::Error as Sqlite;
use crate::plan::{Armed, Extent, Fault, Manner, Place, Said, Shape};
use crate::stage::Engine;
use crate::texts::Meaning::{self, Busy, Failure, NoTables, Refused, Unknown};
use crate::texts::{POSTGRES, SQLITE};
use vectra_postgres::Error as Postgres;

/// Stands in every text, and must stand in no answer.
pub const INTERNAL: &str = "kingfisher";

/// Of the texts of databases each endpoint meets one in so many, another endpoint others:
/// what a text means is found out in one place, whoever asks. With `VECTRA_ALL_TEXTS=1`
/// (`cargo xtask test --all`) each meets all of them.
static SHARE: LazyLock<usize> = LazyLock::new(|| match std::env::var_os("VECTRA_ALL_TEXTS") {
    Some(_) => 1,
    None => 8,
});

/// Every error that a call may give, and a share of the texts that one of them may hold.
fn errors(engine: Engine, share: usize) -> Vec<(Said, Meaning)> {
    let shared = |texts: &'static [(&'static str, Meaning)]| {
        let first = share % *SHARE;
        // That tables are missing is answered by making them: everybody meets that.
        let numbered = texts.iter().enumerate();
        numbered
            .filter(move |(nth, (_, meaning))| nth % *SHARE == first || *meaning == NoTables)
            .map(|(_, text)| text)
    };
    let text = || format!("{INTERNAL} says no");
    match engine {
        Engine::Sqlite => {
            let plain = [
                (Sqlite::NoSuchDatabase, Busy),
                (Sqlite::AccessDenied, Busy),
                (Sqlite::InvalidConnection, Busy),
                (Sqlite::DatabaseFull, Busy),
                (Sqlite::Io(INTERNAL.repeat(10_000)), Unknown),
            ];
            let plain = plain.map(|(error, meaning)| (Said::Sqlite(error), meaning));
            let said = |text: &str| Said::Sqlite(Sqlite::Io(text.to_owned()));
            let texts = shared(SQLITE).map(|(text, meaning)| (said(text), *meaning));
            plain.into_iter().chain(texts).collect()
        }
        Engine::Postgres => {
            let plain = [
                (Postgres::ConnectionFailed(text()), Busy),
                (
                    Postgres::ConnectionFailed("busy: no connection became free".into()),
                    Failure,
                ),
                (Postgres::ConnectionFailed(String::new()), Busy),
                (Postgres::BadParameter(text()), Refused),
                (Postgres::ValueConversionFailed(text()), Unknown),
                (Postgres::Other(text()), Unknown),
                (Postgres::QueryFailed(INTERNAL.repeat(10_000)), Unknown),
            ];
            let plain = plain.map(|(error, meaning)| (Said::Postgres(error), meaning));
            let said = |text: &str| Said::Postgres(Postgres::QueryFailed(text.to_owned()));
            let texts = shared(POSTGRES).map(|(text, meaning)| (said(text), *meaning));
            plain.into_iter().chain(texts).collect()
        }
    }
}

/// An error that says that nothing works, and one of which the outcome is unknown.
pub fn plain(engine: Engine) -> [Said; 2] {
    let (broken, unknown) = match engine {
        Engine::Sqlite => (
            "database is locked, kingfisher",
            "outcome unknown: kingfisher",
        ),
        Engine::Postgres => (
            "SqlState(E53300): kingfisher",
            "outcome unknown: kingfisher",
        ),
    };
    [broken, unknown].map(|text| match engine {
        Engine::Sqlite => Said::Sqlite(Sqlite::Io(text.to_owned())),
        Engine::Postgres => Said::Postgres(Postgres::QueryFailed(text.to_owned())),
    })
}

const SHAPES: [Shape; 8] = [
    Shape::NoRows,
    Shape::NoColumns,
    Shape::OneColumn,
    Shape::Nulls,
    Shape::Numbers,
    Shape::Words,
    Shape::Fractions,
    Shape::Bytes,
];

/// A fault and what it may be taken for.
pub type Case = (Armed, Meaning);

/// Every fault of a request with so many statements and connections, with this share of
/// the texts of databases.
pub fn cases(engine: Engine, statements: usize, opens: usize, share: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for at in 1..=statements {
        of_statement(engine, Place::Statement(at), share, &mut cases);
    }
    for at in 1..=opens {
        of_open(engine, Place::Open(at), share, &mut cases);
    }
    cases
}

fn of_statement(engine: Engine, place: Place, share: usize, cases: &mut Vec<Case>) {
    let mut add = |fault, extent, meaning| {
        let armed = Armed {
            place,
            fault,
            extent,
        };
        cases.push((armed, meaning));
    };
    let both = [Manner::Before, Manner::After];
    for (said, meaning) in errors(engine, share) {
        for manner in both {
            // Who says that tables are missing has done nothing.
            if manner == Manner::Before || meaning != NoTables {
                add(Fault::Said(said.clone(), manner), Extent::Once, meaning);
            }
        }
        if matches!(meaning, NoTables) {
            add(Fault::Said(said, Manner::Before), Extent::Onwards, meaning);
        }
    }
    let [broken, _] = plain(engine);
    add(
        Fault::Said(broken, Manner::Before),
        Extent::Onwards,
        Failure,
    );
    for shape in SHAPES {
        add(Fault::Misshapen(shape), Extent::Once, Failure);
    }
    if engine == Engine::Postgres {
        add(Fault::Misshapen(Shape::Unsupported), Extent::Once, Failure);
    }
    for manner in both {
        add(Fault::Silent(manner), Extent::Once, Failure);
        if engine == Engine::Sqlite {
            add(Fault::Trap(manner), Extent::Once, Failure);
        }
    }
}

fn of_open(engine: Engine, place: Place, share: usize, cases: &mut Vec<Case>) {
    let mut add = |fault, meaning| {
        let armed = Armed {
            place,
            fault,
            extent: Extent::Once,
        };
        cases.push((armed, meaning));
    };
    for (said, meaning) in errors(engine, share) {
        add(Fault::Said(said, Manner::Before), meaning);
    }
    add(Fault::Silent(Manner::Before), Failure);
    if engine == Engine::Sqlite {
        add(Fault::Trap(Manner::Before), Failure);
    }
}
