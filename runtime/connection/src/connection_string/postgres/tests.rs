use std::path::PathBuf;

use super::*;

fn read(text: &str) -> Result<(Target, PostgresOptions), ConnectionStringError> {
    postgres(text, Path::new("/etc/vectra"))
}

fn secret() -> Target {
    let mut target = Target::new("localhost", "vectra", "vectra");
    target.password = Some("secret".into());
    target
}

#[test]
fn the_documented_form_and_all_its_synonyms_mean_the_same() {
    for text in [
        "Host=localhost;Database=vectra;Username=vectra;Password=secret",
        "host = localhost; DATABASE=vectra ;username=vectra;password=secret;",
        "Server=localhost;DB=vectra;User Id=vectra;PWD=secret",
        "Server=localhost;Database=vectra;User  Name=vectra;Psw=secret",
        "Host=localhost;UID=vectra;Password='secret';Port=5432",
        "Host=localhost;Username=vectra;Password=secret;Database=;SSL Mode=Prefer",
        "postgres://vectra:secret@localhost/vectra",
        "postgresql://vectra:secret@localhost",
    ] {
        assert_eq!(read(text).map(|(target, _)| target), Ok(secret()), "{text}");
    }
}

#[test]
fn every_keyword_has_its_effect() {
    let (target, options) = read(
        "Host=::1;Port=6543;Database=d;Username=u;Password=\"a;\"\"b\";SslMode=verifyfull;\
         Root Certificate=ca.pem;Timeout=9;Command Timeout=30;Maximum Pool Size=4;Application Name=x",
    )
    .unwrap();
    let expected = Target {
        host: "::1".into(),
        port: 6543,
        database: "d".into(),
        user: "u".into(),
        password: Some("a;\"b".into()),
        ssl_mode: SslMode::VerifyFull,
        root_certificate: Some(PathBuf::from("/etc/vectra/ca.pem")),
        connect_timeout: Duration::from_secs(9),
        application_name: "x".into(),
    };
    assert_eq!(target, expected);
    assert_eq!(options.statement_timeout, Duration::from_secs(30));
    assert_eq!(options.connections, 4);
    for (mode, expected) in [
        ("Disable", SslMode::Disable),
        ("prefer", SslMode::Prefer),
        ("REQUIRE", SslMode::Require),
        ("VerifyFull", SslMode::VerifyFull),
    ] {
        let (target, _) = read(&format!("Host=h;Username=u;SSL Mode={mode}")).unwrap();
        assert_eq!(target.ssl_mode, expected);
    }
}

#[test]
fn what_is_wrong_is_said_by_its_keyword_and_without_a_value() {
    for (text, part) in [
        ("", "names no `Username`"),
        ("hush", "is not of the form `Host=localhost;"),
        ("Host=h;hush;Username=u", "is not of the form"),
        ("Host=h;Password='hush", "is not of the form"),
        ("Host=h;Password=hush", "names no `Username`"),
        ("Username=u;Password=hush", "names no `Host`"),
        ("Host=;Username=u", "names no `Host`"),
        ("Host=h;Server=hush;Username=u", "names the `Host` twice"),
        ("Host=hush,b;Username=u", "names several hosts"),
        ("Host=/hush;Username=u", "names a unix socket"),
        ("Host=hush/;Username=u", "needs a `Host` that is a name"),
        (
            "Host=h;Port=hush;Username=u",
            "needs a `Port` that is a number",
        ),
        ("Host=h;Port=0;Username=u", "needs a `Port`"),
        ("Host=h;Port=65536;Username=u", "needs a `Port`"),
        (
            "Host=h;Username=u;Timeout=0",
            "needs a `Timeout` that is 1 to 300 seconds",
        ),
        (
            "Host=h;Username=u;Command Timeout=-1",
            "needs a `Command Timeout`",
        ),
        (
            "Host=h;Username=u;Max Pool Size=0",
            "needs a `Maximum Pool Size`",
        ),
        (
            "Host=h;Username=u;SSL Mode=hush",
            "needs a `SSL Mode` that is `Disable`",
        ),
        ("Host=h;Username=u;SSL Mode=Allow", "say `VerifyFull`"),
        ("Host=h;Username=u;SSL Mode=VerifyCA", "say `VerifyFull`"),
        (
            "Host=h;Username=u;Root Certificate=hush",
            "only looked at with `SSL Mode=VerifyFull`",
        ),
        (
            "Host=h;Username=u;Pooling=hush",
            "uses `pooling`, which is not supported",
        ),
        (
            "Host=h;Username=u;Password=a;Pooling=hush",
            "uses `pooling`",
        ),
        ("Host=h;Username=u;Password=a;hush=b", "must be quoted"),
        ("Host=h;Username=u;Password=;hush=b", "must be quoted"),
        ("Host=';Password=a';hush=b;Username=u", "must be quoted"),
        ("Host=postgres://u:a;hush=b@h", "must be quoted"),
        ("postgres:/u:hush=b@h", "is not of the form"),
        ("jdbc:postgresql://u:hush=b@h", "is not of the form"),
        ("libsql://hush@h", "only `postgres://` is supported"),
        ("mysql://u:hush@h", "only `postgres://` is supported"),
        ("postgres://u:hush@", "has no host"),
        ("postgres://u:hush@a,b/d", "exactly one host"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
        assert!(!error.contains("hush"), "{error}");
    }
}
