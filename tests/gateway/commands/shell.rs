//! What a person at a prompt has: a gateway, a key in the environment, commands.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use vectra_tests::DEADLINE;
use vectra_tests::process::{ADMIN_KEY, Home, Vectra};

/// Runs commands that ask one gateway.
pub struct Shell<'h> {
    home: &'h Home,
    url: String,
    key: Option<String>,
}

/// What a command has left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl<'h> Shell<'h> {
    /// With the first key.
    pub fn new(home: &'h Home, vectra: &Vectra) -> Self {
        Self {
            home,
            url: format!("http://{}", vectra.address()),
            key: Some(ADMIN_KEY.to_owned()),
        }
    }

    /// With another address.
    pub fn at(&self, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            key: self.key.clone(),
            ..*self
        }
    }

    /// With another key, or none.
    pub fn with(&self, key: Option<&str>) -> Self {
        Self {
            url: self.url.clone(),
            key: key.map(str::to_owned),
            ..*self
        }
    }

    /// Runs a command line, split at its spaces. Its key is never in what it says.
    pub async fn run(&self, line: &str) -> Ran {
        self.run_with_input(line, "").await
    }

    /// Runs a command line that reads this.
    pub async fn run_with_input(&self, line: &str, input: &str) -> Ran {
        let words: Vec<_> = line.split(' ').collect();
        let mut command = self.home.command(&words).unwrap();
        command.env("VECTRA_URL", &self.url);
        if let Some(key) = &self.key {
            command.env("VECTRA_KEY", key);
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // A command that reads nothing may be gone by now.
        let writing = tokio::spawn(async move {
            let _ = stdin.write_all(input.as_bytes()).await;
        });
        let output = tokio::time::timeout(DEADLINE, child.wait_with_output());
        let output = output.await.expect("it does not end").unwrap();
        writing.await.unwrap();
        let ran = Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        for key in [Some(ADMIN_KEY), self.key.as_deref()].into_iter().flatten() {
            let told = ran.out.contains(key) || ran.err.contains(key);
            assert!(!told, "`{line}` tells the key: {ran:?}");
        }
        ran
    }

    /// Runs a command that must be done; what it prints.
    pub async fn done(&self, line: &str) -> String {
        let ran = self.run(line).await;
        assert_eq!(ran.code, 0, "`{line}`: {ran:?}");
        ran.out
    }

    /// Runs a command that must be done; the one document that it prints.
    pub async fn json(&self, line: &str) -> Value {
        let out = self.done(&format!("{line} -o json")).await;
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("`{line}`: {error}: {out}"))
    }

    /// Runs a command that must fail with this code and one line; the line.
    pub async fn fails(&self, line: &str, code: i32) -> String {
        let ran = self.run(line).await;
        assert_eq!(ran.code, code, "`{line}`: {ran:?}");
        assert_eq!(ran.out, "", "`{line}`");
        if code != 2 {
            assert!(ran.err.starts_with("vectra: "), "`{line}`: {ran:?}");
            assert_eq!(ran.err.lines().count(), 1, "`{line}`: {ran:?}");
        }
        ran.err
    }
}

/// The value beside a title in a record's table.
pub fn beside(table: &str, title: &str) -> String {
    let mut lines = table.lines();
    let line = lines.find_map(|line| line.strip_prefix(&format!("{title} ")));
    line.unwrap_or_else(|| panic!("no `{title}` in:\n{table}"))
        .trim()
        .to_owned()
}

/// The cells of a list's table below a title, which are where the title is.
pub fn below(table: &str, title: &str) -> Vec<String> {
    let mut lines = table.lines();
    let head = lines.next().unwrap();
    let at = head
        .find(title)
        .unwrap_or_else(|| panic!("no `{title}` in:\n{table}"));
    let cell = |line: &str| {
        let rest: String = line.chars().skip(at).collect();
        rest.split("  ").next().unwrap_or_default().to_owned()
    };
    lines.map(cell).collect()
}
