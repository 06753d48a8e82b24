//! Every value that PostgreSQL can return is converted or reported.

use vectra_postgres::{DbDataType, DbValue, Error, ParameterValue};

use crate::fixture::{one, text, value};

#[tokio::test]
async fn every_type_that_the_interface_has_is_converted() {
    let fixture = one();
    fixture.database.run("CREATE DOMAIN word AS text").unwrap();
    let mut lent = fixture.pool.connect().await.unwrap();
    for (literal, kind, expected) in [
        ("true", DbDataType::Boolean, DbValue::Boolean(true)),
        (r#"'A'::"char""#, DbDataType::Int8, DbValue::Int8(65)),
        (
            "'-32768'::smallint",
            DbDataType::Int16,
            DbValue::Int16(i16::MIN),
        ),
        ("2147483647", DbDataType::Int32, DbValue::Int32(i32::MAX)),
        (
            "'-9223372036854775808'::bigint",
            DbDataType::Int64,
            DbValue::Int64(i64::MIN),
        ),
        (
            "1.5::real",
            DbDataType::Floating32,
            DbValue::Floating32(1.5),
        ),
        (
            "'-0'::float8",
            DbDataType::Floating64,
            DbValue::Floating64(-0.0),
        ),
        (
            "'infinity'::float8",
            DbDataType::Floating64,
            DbValue::Floating64(f64::INFINITY),
        ),
        ("'é\u{1f980}'::text", DbDataType::Str, text("é\u{1f980}")),
        ("''::varchar", DbDataType::Str, text("")),
        ("'a'::char(3)", DbDataType::Str, text("a  ")),
        ("'a'::name", DbDataType::Str, text("a")),
        ("'a'::word", DbDataType::Str, text("a")),
        (
            r"'\x00ff'::bytea",
            DbDataType::Binary,
            DbValue::Binary(vec![0, 255]),
        ),
        (
            "'2024-02-29'::date",
            DbDataType::Date,
            DbValue::Date((2024, 2, 29)),
        ),
        (
            "'1999-12-31'::date",
            DbDataType::Date,
            DbValue::Date((1999, 12, 31)),
        ),
        (
            "'4713-01-01 BC'::date",
            DbDataType::Date,
            DbValue::Date((-4712, 1, 1)),
        ),
        (
            "'23:59:59.999999'::time",
            DbDataType::Time,
            DbValue::Time((23, 59, 59, 999_999_000)),
        ),
        (
            "'1969-12-31 23:59:59.000001'::timestamp",
            DbDataType::Timestamp,
            DbValue::Datetime((1969, 12, 31, 23, 59, 59, 1000)),
        ),
    ] {
        let set = lent
            .query(&format!("SELECT {literal} AS x"), Vec::new())
            .await;
        let set = set.unwrap();
        assert_eq!(
            (set.columns[0].name.as_str(), set.columns[0].data_type),
            ("x", kind)
        );
        assert_eq!(set.rows, [[expected]], "{literal}");
    }
}

#[tokio::test]
async fn a_value_that_is_not_a_number_goes_both_ways() {
    let fixture = one();
    let mut lent = fixture.pool.connect().await.unwrap();
    let parameters = vec![ParameterValue::Floating64(f64::NAN)];
    let rows = lent
        .query("SELECT $1::float8", parameters)
        .await
        .unwrap()
        .rows;
    assert!(matches!(rows[0][0], DbValue::Floating64(value) if value.is_nan()));
}

#[tokio::test]
async fn everything_else_is_unsupported_and_its_null_a_null() {
    let fixture = one();
    let types = "CREATE TYPE mood AS ENUM ('good'); CREATE TYPE pair AS (a int, b mood)";
    fixture.database.run(types).unwrap();
    let mut lent = fixture.pool.connect().await.unwrap();
    for (kind, literal) in [
        ("uuid", "gen_random_uuid()"),
        ("json", "'{}'"),
        ("jsonb", "'{}'"),
        ("jsonpath", "'$'"),
        ("numeric", "'NaN'"),
        ("money", "'1'"),
        ("timestamptz", "now()"),
        ("timetz", "'12:00+01'"),
        ("interval", "'1 day'"),
        ("integer[]", "'{1,NULL}'"),
        ("text[]", "'{}'"),
        ("int4range", "'[1,2)'"),
        ("int4multirange", "'{[1,2)}'"),
        ("inet", "'::1'"),
        ("bit(3)", "'101'"),
        ("point", "'(1,2)'"),
        ("oid", "'1'"),
        ("regclass", "'pg_class'"),
        ("xid8", "'1'"),
        ("tsvector", "'a'"),
        ("mood", "'good'"),
        ("pair", "'(1,good)'"),
        ("mood[]", "'{good}'"),
        ("record", "ROW(1, 'a')"),
    ] {
        let sql = match kind {
            "record" => format!("SELECT {literal}, NULL"),
            _ => format!("SELECT {literal}::{kind}, NULL::{kind}"),
        };
        let set = lent.query(&sql, Vec::new()).await.unwrap();
        assert_eq!(set.columns[0].data_type, DbDataType::Other, "{kind}");
        assert_eq!(
            set.rows,
            [[DbValue::Unsupported, DbValue::DbNull]],
            "{kind}"
        );
    }
    // PostgreSQL's void is an empty value of a type of its own.
    let void = lent.query("SELECT pg_sleep(0)", Vec::new()).await.unwrap();
    assert_eq!(void.columns[0].data_type, DbDataType::Other);
    assert_eq!(void.rows, [[DbValue::Unsupported]]);
}

#[tokio::test]
async fn what_cannot_be_expressed_is_reported_with_its_column() {
    let fixture = one();
    fixture.database.run("CREATE TABLE t (d date)").unwrap();
    let mut lent = fixture.pool.connect().await.unwrap();
    for literal in [
        "'infinity'::date",
        "'-infinity'::date",
        "'5874897-12-31'::date",
        "'24:00'::time",
        "'infinity'::timestamp",
        "'-infinity'::timestamp",
        "'294276-12-31'::timestamp",
    ] {
        let error = value(&mut lent, &format!("SELECT {literal} AS odd"))
            .await
            .unwrap_err();
        let Error::ValueConversionFailed(message) = error else {
            panic!("{literal}: {error:?}")
        };
        assert!(message.starts_with("column `odd`: the "), "{message}");
        // Cast to text, everything can be read.
        value(&mut lent, &format!("SELECT {literal}::text"))
            .await
            .unwrap();
    }
    // It is the result that fails, not the statement.
    let error = lent
        .query("INSERT INTO t VALUES ('infinity') RETURNING d", Vec::new())
        .await;
    assert!(
        matches!(error, Err(Error::ValueConversionFailed(_))),
        "{error:?}"
    );
    assert_eq!(
        value(&mut lent, "SELECT count(*) FROM t").await.unwrap(),
        DbValue::Int64(1)
    );
}

#[tokio::test]
async fn columns_are_told_when_there_are_no_rows_and_when_names_repeat() {
    let fixture = one();
    let mut lent = fixture.pool.connect().await.unwrap();
    let set = lent
        .query("SELECT 1 AS a, 'b' AS a WHERE false", Vec::new())
        .await
        .unwrap();
    let columns: Vec<_> = set
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!((columns, set.rows.len()), (vec!["a", "a"], 0));
    let set = lent.query("SELECT", Vec::new()).await.unwrap();
    assert_eq!((set.columns.len(), set.rows), (0, vec![Vec::new()]));
}

#[tokio::test]
async fn the_count_is_that_of_the_rows_concerned() {
    let fixture = one();
    fixture.database.run("CREATE TABLE t (a int)").unwrap();
    let mut lent = fixture.pool.connect().await.unwrap();
    for (sql, count) in [
        ("INSERT INTO t SELECT generate_series(1, 10)", 10),
        ("UPDATE t SET a = a WHERE a > 7", 3),
        ("DELETE FROM t WHERE a = 1 RETURNING a", 1),
        ("DELETE FROM t WHERE false", 0),
        ("SELECT * FROM t", 9),
        ("CREATE TABLE u (a int)", 0),
    ] {
        assert_eq!(lent.execute(sql, Vec::new()).await, Ok(count), "{sql}");
    }
}
