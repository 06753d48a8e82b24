//! Errors say what a component needs to know, and no row data.

use vectra_postgres::{Error, Target};

use crate::fixture::{one, open, value};

#[tokio::test]
async fn the_servers_code_and_message_are_told_without_the_details() {
    let fixture = one();
    let schema = "CREATE TABLE t (a text PRIMARY KEY, b int CHECK (b > 0)); \
                  INSERT INTO t VALUES ('secret', 1)";
    fixture.database.run(schema).unwrap();
    let long = "DO $$ BEGIN RAISE '%', repeat('é', 2000); END $$";
    let long_text = format!("SqlState(EP0001): {}", "é".repeat(512));
    for (sql, expected) in [
        (
            "INSERT INTO t VALUES ('secret', 2)",
            r#"SqlState(E23505): duplicate key value violates unique constraint "t_pkey""#,
        ),
        (
            "INSERT INTO t VALUES ('other', -1)",
            r#"SqlState(E23514): new row for relation "t" violates check constraint "t_b_check""#,
        ),
        (
            "SELECT * FROM missing",
            r#"SqlState(E42P01): relation "missing" does not exist"#,
        ),
        (
            "SELEC",
            r#"SqlState(E42601): syntax error at or near "SELEC""#,
        ),
        (
            "DO $$ BEGIN RAISE 'told' USING detail = 'secret', errcode = 'AB123'; END $$",
            "SqlState(EAB123): told",
        ),
        (long, &long_text),
    ] {
        let mut lent = fixture.pool.connect().await.unwrap();
        let error = lent.execute(sql, Vec::new()).await.unwrap_err();
        assert_eq!(error, Error::QueryFailed(expected.into()), "{sql}");
    }
}

#[tokio::test]
async fn two_statements_in_one_call_are_refused_and_neither_runs() {
    let fixture = one();
    fixture.database.run("CREATE TABLE t (a int)").unwrap();
    for sql in [
        "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)",
        "BEGIN; INSERT INTO t VALUES (1)",
        "SELECT 1; COMMIT",
    ] {
        let mut lent = fixture.pool.connect().await.unwrap();
        let error = lent.execute(sql, Vec::new()).await.unwrap_err();
        let expected =
            "SqlState(E42601): cannot insert multiple commands into a prepared statement";
        assert_eq!(error, Error::QueryFailed(expected.into()), "{sql}");
    }
    assert_eq!(
        fixture.database.run("SELECT count(*) FROM t").unwrap(),
        "0\n"
    );
    // A semicolon at the end is no second statement.
    let mut lent = fixture.pool.connect().await.unwrap();
    assert_eq!(
        lent.execute("INSERT INTO t VALUES (1);", Vec::new()).await,
        Ok(1)
    );
    assert_eq!(lent.execute("", Vec::new()).await, Ok(0));
}

#[tokio::test]
async fn copy_is_refused_and_does_no_harm() {
    let fixture = one();
    let mut lent = fixture.pool.connect().await.unwrap();
    for sql in ["COPY (SELECT 1) TO STDOUT", "/* a */ copy t from stdin"] {
        let error = lent.execute(sql, Vec::new()).await.unwrap_err();
        assert_eq!(error, Error::QueryFailed("COPY is not supported".into()));
    }
    value(&mut lent, "SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_told_without_it() {
    let fixture = one();
    let mut target = Target::parse(fixture.database.url()).unwrap();
    target.password = Some("wrong-secret".into());
    let pool = vectra_postgres::PostgresDatabase::open(&target, Default::default()).unwrap();
    let Err(Error::ConnectionFailed(error)) = pool.connect().await else {
        panic!()
    };
    assert!(
        error.starts_with("SqlState(E28P01): password authentication failed"),
        "{error}"
    );
    assert!(!error.contains("wrong-secret"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    // Nothing listens on a port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let pool = open(
        &format!("postgres://u:secret@127.0.0.1:{port}/d"),
        Default::default(),
    );
    let Err(Error::ConnectionFailed(error)) = pool.connect().await else {
        panic!()
    };
    assert!(error.contains("Connection refused"), "{error}");
    assert!(!error.contains("secret"));
}
