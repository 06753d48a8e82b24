//! The exports beside HTTP, steered by the configuration and by the database.

use crate::Probe;
use crate::bindings::exports::vectra::gateway::{lifecycle, metrics, settings};
use crate::bindings::spin::sqlite::sqlite::{Connection, Value};

impl settings::Guest for Probe {
    /// Every line of `Probe.Problems` is a problem: `!key` an error, `?key` a
    /// warning.
    fn check(config: String) -> Vec<settings::Problem> {
        let mut problems = Vec::new();
        for word in config.split('"') {
            let severity = match word.chars().next() {
                Some('!') => settings::Severity::Error,
                Some('?') => settings::Severity::Warning,
                _ => continue,
            };
            let key = word.chars().skip(1).collect();
            problems.push(settings::Problem {
                severity,
                key,
                message: "is a problem".into(),
            });
        }
        problems
    }

    /// Wants `*.txt` of the folder `probe`.
    fn files(_: String) -> Vec<settings::FileRequest> {
        vec![settings::FileRequest {
            directory: "probe".into(),
            suffix: ".txt".into(),
            max_size: 10,
        }]
    }

    /// Wants two at once of what computes.
    fn path_limits(_: String) -> Vec<settings::PathLimit> {
        vec![settings::PathLimit {
            prefix: "/compute".into(),
            concurrent: 2,
        }]
    }
}

impl metrics::Guest for Probe {
    /// The text in the table `metrics`, if there is one; `TRAP` and `LOOP` are done
    /// instead. Each call leaves a row in the table `rendered`, if there is one.
    fn render() -> String {
        let Ok(connection) = Connection::open("default") else {
            return String::new();
        };
        let _ = connection.execute("INSERT INTO rendered VALUES (1)", &[]);
        let text = connection.execute("SELECT text FROM metrics", &[]);
        let mut values = text.into_iter().flat_map(|result| result.rows);
        match values.next().and_then(|row| row.values.into_iter().next()) {
            Some(Value::Text(text)) if text == "TRAP" => panic!("as asked"),
            Some(Value::Text(text)) if text == "LOOP" => loop {
                std::hint::spin_loop();
            },
            Some(Value::Text(text)) => text,
            _ => String::new(),
        }
    }
}

impl lifecycle::Guest for Probe {
    /// Keeps the files in a table; fails as long as a file's text is `fail`.
    fn start(files: Vec<lifecycle::File>) -> Result<Vec<lifecycle::Event>, String> {
        let connection = Connection::open("default").map_err(|error| format!("{error:?}"))?;
        let run = |sql: &str, values: &[Value]| {
            connection
                .execute(sql, values)
                .map(drop)
                .map_err(|error| format!("{error:?}"))
        };
        run("CREATE TABLE IF NOT EXISTS late (v)", &[])?;
        run(
            "CREATE TABLE IF NOT EXISTS started (name TEXT PRIMARY KEY, content TEXT)",
            &[],
        )?;
        for file in &files {
            let content = file
                .content
                .clone()
                .unwrap_or_else(|error| format!("error: {error}"));
            if content == "fail" {
                return Err("as asked".into());
            }
            run(
                "INSERT OR REPLACE INTO started VALUES (?1, ?2)",
                &[Value::Text(file.name.clone()), Value::Text(content)],
            )?;
        }
        Ok(vec![lifecycle::Event::Done(format!(
            "took {} files",
            files.len()
        ))])
    }

    fn tick(_: u32) -> Result<lifecycle::Progress, String> {
        Ok(lifecycle::Progress {
            events: Vec::new(),
            more: false,
        })
    }
}
