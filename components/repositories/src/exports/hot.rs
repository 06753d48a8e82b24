//! The interfaces of the hot path: circuits and the ledger.

use vectra_domain::repository::{CircuitRepository, Ledger};

use super::call;
use crate::bindings::exports::vectra::persistence::{circuits, ledger, types};
use crate::convert::of;
use crate::{Shell, Store, convert};

impl<S: Store> circuits::Guest for Shell<S> {
    fn report(report: circuits::RequestReport, rule: circuits::Rule) -> Result<(), types::Error> {
        call(|| {
            let report = convert::to_report(report)?;
            S::repositories().report(&report, convert::to_rule(rule))
        })
    }

    fn list(
        after: Option<circuits::Cursor>,
        limit: u32,
    ) -> Result<Vec<circuits::Circuit>, types::Error> {
        call(|| {
            let after = after.map(convert::to_circuit_cursor).transpose()?;
            let circuits = CircuitRepository::list(&S::repositories(), after.as_ref(), limit)?;
            Ok(circuits.into_iter().map(convert::from_circuit).collect())
        })
    }

    fn list_changes(
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<circuits::Change>, types::Error> {
        call(|| {
            let changes = S::repositories().list_changes(before, limit)?;
            Ok(changes.into_iter().map(convert::from_change).collect())
        })
    }

    fn prune(before: i64, limit: u32) -> Result<u32, types::Error> {
        call(|| {
            CircuitRepository::prune(
                &S::repositories(),
                of("Before", convert::time(before))?,
                limit,
            )
        })
    }
}

impl<S: Store> ledger::Guest for Shell<S> {
    fn load(query: ledger::Query) -> Result<ledger::Context, types::Error> {
        call(|| {
            S::repositories()
                .load(&convert::to_query(query)?)
                .map(convert::from_context)
        })
    }

    fn record(entry: ledger::Entry) -> Result<ledger::Recorded, types::Error> {
        call(|| {
            S::repositories()
                .record(&convert::to_entry(entry)?)
                .map(convert::from_recorded)
        })
    }

    fn list_refusals(query: ledger::RefusalsQuery) -> Result<Vec<ledger::Refusals>, types::Error> {
        call(|| {
            let page = convert::to_refusals_page(query)?;
            let refusals = S::repositories().list_refusals(&page)?;
            Ok(refusals.into_iter().map(convert::from_refusals).collect())
        })
    }

    fn counters() -> Result<Vec<ledger::Counter>, types::Error> {
        call(|| {
            let counters = S::repositories().counters()?;
            Ok(counters.into_iter().map(convert::from_counter).collect())
        })
    }

    fn prune(before: i64, limit: u32) -> Result<u32, types::Error> {
        call(|| Ledger::prune(&S::repositories(), convert::time(before)?, limit))
    }
}
