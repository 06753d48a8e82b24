//! Lists: a head from the dialect, then conditions, order and limit.

use vectra_domain::PersistenceError;

use crate::bind::Bind;
use crate::{Dialect, Value};

/// Which way a list runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

/// What a parameter is compared with, so that a dialect can cast it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Id,
    Text,
    Time,
    Integer,
}

/// A SELECT in the making. Only pieces of this crate's own text go into the statement;
/// values are parameters.
pub(crate) struct Filter {
    dialect: &'static Dialect,
    statement: String,
    bind: Bind,
    joint: &'static str,
}

impl Filter {
    /// Begins with `head`, which has no WHERE yet.
    pub(crate) fn new(dialect: &'static Dialect, head: &str) -> Self {
        Self {
            dialect,
            statement: head.to_owned(),
            bind: Bind::new(),
            joint: " WHERE ",
        }
    }

    fn placeholder(&self, kind: Kind, ahead: usize) -> String {
        (self.dialect.placeholder)(self.bind.len().saturating_add(ahead), kind)
    }

    fn condition(&mut self, condition: &str) {
        self.statement.push_str(self.joint);
        self.statement.push_str(condition);
        self.joint = " AND ";
    }

    /// Adds a condition without parameters.
    pub(crate) fn holds(mut self, condition: &str) -> Self {
        self.condition(condition);
        self
    }

    /// Adds `column = value`; `bind` appends the one value.
    pub(crate) fn equals(self, column: &str, kind: Kind, bind: impl FnOnce(Bind) -> Bind) -> Self {
        self.compares(column, "=", kind, bind)
    }

    /// Adds `column >= value`; `bind` appends the one value.
    pub(crate) fn at_least(
        self,
        column: &str,
        kind: Kind,
        bind: impl FnOnce(Bind) -> Bind,
    ) -> Self {
        self.compares(column, ">=", kind, bind)
    }

    /// Adds `column < value`; `bind` appends the one value.
    pub(crate) fn below(self, column: &str, kind: Kind, bind: impl FnOnce(Bind) -> Bind) -> Self {
        self.compares(column, "<", kind, bind)
    }

    fn compares(
        mut self,
        column: &str,
        sign: &str,
        kind: Kind,
        bind: impl FnOnce(Bind) -> Bind,
    ) -> Self {
        let condition = format!("{column} {sign} {}", self.placeholder(kind, 1));
        self.condition(&condition);
        self.bind = bind(self.bind);
        self
    }

    /// Adds "after this place", `bind` appending the values of both columns.
    pub(crate) fn after(
        mut self,
        order: Order,
        columns: [(&str, Kind); 2],
        bind: impl FnOnce(Bind) -> Bind,
    ) -> Self {
        let [(first, first_kind), (second, second_kind)] = columns;
        let sign = if order == Order::Ascending { '>' } else { '<' };
        let condition = format!(
            "({first}, {second}) {sign} ({}, {})",
            self.placeholder(first_kind, 1),
            self.placeholder(second_kind, 2)
        );
        self.condition(&condition);
        self.bind = bind(self.bind);
        self
    }

    /// Ends with the order and the limit.
    ///
    /// # Errors
    /// [`PersistenceError::Invalid`] if a value was refused.
    pub(crate) fn page(
        mut self,
        order: Order,
        columns: [&str; 2],
        limit: i64,
    ) -> Result<(String, Vec<Value>), PersistenceError> {
        let [first, second] = columns;
        let way = if order == Order::Ascending {
            ""
        } else {
            " DESC"
        };
        let limit_place = self.placeholder(Kind::Integer, 1);
        self.statement.push_str(&format!(
            " ORDER BY {first}{way}, {second}{way} LIMIT {limit_place}"
        ));
        Ok((self.statement, self.bind.integer(limit).finish()?))
    }
}
