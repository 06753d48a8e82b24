use super::*;
use crate::database::Answer;

/// Answers every query with no rows and counts every command as one row.
struct Double;

impl Database for Double {
    fn connect(&self) -> Answer<'_, Box<dyn Session>> {
        Box::pin(async { Ok(Box::new(Self) as _) })
    }

    fn per_request(&self) -> usize {
        2
    }
}

impl Session for Double {
    fn query(&mut self, _: String, _: Vec<ParameterValue>) -> Answer<'_, RowSet> {
        let (columns, rows) = (Vec::new(), Vec::new());
        Box::pin(async { Ok(RowSet { columns, rows }) })
    }

    fn execute(&mut self, _: String, _: Vec<ParameterValue>) -> Answer<'_, u64> {
        Box::pin(async { Ok(1) })
    }
}

fn postgres() -> Postgres {
    Postgres::new([("default".to_owned(), Arc::new(Double) as _)])
}

#[tokio::test]
async fn an_address_that_is_no_name_is_refused_and_not_repeated() {
    let (mut context, mut table) = (postgres().context(), ResourceTable::new());
    let mut view = PostgresView::new(&mut context, &mut table);
    for address in ["", "other", "DEFAULT", "postgres://u:secret@h/d"] {
        let Err(Error::ConnectionFailed(message)) = view.open(address.into()).await.unwrap() else {
            panic!("{address}")
        };
        assert_eq!(message, "there is no database of this name");
    }
    assert!(view.open("default".into()).await.unwrap().is_ok());
}

#[tokio::test]
async fn a_request_holds_so_many_connections_at_a_time() {
    let (mut context, mut table) = (postgres().context(), ResourceTable::new());
    let mut view = PostgresView::new(&mut context, &mut table);
    let first = view.open("default".into()).await.unwrap().unwrap();
    view.open("default".into()).await.unwrap().unwrap();
    let error = view.open("default".into()).await.unwrap().unwrap_err();
    let expected = "busy: the request holds too many connections";
    assert_eq!(error, Error::ConnectionFailed(expected.into()));
    HostConnection::drop(&mut view, first).await.unwrap();
    assert!(view.open("default".into()).await.unwrap().is_ok());
}

#[tokio::test]
async fn statements_are_counted_over_all_requests() {
    let postgres = postgres();
    for _ in 0..2 {
        let (mut context, mut table) = (postgres.context(), ResourceTable::new());
        let mut view = PostgresView::new(&mut context, &mut table);
        let opened = view.open("default".into()).await.unwrap().unwrap();
        let again = Resource::new_borrow(opened.rep());
        view.query(again, "SELECT 1".into(), Vec::new())
            .await
            .unwrap()
            .unwrap();
        let again = Resource::new_borrow(opened.rep());
        let count = view
            .execute(again, "DELETE".into(), Vec::new())
            .await
            .unwrap();
        assert_eq!(count, Ok(1));
    }
    assert_eq!(postgres.statements(), 4);
}
