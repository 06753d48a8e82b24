//! What the database's errors become.

use vectra_contract::fixtures::{after_noon, agent, agent_id, entry, given_agent, query};
use vectra_domain::PersistenceError;
use vectra_domain::repository::{AgentRepository, Ledger, Schema};
use vectra_persistence::dialect::SQLITE;
use vectra_persistence::{Database, DatabaseError, Repositories, Row, Value};

use crate::database::{Several, Sqlite, ready};
use crate::sql::Sql;

/// A database that always fails.
struct Failing(DatabaseError);

impl Database for Failing {
    fn execute(&self, _: &str, _: Vec<Value>) -> Result<Vec<Row>, DatabaseError> {
        Err(self.0.clone())
    }
}

/// The case without its text.
fn case(error: &PersistenceError) -> &'static str {
    match error {
        PersistenceError::NotFound => "not-found",
        PersistenceError::Conflict(_) => "conflict",
        PersistenceError::Invalid(_) => "invalid",
        PersistenceError::SchemaMissing => "schema-missing",
        PersistenceError::SchemaTooNew(_) => "schema-too-new",
        PersistenceError::Unavailable(_) => "unavailable",
        PersistenceError::Full(_) => "full",
        PersistenceError::Uncertain(_) => "uncertain",
        PersistenceError::Other(_) => "other",
    }
}

#[test]
fn maps_each_message_to_its_case() {
    let io = |message: &str| DatabaseError::Io(message.to_owned());
    let cases = [
        (io("UNIQUE constraint failed: Agent.Id"), "conflict"),
        (
            io("SQLite failure: `UNIQUE constraint failed: AgentHistory.Id`"),
            "conflict",
        ),
        (io("vectra conflict: AuditTrail.Id"), "conflict"),
        (io("vectra immutable: AuditTrail"), "conflict"),
        (
            io("CHECK constraint failed: Status IN (0, 1, 2, 3)"),
            "invalid",
        ),
        (io("NOT NULL constraint failed: Agent.Name"), "invalid"),
        (io("FOREIGN KEY constraint failed"), "not-found"),
        (io("no such table: main.Agent"), "schema-missing"),
        (io("database is locked"), "unavailable"),
        (io("busy: too many statements are waiting"), "unavailable"),
        (
            io("busy: no answer in time; the outcome is unknown"),
            "uncertain",
        ),
        (
            io("i/o error: disk I/O error (SQLite's code 4874); the outcome is unknown"),
            "uncertain",
        ),
        (
            io("read-only: attempt to write a readonly database"),
            "unavailable",
        ),
        (io("the statement took too long"), "unavailable"),
        (io("database table is locked"), "unavailable"),
        (io("attempt to write a readonly database"), "unavailable"),
        (io("unable to open database file"), "unavailable"),
        (io("database or disk is full"), "full"),
        (io("disk I/O error"), "other"),
        (io("database disk image is malformed"), "other"),
        (io(""), "other"),
        (DatabaseError::DatabaseFull, "full"),
        (DatabaseError::NoSuchDatabase, "unavailable"),
        (DatabaseError::AccessDenied, "unavailable"),
        (DatabaseError::InvalidConnection, "unavailable"),
    ];
    for (error, expected) in cases {
        let repositories = Repositories::new(Failing(error.clone()), &SQLITE);
        let results = [
            repositories
                .load(&query(agent_id(1), after_noon(0)))
                .map(drop),
            repositories
                .record(&entry(1, agent_id(1), after_noon(0)))
                .map(drop),
            AgentRepository::insert(&repositories, &agent(1)),
            repositories.version().map(drop),
        ];
        for result in results {
            assert_eq!(case(&result.unwrap_err()), expected, "{error:?}");
        }
    }
}

#[test]
fn says_unavailable_when_the_database_is_locked_and_changes_nothing() {
    let file = Several::new();
    let repositories = file.connect();
    repositories.ensure().unwrap();
    let agent = given_agent(&repositories, 1).id;

    let other = Sqlite::open(&file.path());
    other.run("BEGIN IMMEDIATE");
    repositories.database().run("PRAGMA busy_timeout = 10");
    let result = repositories.record(&entry(1, agent, after_noon(0)));
    assert!(
        matches!(result, Err(PersistenceError::Unavailable(_))),
        "{result:?}"
    );
    // Readers go on.
    assert!(repositories.load(&query(agent, after_noon(0))).is_ok());
    other.run("ROLLBACK");
    assert_eq!(
        repositories
            .database()
            .integer("SELECT COUNT(*) FROM AuditTrail"),
        0
    );
}

#[test]
fn says_unavailable_when_the_database_is_read_only() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    repositories.database().run("PRAGMA query_only = ON");
    let result = repositories.record(&entry(1, agent, after_noon(0)));
    assert!(
        matches!(result, Err(PersistenceError::Unavailable(_))),
        "{result:?}"
    );
}

#[test]
fn says_full_when_the_database_may_not_grow() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    let pages = repositories.database().integer("PRAGMA page_count");
    repositories
        .database()
        .run(&format!("PRAGMA max_page_count = {pages}"));
    let full = (1..1_000)
        .map(|number| repositories.record(&entry(number, agent, after_noon(0))))
        .find_map(Result::err)
        .expect("it is full at some point");
    assert!(matches!(full, PersistenceError::Full(_)), "{full:?}");
    // All of a decision is there, or none of it.
    let count = |table| {
        repositories
            .database()
            .integer(&format!("SELECT COUNT(*) FROM {table}"))
    };
    assert_eq!(count("AuditTrail"), count("AgentHistory"));
    assert_eq!(count("AuditTrail"), count("AuditExplanation"));
}

#[test]
fn never_makes_a_guess_of_what_it_did_not_write() {
    let repositories = ready();
    given_agent(&repositories, 1);
    repositories
        .database()
        .run("UPDATE Agent SET ClientSecretHash = x'00'");
    let result = AgentRepository::find(&repositories, agent_id(1));
    let Err(PersistenceError::Other(message)) = result else {
        panic!("{result:?}")
    };
    assert!(message.contains("Agent.ClientSecretHash"), "{message}");
}
