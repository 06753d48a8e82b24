//! SQLite inside the sandbox: `spin:sqlite`, for hosts that give a folder and no database.
//!
//! `database.rs` says which file a name is, `session.rs` opens it and runs statements,
//! `authorizer.rs` says which, `patience.rs` waits, `pool.rs` keeps connections; `vfs.rs` is how SQLite reaches the file.

mod authorizer;
mod bindings;
mod database;
mod failure;
mod patience;
mod pool;
mod session;
mod value;
mod vfs;

use bindings::exports::spin::sqlite::sqlite::{
    Connection, Error, Guest, GuestConnection, QueryResult, Value,
};
use session::Session;

struct Component;

impl Guest for Component {
    type Connection = Session;
}

impl GuestConnection for Session {
    fn open(database: String) -> Result<Connection, Error> {
        let file = database::file(&database)?;
        Session::open(&file)
            .map(Connection::new)
            .map_err(|failure| failure.error(&file))
    }

    fn execute(&self, statement: String, parameters: Vec<Value>) -> Result<QueryResult, Error> {
        self.run(&statement, &parameters)
            .map_err(|failure| failure.error(self.file()))
    }

    fn last_insert_rowid(&self) -> i64 {
        Session::last_insert_rowid(self)
    }

    fn changes(&self) -> u64 {
        Session::changes(self)
    }
}

bindings::export!(Component with_types_in bindings);
