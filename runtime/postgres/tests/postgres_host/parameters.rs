//! Parameters go to exactly their own types.

use vectra_postgres::{DbValue, Error, ParameterValue};

use crate::fixture::{one, value};

/// Every type that a parameter may be of, by the SQL name, and a value for it.
fn own() -> Vec<(&'static str, ParameterValue)> {
    vec![
        ("boolean", ParameterValue::Boolean(true)),
        (r#""char""#, ParameterValue::Int8(65)),
        ("smallint", ParameterValue::Int16(i16::MIN)),
        ("integer", ParameterValue::Int32(i32::MIN)),
        ("bigint", ParameterValue::Int64(i64::MIN)),
        ("real", ParameterValue::Floating32(1.5)),
        ("double precision", ParameterValue::Floating64(f64::MAX)),
        ("text", ParameterValue::Str("é".into())),
        ("bytea", ParameterValue::Binary(vec![0, 255])),
        ("date", ParameterValue::Date((2024, 2, 29))),
        ("time", ParameterValue::Time((23, 59, 59, 999_999_000))),
        (
            "timestamp",
            ParameterValue::Datetime((1969, 12, 31, 23, 59, 59, 1000)),
        ),
        ("timestamptz", ParameterValue::Timestamp(-1)),
    ]
}

#[tokio::test]
async fn each_value_goes_to_its_own_type_and_to_no_other() {
    let fixture = one();
    let mut lent = fixture.pool.connect().await.unwrap();
    for (kind, _) in own() {
        for (other, parameter) in own() {
            let sql = format!("SELECT $1::{kind} IS NULL");
            let result = lent.query(&sql, vec![parameter]).await;
            if kind == other {
                assert_eq!(result.unwrap().rows, [[DbValue::Boolean(false)]], "{kind}");
                continue;
            }
            let Err(Error::BadParameter(message)) = result else {
                panic!("{other} to {kind}")
            };
            assert!(message.starts_with("`$1` is of type `"), "{message}");
        }
    }
}

#[tokio::test]
async fn integers_must_be_as_wide_as_the_column() {
    let fixture = one();
    fixture
        .database
        .run("CREATE TABLE t (a smallint, b integer, c bigint)")
        .unwrap();
    let mut lent = fixture.pool.connect().await.unwrap();
    let insert = "INSERT INTO t VALUES ($1, $2, $3)";
    let values = |a, b, c| vec![a, b, c];
    let (two, four, eight) = (
        ParameterValue::Int16(1),
        ParameterValue::Int32(2),
        ParameterValue::Int64(3),
    );
    let fits = values(two.clone(), four.clone(), eight.clone());
    assert_eq!(lent.execute(insert, fits).await, Ok(1));
    for (parameters, place) in [
        (
            values(four.clone(), four.clone(), eight.clone()),
            "`$1` is of type `int2`",
        ),
        (
            values(two.clone(), eight.clone(), eight.clone()),
            "`$2` is of type `int4`",
        ),
        (values(two, four.clone(), four), "`$3` is of type `int8`"),
    ] {
        let Err(Error::BadParameter(message)) = lent.execute(insert, parameters).await else {
            panic!("{place}")
        };
        assert!(message.starts_with(place), "{message}");
    }
    let rows = lent
        .query("SELECT a, b, c FROM t", Vec::new())
        .await
        .unwrap()
        .rows;
    assert_eq!(
        rows,
        [[DbValue::Int16(1), DbValue::Int32(2), DbValue::Int64(3)]]
    );
}

#[tokio::test]
async fn a_null_goes_to_every_type() {
    let fixture = one();
    let mut lent = fixture.pool.connect().await.unwrap();
    let more = [
        "uuid",
        "jsonb",
        "numeric",
        "inet",
        "integer[]",
        "int4range",
        "interval",
    ];
    for kind in own().into_iter().map(|(kind, _)| kind).chain(more) {
        let rows = lent
            .query(&format!("SELECT $1::{kind}"), vec![ParameterValue::DbNull])
            .await;
        assert_eq!(rows.unwrap().rows, [[DbValue::DbNull]], "{kind}");
    }
}

#[tokio::test]
async fn what_the_server_could_not_hold_is_refused_by_place() {
    let fixture = one();
    let mut lent = fixture.pool.connect().await.unwrap();
    for (kind, parameter) in [
        ("text", ParameterValue::Str("a\0b".into())),
        ("date", ParameterValue::Date((2023, 2, 29))),
        ("date", ParameterValue::Date((i32::MAX, 1, 1))),
        ("date", ParameterValue::Date((2023, 0, 0))),
        ("time", ParameterValue::Time((24, 0, 0, 0))),
        ("time", ParameterValue::Time((23, 59, 59, 1_999_999_999))),
        ("time", ParameterValue::Time((0, 0, 0, u32::MAX))),
        (
            "timestamp",
            ParameterValue::Datetime((i32::MIN, 255, 255, 255, 255, 255, u32::MAX)),
        ),
        ("timestamptz", ParameterValue::Timestamp(i64::MAX)),
        ("timestamptz", ParameterValue::Timestamp(i64::MIN)),
        (
            "uuid",
            ParameterValue::Str("8a8f6b1e-0000-4000-8000-000000000000".into()),
        ),
    ] {
        let sql = format!("SELECT $1::int4, $2::{kind}");
        let parameters = vec![ParameterValue::Int32(1), parameter.clone()];
        let result = lent.query(&sql, parameters).await;
        let Err(Error::BadParameter(message)) = result else {
            panic!("{parameter:?}: {result:?}")
        };
        assert!(message.starts_with("`$2` "), "{message}");
    }
    // These are dates, but not PostgreSQL's.
    for (kind, parameter) in [
        ("date", ParameterValue::Date((-200_000, 1, 1))),
        (
            "timestamp",
            ParameterValue::Datetime((-200_000, 1, 1, 0, 0, 0, 0)),
        ),
        ("timestamptz", ParameterValue::Timestamp(-9_000_000_000_000)),
    ] {
        let result = lent
            .query(&format!("SELECT $1::{kind}"), vec![parameter])
            .await;
        let Err(Error::QueryFailed(message)) = result else {
            panic!("{result:?}")
        };
        assert!(message.starts_with("SqlState(E22008)"), "{message}");
    }
    value(&mut lent, "SELECT 1").await.unwrap();
}

#[tokio::test]
async fn the_number_of_parameters_must_be_right() {
    let fixture = one();
    let mut lent = fixture.pool.connect().await.unwrap();
    for (parameters, count) in [(vec![], 0), (vec![ParameterValue::DbNull; 3], 3)] {
        let error = lent
            .query("SELECT $1::int4, $2::int4", parameters)
            .await
            .unwrap_err();
        let expected = format!("the statement takes 2 parameters, not {count}");
        assert_eq!(error, Error::BadParameter(expected));
    }
}
