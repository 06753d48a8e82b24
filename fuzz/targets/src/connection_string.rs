//! Connection strings and URLs of databases. An input is four lines: what stands
//! before a password, its head, its tail, and what stands behind it.
//!
//! * Nothing panics.
//! * A password never gets into an error or a debug text, however broken the text
//!   around it is: a word in the middle of it is looked for.
//! * What is quoted, or percent-encoded, is read as it was.

use crate::text;
use std::fmt::Write;
use std::path::Path;

use vectra_connection::{Target, postgres, sqlite_file};

/// The word in the middle of the password. Letters only, so that a piece of the
/// password that holds it looks like a keyword.
const WORD: &str = "zqxjkv";

/// What must hold of one input; of one that is not text, of its beginning that is.
pub fn run(input: &[u8]) {
    let input = text(input);
    read(input);
    let mut lines = input.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (before, head, tail, behind) = (line(), line(), line(), line());
    // It must stand in the password only.
    if [before, head, tail, behind]
        .concat()
        .to_lowercase()
        .contains(WORD)
    {
        return;
    }
    let password = format!("{head}{WORD}{tail}");
    for text in [
        format!("{before};Password={password}{behind}"),
        format!("Host=h;Username=u;{before};pwd = {password};{behind}"),
        format!("{before};PSW={};{behind}", quoted(&password, '"')),
        format!("Data Source={before};Password='{password}';{behind}"),
        format!("postgres://{before}:{password}@{behind}"),
        format!("postgresql://u:{password}@h/{behind}?{before}"),
        format!("postgres:/{before}:{password}@{behind}"),
        format!("{before}://u:{password}@{behind}"),
    ] {
        assert!(!read(&text).contains(WORD), "the password is shown");
    }
    pairs_are_read_as_they_were(head, &password, tail);
    urls_are_read_as_they_were(head, &password, tail);
}

/// Reads a text in every way; returns all that is said about it.
fn read(text: &str) -> String {
    let mut said = String::new();
    if let Err(error) = sqlite_file(text) {
        let _ = write!(said, "{error} {error:?}");
    }
    match postgres(text, Path::new("/etc/vectra")) {
        Ok((target, _)) => said += &account(&target),
        Err(error) => drop(write!(said, "{error} {error:?}")),
    }
    match Target::parse(text) {
        Ok(target) => said += &account(&target),
        Err(error) => drop(write!(said, "{error} {error:?}")),
    }
    said
}

/// What is said of a server, unless a name holds the word: then it was none of the
/// password's.
fn account(target: &Target) -> String {
    assert!((1..=300).contains(&target.connect_timeout.as_secs()));
    assert!(target.port != 0 && !target.host.is_empty() && !target.user.is_empty());
    let names = [&target.host, &target.database, &target.user];
    if names.iter().any(|name| name.contains(WORD)) {
        return String::new();
    }
    format!("{target:?}")
}

fn pairs_are_read_as_they_were(user: &str, password: &str, database: &str) {
    if user.is_empty() {
        return;
    }
    let text = format!(
        "Host=h;Username={};Password={};Database={}",
        quoted(user, '"'),
        quoted(password, '\''),
        quoted(database, '"'),
    );
    let (target, _) = postgres(&text, Path::new("")).expect("a quoted string is well-formed");
    assert_eq!(target.user, user);
    assert_eq!(target.password.as_deref(), Some(password));
    assert_eq!(
        target.database,
        if database.is_empty() { user } else { database }
    );
}

fn urls_are_read_as_they_were(user: &str, password: &str, database: &str) {
    let holds_nul = [user, password, database].concat().contains('\0');
    if user.is_empty() || holds_nul {
        return;
    }
    let text = format!(
        "postgres://{}:{}@[::1]:1/{}",
        encoded(user),
        encoded(password),
        encoded(database),
    );
    let target = Target::parse(&text).expect("an encoded URL is well-formed");
    assert_eq!(target.user, user);
    assert_eq!(target.password.as_deref(), Some(password));
    assert_eq!(
        target.database,
        if database.is_empty() { user } else { database }
    );
}

fn quoted(text: &str, quote: char) -> String {
    let doubled = text.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
