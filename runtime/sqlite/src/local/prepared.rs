//! Compiled statements that are kept, those used last, up to a number.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use libsql::{Connection, Statement};

use super::failure::Failure;
use super::session::now;
use super::statistics::{Counters, count};

/// Longer texts are not kept, in bytes.
const LONG: usize = 32 << 10;

/// The statements of one connection.
pub(super) struct Prepared {
    by_text: HashMap<String, Kept>,
    most: usize,
    clock: u64,
    counters: Arc<Counters>,
}

struct Kept {
    statement: Rc<Statement>,
    used: u64,
}

impl Prepared {
    /// Keeps so many at most.
    pub(super) fn new(most: usize, counters: Arc<Counters>) -> Self {
        Self {
            by_text: HashMap::new(),
            most: most.max(1),
            clock: 0,
            counters,
        }
    }

    /// A compiled statement, from those that are kept or anew.
    pub(super) fn get(
        &mut self,
        connection: &Connection,
        sql: &str,
    ) -> Result<Rc<Statement>, Failure> {
        self.clock += 1;
        if let Some(kept) = self.by_text.get_mut(sql) {
            kept.used = self.clock;
            kept.statement.reset();
            count(&self.counters.reused, 1);
            return Ok(kept.statement.clone());
        }
        let statement = Rc::new(now(connection.prepare(sql))?);
        count(&self.counters.compiled, 1);
        if sql.len() <= LONG {
            self.make_room();
            let kept = Kept {
                statement: statement.clone(),
                used: self.clock,
            };
            self.by_text.insert(sql.to_owned(), kept);
            count(&self.counters.kept, 1);
        }
        Ok(statement)
    }

    fn make_room(&mut self) {
        if self.by_text.len() < self.most {
            return;
        }
        let oldest = self.by_text.iter().min_by_key(|(_, kept)| kept.used);
        if let Some(oldest) = oldest.map(|(sql, _)| sql.clone()) {
            self.by_text.remove(&oldest);
            self.counters.kept.fetch_sub(1, Relaxed);
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        let kept = self.by_text.len() as u64;
        self.counters.kept.fetch_sub(kept, Relaxed);
    }
}
